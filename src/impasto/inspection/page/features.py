"""The first half of the page: what goes in, what the network sees, what content and style are."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from impasto.inspection.features import LayerView
from impasto.inspection.figures.features import with_field
from impasto.inspection.heatmaps import heat, overlay, signed
from impasto.inspection.page import formulas as f
from impasto.inspection.page.media import figure, grid, picture, table
from impasto.inspection.page.story import GramView, Story
from impasto.types import Pixels

WARM = '<div class="scale warm"></div><p class="facts ends"><span>weakest</span><span>strongest</span></p>'
SIGNED = '<div class="scale signed"></div><p class="facts ends"><span>below 0</span><span>above 0</span></p>'


def going_in(story: Story) -> str:
    given, seen = story.given, story.seen
    width, height = story.original
    colour = "rgb({:.0f} {:.0f} {:.0f})".format(*(255 * v for v in given.zero))
    planes = [
        figure(
            picture(signed(plane, float(np.abs(given.planes).max())), f"the {name} values"), f"<b>{name}</b>"
        )
        for plane, name in zip(given.planes, given.channels, strict=True)
    ]
    first = figure(
        picture(seen.pixels, "the photograph, made smaller"), f"{seen.width} × {seen.height} pixels"
    )
    return f"""
<p>To a computer a picture is a table of numbers: your photograph has {width:,} × {height:,} pixels with three
numbers each, how much red, green and blue, from 0 to 1. It is made smaller first (here to
{story.photo.width} × {story.photo.height} for painting, and {seen.width} × {seen.height} for the looks
inside),
since every step costs time for every pixel.</p>
<p>A network wants its numbers centred around zero, the way it had them when it learnt. So each value
{f.inline(f.i("x"))} is scaled, and the average it was trained around is taken off:</p>
{f.preprocessing(given.scale, given.mean, given.std)}
{grid([first, *planes], "four")}
{SIGNED}
<p>The colour <span class="swatch" style="background:{colour}"></span> is what becomes exactly zero, and looks
like nothing to the network. This, and the order {", ".join(given.channels)}, must match how the network
was trained; nothing else is done to the picture.</p>"""


def network_sees(story: Story) -> str:
    views = story.views
    last = views[-1]
    rows = [
        (
            v.layer,
            f"{v.size[0]} × {v.size[1]}",
            v.channels,
            v.stride,
            "everything" if v.field is None else f"{v.field} × {v.field}",
            f"{v.mean:.2g}",
            f"{v.silent:.0%}",
        )
        for v in views
    ]
    heads = ("layer", "size of a map", "maps", "pixels apart", "sees, in pixels", "mean", "silent")
    filters = ""
    if story.filters is not None:
        squares = [picture(s, f"filter {k}", cells=True) for k, s in enumerate(filter_squares(story.filters))]
        filters = f"""<h3>The first filters, as they are</h3>
<p>The first layer can be looked at directly: its {len(squares)} filters are 3 × 3 pixels each. Some like one
colour, some like an edge in one direction. All that follows is built from these.</p>
{grid(squares, "filters")}"""
    name = escape(str(story.network.get("name", "")))
    end = "the whole picture" if last.field is None else f"{last.field} × {last.field} pixels"
    return f"""
<p>The network, <code>{name}</code>, {_learnt(story.options.encoder)}.
It is a stack of layers. Each slides many small filters over what came before; a filter answers strongly
where it finds what it looks for. With filters {f.inline(f.sup(f.i("W"), f.i("l")))} and a rectifier
{f.inline(f.i("ρ"))} that {_rectifier(story.slope)}:</p>
{f.layer()}
<p>One filter's answers, place by place, are a <em>feature map</em>. Every few layers the maps are halved in
size, so that each place of the next one stands for a larger piece of the photograph. That is all there is to
it: deep layers know about large things because they see large pieces.</p>
{filters}
<h3>{_count(len(views)).capitalize()}, and what they answer to your photograph</h3>
<p>Left: how much of the photograph a single place of that layer sees. Then the mean of all maps, laid over
the photograph, and the four maps whose answers differ most from place to place.</p>
{"".join(_layer(story, view) for view in views)}
{WARM}
{table(heads, rows, numbers=1)}
{_below_zero(story)}
<p>Read it from top to bottom. The first layer answers to colours and edges, pixel by pixel. In the middle
there are textures and corners. At <code>{escape(last.layer)}</code> a place sees {end}, and answers to parts
of things: it has given up knowing exactly where.</p>"""


def _learnt(network: str) -> str:
    if network.startswith("untrained"):
        return "has learnt nothing: its filters are random numbers"
    if network == "tiny":
        return (
            "a VGG-19 in miniature, was trained to answer to photographs as a VGG-19 does, which was "
            "trained to recognise things in them"
        )
    return "was trained to recognise things in photographs"


def _rectifier(slope: float) -> str:
    if not slope:
        return "silences what is below zero"
    return f"turns down what is below zero (a share of {slope:g} is let through)"


def _below_zero(story: Story) -> str:
    silent = [view.layer for view in story.views if view.silent > 0.95]
    if not silent or not story.slope:
        return ""
    return f"""<p class="facts">“Silent” are answers of zero or less. At {escape(", ".join(silent))} nearly
all are, and still the maps say something: the share that is let through differs from place to place.</p>"""


def _count(layers: int) -> str:
    words = ("no layer", "one layer", "two layers", "three layers", "four layers", "five layers")
    return words[layers] if layers < len(words) else f"{layers} layers"


def _layer(story: Story, view: LayerView) -> str:
    pixels = story.seen.pixels
    seen = "all of it" if view.field is None else f"{view.field} × {view.field} px"
    cells = [
        figure(
            picture(with_field(pixels, view), f"what one place of {view.layer} sees"), f"<b>sees</b> {seen}"
        ),
        figure(picture(overlay(pixels, view.average), f"mean of {view.layer}"), "<b>mean</b> of all maps"),
    ]
    cells += [
        figure(picture(heat(m), f"map {c} of {view.layer}", cells=True), f"map {c}")
        for c, m in list(zip(view.shown, view.maps, strict=True))[:4]
    ]
    about = f"{view.channels} maps of {view.size[0]} × {view.size[1]}, {view.silent:.0%} silent"
    return f'<h3>{escape(view.layer)}</h3><p class="facts">{about}</p>{grid(cells, "six small")}'


def content(story: Story) -> str:
    cells = [figure(picture(story.seen.pixels, "the photograph"), "<b>your photograph</b>")]
    cells += [
        figure(
            picture(r.pixels, f"reconstruction from {r.layers[0]}"),
            f"<b>{escape(r.layers[0])}</b> loss {r.loss:.2g}",
        )
        for r in story.content
    ]
    names = ", ".join(f"<code>{escape(name)}</code>" for name in story.options.content_layers)
    ours = ""
    if story.options.content_loss == "relative":
        ours = f"""<p>Impasto divides by the size of the photograph's own answers, so that 0 is “the same”
and 1 is
“nothing of it”, whatever the layer or the network:</p>{f.content_relative()}"""
    elif story.options.content_loss != "gatys":
        ours = f"<p>This painting used the variant <code>{escape(story.options.content_loss)}</code>.</p>"
    return f"""
<p>Which of these answers say <em>what is in the picture</em>? Here is an experiment: begin with white noise
and
change it until <em>one</em> layer answers to it as it did to your photograph. Whatever that layer knows
must come back;
what it does not know stays noise.</p>
{grid(cells)}
<p>The first layers give the photograph back almost pixel by pixel. Deeper ones keep what is where, the
outlines and the things, and let go of exact colours and textures. That freedom is what a painter needs: so
<em>content</em> is taken from deep layers, here {names}. With {f.inline(f.F)} the answers to the painting
in progress and
{f.inline(f.P)} those to the photograph, Gatys, Ecker and Bethge write:</p>
{f.content_of_paper()}
{ours}"""


def style(story: Story) -> str:
    cells = []
    if story.painting is not None:
        cells.append(figure(picture(story.painting.pixels, "the painting"), "<b>the painting</b>"))
    cells += [
        figure(
            picture(r.pixels, "texture from " + ", ".join(r.layers)),
            f"<b>{'+ ' * (len(r.layers) > 1)}{escape(r.layers[-1])}</b> loss {r.loss:.2g}",
        )
        for r in story.style
    ]
    mixed = story.shuffle
    before = [
        figure(picture(heat(mixed.before), "before", cells=True), f"<b>{escape(mixed.layer)}</b> in order"),
        figure(picture(heat(mixed.after), "after", cells=True), "<b>shuffled</b>"),
    ]
    return f"""
<p>And how is <em>style</em> to be said in numbers? Not by what is where. A style is what goes with what:
this blue with
that kind of swirl, this line with that edge, <em>anywhere</em>. So multiply the maps of a layer with each
other, pair by pair, and average over all {f.inline(f.sub(f.i("M"), f.i("l")))} places. The result is the
<em>Gram matrix</em>:</p>
{f.gram()}
<p>Place {f.inline(f.i("k"))} is summed away. To see that this is really so, we shuffled all places of
<code>{escape(mixed.layer)}</code>:</p>
{grid(before, "pair")}
<p>The content loss says the two have little in common ({mixed.content:.2f}; unrelated maps have 1 or more).
The Gram
matrix changed by {_tiny(mixed.gram)} of its size: to style, they are the same picture.</p>
<h3>Gram matrices of your pictures</h3>
{"".join(_grams(view) for view in story.grams)}
{SIGNED}
<p class="facts">Each square is one pair of maps; the square root of the value is shown, so that small ones
can be
seen. Distances are between 0, the same, and 1.</p>
<h3>The painting's style, and nothing else</h3>
<p>The same experiment as before: begin with noise, and ask for the painting's means and Gram
matrices at the first layer only, then at the first two, and so on. How far they are is measured by the
Wasserstein distance: it is 0 where both agree, and gets near in fewer steps than the paper's.</p>
{grid(cells)}
<p>One layer gives specks in the right colours. With each layer the pattern grows in scale: strokes, then
swirls, then
pieces that look like the painting torn up and rearranged. Nothing is where it was, and still you
would know whose it is.</p>
{_style_formulas(story)}"""


def _style_formulas(story: Story) -> str:
    loss = story.options.style_loss
    layers = ", ".join(f"<code>{escape(n)}</code>" for n in story.options.style_layers)
    found = f"""<p>With {f.inline(f.A)} the painting's Gram matrices and {f.inline(f.G)} those of the
picture in progress,
the paper's style loss is a weighted sum over layers:</p>{f.style_of_paper()}"""
    if loss == "wasserstein":
        found += f"""<p>This painting used a finer distance. Mean and Gram matrix describe a layer's answers
as a cloud of
points; with means {f.inline(f.i("m"))}, {f.inline(f.i("b"))} and covariances {f.inline(f.i("C"))},
{f.inline(f.i("B"))} of the two clouds, the <em>Wasserstein</em> distance says how far one must be moved to
become the
other. It is divided by the size of the painting's own:</p>{f.style_wasserstein()}"""
    elif loss == "gram":
        found += f"<p>This painting divided it by the size of the painting's own:</p>{f.style_relative()}"
    elif loss != "gram-gatys":
        found += f"<p>This painting used the variant <code>{escape(loss)}</code>.</p>"
    return f"{found}<p>The layers here: {layers}.</p>"


def _grams(view: GramView) -> str:
    def drawn(matrix: NDArray[np.float32]) -> Pixels:
        return signed(np.sign(matrix) * np.sqrt(np.abs(matrix)), reach)

    reach = float(np.sqrt(max(np.abs(m).max() for m in (view.photo, view.painting))))
    before, after = _apart(view.photo, view.painting), _apart(view.result, view.painting)
    cells = [
        figure(picture(drawn(view.photo), f"Gram matrix of the photograph at {view.layer}", cells=True),
               f"<b>photograph</b>, {before:.2f} from the painting's"),
        figure(picture(drawn(view.painting), f"Gram matrix of the painting at {view.layer}", cells=True),
               f"<b>painting</b> at {escape(view.layer)}"),
        figure(picture(drawn(view.result), f"Gram matrix of the result at {view.layer}", cells=True),
               f"<b>result</b>, {after:.2f} from the painting's"),
    ]  # fmt: skip
    return grid(cells, "three")


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    size = float(np.linalg.norm(one) + np.linalg.norm(other))
    return float(np.linalg.norm(one - other)) / size if size else 0.0


def _tiny(value: float) -> str:
    return "nothing at all" if value == 0 else f"{value:.0e}".replace("e-0", "e-")


def filter_squares(filters: NDArray[np.float32]) -> list[Pixels]:
    """Return (N, 3, h, w) filters as N small pictures (h, w, 3), mid-grey where they are zero."""
    reach = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    shown = 0.5 + 0.5 * filters / np.where(reach > 0, reach, 1)
    return list(shown.transpose(0, 2, 3, 1).astype(np.float32))
