"""The first half of the page: the network's input, its features, and the definitions of content and style."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from impasto.inspection.features import LayerView
from impasto.inspection.figures.features import with_field
from impasto.inspection.heatmaps import heat, overlay, signed
from impasto.inspection.languages import number, t
from impasto.inspection.page import formulas as f
from impasto.inspection.page.media import figure, grid, picture, table
from impasto.inspection.page.story import GramView, Story
from impasto.types import Pixels

WARM = (
    f'<div class="scale warm"></div><p class="facts ends"><span>{t("weakest")}</span>'
    f"<span>{t('strongest')}</span></p>"
)
SIGNED = (
    f'<div class="scale signed"></div><p class="facts ends"><span>{t("below 0")}</span>'
    f"<span>{t('above 0')}</span></p>"
)
_CHANNELS = {"red": t("red"), "green": t("green"), "blue": t("blue")}


def going_in(story: Story) -> str:
    given, seen = story.given, story.seen
    width, height = story.original
    colour = "rgb({:.0f} {:.0f} {:.0f})".format(*(255 * v for v in given.zero))
    swatch = f'<span class="swatch" style="background:{colour}"></span>'
    channels = [_CHANNELS.get(name, name) for name in given.channels]
    reach = float(np.abs(given.planes).max())
    planes = [
        figure(picture(signed(plane, reach), t("the values of {0}", name)), f"<b>{name}</b>")
        for plane, name in zip(given.planes, channels, strict=True)
    ]
    first = figure(
        picture(seen.pixels, t("the photograph, made smaller")),
        t("{0} × {1} pixels", seen.width, seen.height),
    )
    numbers = t(
        """To a computer a picture is a table of numbers: your photograph has {0} × {1} pixels with three
        numbers each, how much red, green and blue, from 0 to 1. It is made smaller first (here to {2} × {3}
        for painting, and {4} × {5} for the looks inside), since every step costs time for every pixel.""",
        width,
        height,
        story.photo.width,
        story.photo.height,
        seen.width,
        seen.height,
    )
    centred = t(
        """A network wants its numbers centred around zero, the way it had them when it learnt. So each value
        {0} is scaled, and the average it was trained around is taken off:""",
        f.inline(f.i("x")),
    )
    zero = t(
        """The colour {0} is what becomes exactly zero, and looks like nothing to the network. This, and the
        order {1}, must match how the network was trained; nothing else is done to the picture.""",
        swatch,
        ", ".join(channels),
    )
    return f"""
<p>{numbers}</p>
<p>{centred}</p>
{f.preprocessing(given.scale, given.mean, given.std)}
{grid([first, *planes], "four")}
{SIGNED}
<p>{zero}</p>"""


def network_sees(story: Story) -> str:
    views = story.views
    last = views[-1]
    rows = [
        (
            v.layer,
            f"{v.size[0]} × {v.size[1]}",
            v.channels,
            v.stride,
            t("everything") if v.field is None else f"{v.field} × {v.field}",
            number(f"{v.mean:.2g}"),
            number(f"{v.silent:.0%}"),
        )
        for v in views
    ]
    heads = (
        t("layer"),
        t("size of a map"),
        t("maps"),
        t("pixels apart"),
        t("sees, in pixels"),
        t("mean"),
        t("silent"),
    )
    stack = t(
        """The network, {0}, {1}. It is a stack of layers. Each slides many small filters over what came
        before; a filter answers strongly where it finds what it looks for. With filters {2} and a rectifier
        {3} that {4}:""",
        f"<code>{escape(str(story.network.get('name', '')))}</code>",
        _learnt(story.options.encoder),
        f.inline(f.sup(f.i("W"), f.i("l"))),
        f.inline(f.i("ρ")),
        _rectifier(story.slope),
    )
    maps = t(
        """One filter's answers, place by place, are a <em>feature map</em>. Every few layers the maps are
        halved in size, so that each place of the next one stands for a larger piece of the photograph. That
        is all there is to it: deep layers know about large things because they see large pieces."""
    )
    columns = t(
        """Left: how much of the photograph a single place of that layer sees. Then the mean of all maps,
        laid over the photograph, and the four maps whose answers differ most from place to place."""
    )
    read = t(
        """Read it from top to bottom. The first layer answers to colours and edges, pixel by pixel. In the
        middle there are textures and corners. At {0} a place sees {1}, and answers to parts of things: it
        has given up knowing exactly where.""",
        f"<code>{escape(last.layer)}</code>",
        t("the whole picture") if last.field is None else t("{0} × {1} pixels", last.field, last.field),
    )
    return f"""
<p>{stack}</p>
{f.layer()}
<p>{maps}</p>
{_filters(story)}
<h3>{t("The layers, and what they answer to your photograph")}</h3>
<p>{columns}</p>
{"".join(_layer(story, view) for view in views)}
{WARM}
{table(heads, rows, numbers=1)}
{_below_zero(story)}
<p>{read}</p>"""


def _filters(story: Story) -> str:
    if story.filters is None:
        return ""
    squares = [
        picture(square, t("filter {0}", k), cells=True)
        for k, square in enumerate(filter_squares(story.filters))
    ]
    words = t(
        """The first layer can be looked at directly: its {0} filters are 3 × 3 pixels each. Some like one
        colour, some like an edge in one direction. All that follows is built from these.""",
        len(squares),
    )
    return f"<h3>{t('The first filters, as they are')}</h3><p>{words}</p>{grid(squares, 'filters')}"


def _learnt(network: str) -> str:
    if network.startswith("untrained"):
        return t("has learnt nothing: its filters are random numbers")
    if network == "tiny":
        return t(
            """a VGG-19 in miniature, was trained to answer to photographs as a VGG-19 does, which was
            trained to recognise things in them"""
        )
    return t("was trained to recognise things in photographs")


def _rectifier(slope: float) -> str:
    if not slope:
        return t("silences what is below zero")
    return t("turns down what is below zero (a share of {0} is let through)", number(f"{slope:g}"))


def _below_zero(story: Story) -> str:
    silent = [view.layer for view in story.views if view.silent > 0.95]
    if not silent or not story.slope:
        return ""
    words = t(
        """“Silent” are answers of zero or less. At {0} nearly all are, and still the maps say something: the
        share that is let through differs from place to place.""",
        escape(", ".join(silent)),
    )
    return f'<p class="facts">{words}</p>'


def _layer(story: Story, view: LayerView) -> str:
    pixels = story.seen.pixels
    seen = t("all of it") if view.field is None else f"{view.field} × {view.field} px"
    cells = [
        figure(
            picture(with_field(pixels, view), t("what one place of {0} sees", view.layer)),
            t("<b>sees</b> {0}", seen),
        ),
        figure(
            picture(overlay(pixels, view.average), t("mean of {0}", view.layer)),
            t("<b>mean</b> of all maps"),
        ),
    ]
    cells += [
        figure(picture(heat(m), t("map {0} of {1}", c, view.layer), cells=True), t("map {0}", c))
        for c, m in list(zip(view.shown, view.maps, strict=True))[:4]
    ]
    silent = number(f"{view.silent:.0%}")
    about = t("{0} maps of {1} × {2}, {3} silent", view.channels, view.size[0], view.size[1], silent)
    return f'<h3>{escape(view.layer)}</h3><p class="facts">{about}</p>{grid(cells, "six small")}'


def content(story: Story) -> str:
    cells = [figure(picture(story.seen.pixels, t("the photograph")), t("<b>your photograph</b>"))]
    cells += [
        figure(
            picture(r.pixels, t("reconstruction from {0}", r.layers[0])),
            t("<b>{0}</b> loss {1}", escape(r.layers[0]), number(f"{r.loss:.2g}")),
        )
        for r in story.content
    ]
    experiment = t(
        """Which of these answers say <em>what is in the picture</em>? Here is an experiment: begin with
        white noise and change it until <em>one</em> layer answers to it as it did to your photograph.
        Whatever that layer knows must come back; what it does not know stays noise."""
    )
    found = t(
        """The first layers give the photograph back almost pixel by pixel. Deeper ones keep what is where,
        the outlines and the things, and let go of exact colours and textures. That freedom is what a painter
        needs: so <em>content</em> is taken from deep layers, here {0}. With {1} the answers to the painting
        in progress and {2} those to the photograph, Gatys, Ecker and Bethge write:""",
        ", ".join(f"<code>{escape(name)}</code>" for name in story.options.content_layers),
        f.inline(f.F),
        f.inline(f.P),
    )
    return f"""
<p>{experiment}</p>
{grid(cells)}
<p>{found}</p>
{f.content_of_paper()}
{_content_loss(story.options.content_loss)}"""


def _content_loss(loss: str) -> str:
    if loss == "gatys":
        return ""
    if loss != "relative":
        return f"<p>{_variant(loss)}</p>"
    words = t(
        """Impasto divides by the size of the photograph's own answers, so that 0 is “the same” and 1 is
        “nothing of it”, whatever the layer or the network:"""
    )
    return f"<p>{words}</p>{f.content_relative()}"


def _variant(loss: str) -> str:
    return t("This painting used the variant {0}.", f"<code>{escape(loss)}</code>")


def style(story: Story) -> str:
    cells = []
    if story.painting is not None:
        cells.append(figure(picture(story.painting.pixels, t("the painting")), t("<b>the painting</b>")))
    cells += [
        figure(
            picture(r.pixels, t("texture from {0}", ", ".join(r.layers))),
            t(
                "<b>{0}</b> loss {1}",
                "+ " * (len(r.layers) > 1) + escape(r.layers[-1]),
                number(f"{r.loss:.2g}"),
            ),
        )
        for r in story.style
    ]
    mixed = story.shuffle
    layer = escape(mixed.layer)
    before = [
        figure(picture(heat(mixed.before), t("before"), cells=True), t("<b>{0}</b> in order", layer)),
        figure(picture(heat(mixed.after), t("after"), cells=True), t("<b>shuffled</b>")),
    ]
    gram = t(
        """And how is <em>style</em> to be said in numbers? Not by what is where. A style is what goes with
        what: this blue with that kind of swirl, this line with that edge, <em>anywhere</em>. So multiply the
        maps of a layer with each other, pair by pair, and average over all {0} places. The result is the
        <em>Gram matrix</em>:""",
        f.inline(f.sub(f.i("M"), f.i("l"))),
    )
    shuffled = t(
        "Place {0} is summed away. To see that this is really so, we shuffled all places of {1}:",
        f.inline(f.i("k")),
        f"<code>{layer}</code>",
    )
    same = t(
        """The content loss says the two have little in common ({0}; unrelated maps have 1 or more). The Gram
        matrix changed by {1} of its size: to style, they are the same picture.""",
        number(f"{mixed.content:.2f}"),
        _tiny(mixed.gram),
    )
    squares = t(
        """Each square is one pair of maps; the square root of the value is shown, so that small ones can be
        seen. Distances are between 0, the same, and 1."""
    )
    experiment = t(
        """The same experiment as before: begin with noise, and ask for the painting's means and Gram
        matrices at the first layer only, then at the first two, and so on. How far they are is measured by
        the Wasserstein distance: it is 0 where both agree, and gets near in fewer steps than the paper's."""
    )
    grows = t(
        """One layer gives specks in the right colours. With each layer the pattern grows in scale: strokes,
        then swirls, then pieces that look like the painting torn up and rearranged. Nothing is where it was,
        and still you would know whose it is."""
    )
    return f"""
<p>{gram}</p>
{f.gram()}
<p>{shuffled}</p>
{grid(before, "pair")}
<p>{same}</p>
<h3>{t("Gram matrices of your pictures")}</h3>
{"".join(_grams(view) for view in story.grams)}
{SIGNED}
<p class="facts">{squares}</p>
<h3>{t("The painting's style, and nothing else")}</h3>
<p>{experiment}</p>
{grid(cells)}
<p>{grows}</p>
{_style_formulas(story)}"""


def _style_formulas(story: Story) -> str:
    loss = story.options.style_loss
    layers = ", ".join(f"<code>{escape(n)}</code>" for n in story.options.style_layers)
    paper = t(
        """With {0} the painting's Gram matrices and {1} those of the picture in progress, the paper's style
        loss is a weighted sum over layers:""",
        f.inline(f.A),
        f.inline(f.G),
    )
    found = f"<p>{paper}</p>{f.style_of_paper()}"
    if loss == "wasserstein":
        words = t(
            """This painting used a finer distance. Mean and Gram matrix describe a layer's answers as a
            cloud of points; with means {0}, {1} and covariances {2}, {3} of the two clouds, the
            <em>Wasserstein</em> distance says how far one must be moved to become the other. It is divided
            by the size of the painting's own:""",
            *(f.inline(f.i(letter)) for letter in "mbCB"),
        )
        found += f"<p>{words}</p>{f.style_wasserstein()}"
    elif loss == "gram":
        words = t("This painting divided it by the size of the painting's own:")
        found += f"<p>{words}</p>{f.style_relative()}"
    elif loss != "gram-gatys":
        found += f"<p>{_variant(loss)}</p>"
    return f"{found}<p>{t('The layers here: {0}.', layers)}</p>"


def _grams(view: GramView) -> str:
    def drawn(matrix: NDArray[np.float32]) -> Pixels:
        return signed(np.sign(matrix) * np.sqrt(np.abs(matrix)), reach)

    def apart(matrix: NDArray[np.float32]) -> str:
        return number(f"{_apart(matrix, view.painting):.2f}")

    reach = float(np.sqrt(max(np.abs(m).max() for m in (view.photo, view.painting))))
    layer = view.layer
    cells = [
        figure(picture(drawn(view.photo), t("Gram matrix of the photograph at {0}", layer), cells=True),
               t("<b>photograph</b>, {0} from the painting's", apart(view.photo))),
        figure(picture(drawn(view.painting), t("Gram matrix of the painting at {0}", layer), cells=True),
               t("<b>painting</b> at {0}", escape(layer))),
        figure(picture(drawn(view.result), t("Gram matrix of the result at {0}", layer), cells=True),
               t("<b>result</b>, {0} from the painting's", apart(view.result))),
    ]  # fmt: skip
    return grid(cells, "three")


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    size = float(np.linalg.norm(one) + np.linalg.norm(other))
    return float(np.linalg.norm(one - other)) / size if size else 0.0


def _tiny(value: float) -> str:
    return t("nothing at all") if value == 0 else f"{value:.0e}".replace("e-0", "e-")


def filter_squares(filters: NDArray[np.float32]) -> list[Pixels]:
    """Return (N, 3, h, w) filters as N small pictures (h, w, 3), mid-grey at zero."""
    reach = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    shown = 0.5 + 0.5 * filters / np.where(reach > 0, reach, 1)
    return list(shown.transpose(0, 2, 3, 1).astype(np.float32))
