"""The assembly of the page: head, sections, foot."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from impasto.inspection.languages import NAME, number, t
from impasto.inspection.page import features, optimisation
from impasto.inspection.page.media import figure, grid, picture
from impasto.inspection.page.story import Story

TITLES = (
    ("input", t("Pictures become numbers")),
    ("features", t("What the network sees")),
    ("content", t("Content: what is where")),
    ("style", t("Style: what goes with what")),
    ("loss", t("Two wishes, one number")),
    ("descent", t("Downhill, step by step")),
    ("what-if", t("What if?")),
    ("parameters", t("Every parameter")),
    ("references", t("Where this comes from")),
)


def page_html(story: Story) -> str:
    """Return the page as one string, with style sheet and pictures included, and without scripts.

    It has all languages: ``impasto.inspection.languages.in_language`` selects one.
    """
    bodies = (
        features.going_in(story),
        features.network_sees(story),
        features.content(story),
        features.style(story),
        optimisation.one_loss(story),
        optimisation.downhill(story),
        optimisation.what_if(story),
        optimisation.parameters(story),
        optimisation.references(),
    )
    sections = "".join(
        f'<section id="{name}"><h2><span class="number">{number}</span>{title}</h2>{body}</section>'
        for number, ((name, title), body) in enumerate(zip(TITLES, bodies, strict=True), 1)
    )
    css = files("impasto.inspection.page").joinpath("page.css").read_text(encoding="utf-8")
    photo, painting = _names(story)
    foot = t(
        """Made by <code>impasto explain</code>. Everything on this page was computed on one machine from the
        two pictures at the top; nothing was sent anywhere, and the page loads nothing."""
    )
    return f"""<!DOCTYPE html>
<html lang="{NAME}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="impasto explain">
<link rel="icon" href="data:,">
<title>{t("{0} after {1}: how it was painted", photo, painting)}</title>
<style>{css}</style>
</head>
<body>
<header>
<p class="kicker">{t("How a computer paints")}</p>
<h1>{t("{0}, after {1}", photo, painting)}</h1>
{_lead(story)}
</header>
<main>{sections}</main>
<footer>{foot}</footer>
</body>
</html>
"""


def _names(story: Story) -> tuple[str, str]:
    """Return the names of photograph and painting, as HTML."""
    photo, painting = (escape(name) or t("A picture") for name in (story.photo_name, story.painting_name))
    return photo, painting


def _lead(story: Story) -> str:
    photo, _ = _names(story)
    pictures = [
        figure(
            picture(story.result, t("the result")),
            t("<b>The result</b>, painted in {0} seconds", number(f"{story.seconds:.1f}")),
        ),
        figure(picture(story.photo.pixels, t("the photograph")), t("<b>Content</b>: {0}", photo)),
        figure(*_style_shown(story)),
    ]
    items = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title in TITLES)
    lead = t(
        """A network that learnt to recognise things looks at your photograph and at the painting. A picture
        is then changed, step by step, until the network finds in it the <em>content</em> of the one and the
        <em>style</em> of the other. This page shows each part of that, on your two pictures."""
    )
    return f"""{grid(pictures, "hero")}
<p class="lead">{lead}</p>
<nav aria-label="{t("On this page")}"><ol>{items}</ol></nav>"""


def _style_shown(story: Story) -> tuple[str, str]:
    """Return the painting; for a style without one, what was made from its statistics."""
    _, name = _names(story)
    if story.painting is not None:
        return picture(story.painting.pixels, t("the painting")), t("<b>Style</b>: {0}", name)
    alt = t("a texture in the style of {0}", story.painting_name or t("A picture"))
    words = t("<b>Style</b>: {0}. A style file holds no picture; this texture was made from it.", name)
    return picture(story.style[-1].pixels, alt), words
