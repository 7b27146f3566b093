"""The page put together: head, sections, foot."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from impasto.inspection.page import features, optimisation
from impasto.inspection.page.media import figure, grid, picture
from impasto.inspection.page.story import Story

TITLES = (
    ("input", "Pictures become numbers"),
    ("features", "What the network sees"),
    ("content", "Content: what is where"),
    ("style", "Style: what goes with what"),
    ("loss", "Two wishes, one number"),
    ("descent", "Downhill, step by step"),
    ("what-if", "What if?"),
    ("parameters", "Every parameter"),
    ("references", "Where this comes from"),
)


def page_html(story: Story) -> str:
    """Return the page as one text: style sheet and pictures are inside it, and there is no script."""
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
    photo, painting = escape(story.photo_name), escape(story.painting_name)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="impasto explain">
<link rel="icon" href="data:,">
<title>{photo} after {painting}: how it was painted</title>
<style>{css}</style>
</head>
<body>
<header>
<p class="kicker">How a computer paints</p>
<h1>{photo}, after {painting}</h1>
{_lead(story)}
</header>
<main>{sections}</main>
<footer>Made by <code>impasto explain</code>. Everything on this page was computed on one machine from the
two pictures at
the top; nothing was sent anywhere, and the page loads nothing.</footer>
</body>
</html>
"""


def _lead(story: Story) -> str:
    photo = escape(story.photo_name)
    pictures = [
        figure(
            picture(story.result, "the result"), f"<b>The result</b>, painted in {story.seconds:.1f} seconds"
        ),
        figure(picture(story.photo.pixels, story.photo_name), f"<b>Content</b>: {photo}"),
        figure(*_style_shown(story)),
    ]
    items = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title in TITLES)
    return f"""{grid(pictures, "hero")}
<p class="lead">A network that learnt to recognise things looks at your photograph and at the painting. A
picture is
then changed, step by step, until the network finds in it the <em>content</em> of the one and the
<em>style</em> of the
other. This page shows each part of that, on your two pictures.</p>
<nav aria-label="On this page"><ol>{items}</ol></nav>"""


def _style_shown(story: Story) -> tuple[str, str]:
    """Return the painting; of a style without one, what was made from its statistics."""
    name = escape(story.painting_name)
    if story.painting is not None:
        return picture(story.painting.pixels, story.painting_name), f"<b>Style</b>: {name}"
    made = picture(story.style[-1].pixels, f"a texture in the style of {story.painting_name}")
    return made, f"<b>Style</b>: {name}. A style file holds no picture; this texture was made from it."
