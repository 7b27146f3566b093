"""The second half of the page: the loss, gradient descent, variations, all parameters, references."""

from __future__ import annotations

from html import escape

from impasto.inspection.languages import number, t
from impasto.inspection.page import formulas as f
from impasto.inspection.page.media import chart, figure, grid, moving, options_table, picture, table
from impasto.inspection.page.story import Story
from impasto.inspection.walks import thinned

REFERENCES = (
    "L. A. Gatys, A. S. Ecker, M. Bethge: A Neural Algorithm of Artistic Style. arXiv:1508.06576, 2015.",
    "L. A. Gatys, A. S. Ecker, M. Bethge: Image Style Transfer Using Convolutional Neural Networks. "
    "CVPR 2016.",
    "L. A. Gatys, A. S. Ecker, M. Bethge: Texture Synthesis Using Convolutional Neural Networks. NIPS 2015.",
    "L. A. Gatys, A. S. Ecker, M. Bethge, A. Hertzmann, E. Shechtman: Controlling Perceptual Factors in "
    "Neural Style Transfer. CVPR 2017.",
    "K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition. "
    "ICLR 2015.",
    "A. Mahendran, A. Vedaldi: Understanding Deep Image Representations by Inverting Them. CVPR 2015.",
    "J. Johnson, A. Alahi, L. Fei-Fei: Perceptual Losses for Real-Time Style Transfer and Super-Resolution. "
    "ECCV 2016.",
    "D. C. Liu, J. Nocedal: On the Limited Memory BFGS Method for Large Scale Optimization. Mathematical "
    "Programming 45, 1989.",
)


_PARTS = {"content": t("content"), "style": t("style"), "total": t("total"), "tv": t("smooth")}


def one_loss(story: Story) -> str:
    first = {name: float(values[0]) for name, values in story.log.losses.items()}
    last = {name: float(values[-1]) for name, values in story.log.losses.items()}
    names = [*(name for name in story.log.losses if name != "total"), "total"]
    rows = [
        (
            _part(name),
            "" if name == "total" else _short(story.weights.get(name, 1)),
            _short(first[name]),
            _short(last[name]),
        )
        for name in names
    ]
    options = story.options
    wishes = t(
        """Now both wishes become one number. The smaller it is, the better the picture is at once the
        photograph and the painting:"""
    )
    weights = t(
        """The weights {0} and {1} say how much each counts; the layers of the style share its weight, those
        of the content have each its own. These are the parts for your picture, each with its weight in
        it:""",
        f.inline(f.i("α")),
        f.inline(f.i("β")),
    )
    heads = (t("part"), t("weight"), t("at first"), t("before the last step"))
    return f"""
<p>{wishes}</p>
{f.whole(options.content_weight, options.style_weight, options.tv_weight)}
<p>{weights}</p>
{table(heads, rows)}"""


def _part(name: str) -> str:
    """Return a part of the loss, such as "style relu4_1", in words."""
    kind, _, layer = name.partition(" ")
    return f"{_PARTS.get(kind, kind)} {layer}".strip()


def downhill(story: Story) -> str:
    """Return the section on gradient descent: the method, and the steps of this picture."""
    gradient = t(
        """The network stays as it is. What changes is the <em>picture</em>. Running the network backwards
        says, for each pixel, which way and how much to change it so that the loss falls: the gradient. Then
        take a small step that way, and look again. {0}""",
        _optimiser(story.options.optimizer),
    )
    return f"""
<p>{gradient}</p>
{f.step()}
{_growing(story)}
{_from_noise(story)}"""


_MEMORY = f.inline(f.i("H"))
_OPTIMISERS = {
    "lbfgs": t(
        """The optimiser {0} also remembers how the slope changed in its last steps ({1}), and so takes
        better ones:""",
        "<code>lbfgs</code>",
        _MEMORY,
    ),
    "adam": t(
        """The optimiser {0} also remembers how large each pixel's slope usually is ({1}), and takes steps of
        about the same length everywhere:""",
        "<code>adam</code>",
        _MEMORY,
    ),
    "sgd": t(
        "The optimiser {0} does just that, with some of the step before ({1}):", "<code>sgd</code>", _MEMORY
    ),
}


def _optimiser(name: str) -> str:
    return _OPTIMISERS.get(name) or t("The optimiser is {0}.", escape(name))


_BEGINNINGS = {
    "fast": t("It began with the picture that the fast network paints in one pass."),
    "content": t("It began with the photograph itself."),
    "noise": t("It began with white noise."),
    "statistics": t("It began with noise in the painting's colours."),
}


def _growing(story: Story) -> str:
    log = story.log
    steps = [
        figure(
            picture(story.frames[i].pixels, t("after iteration {0}", story.frames[i].iteration)),
            _step(story.frames[i].iteration, story.frames[i].pixels.shape),
        )
        for i in thinned(len(story.frames), 6)
    ]
    kinds = [kind for kind in ("content", "style") if kind in log.kinds()]
    rows = [
        (
            row["level"],
            f"{row['width']} × {row['height']}",
            row["iterations"],
            number(f"{row['seconds']:.1f}"),
            *(f"{_short(row[f'{k}_first'])} → {_short(row[f'{k}_last'])}" for k in kinds),
        )
        for row in log.table()
    ]
    losses = {"content": t("content loss"), "style": t("style loss")}
    heads = (t("level"), t("size"), t("iterations"), t("seconds"), *(losses[kind] for kind in kinds))
    sizes = len(dict.fromkeys(zip(log.width.tolist(), log.height.tolist(), strict=True)))
    grown = t("It was painted at one size.")
    curves = t("The losses before each step, each with its weight, on a logarithmic scale.")
    if sizes > 1:
        grown = t(
            """It was painted at {0} sizes, from small to large: large shapes form where they are cheap, and
            at full size only strokes are left to do.""",
            sizes,
        )
        jumps = t(
            """They jump where the picture grows (dotted): a larger picture shows detail that has not been
            painted yet."""
        )
        curves = f"{curves} {jumps}"
    began = _BEGINNINGS.get(story.options.init, "")
    count = t("{0} steps, {1} seconds.", len(log.iteration), number(f"{story.seconds:.1f}"))
    return f"""<h3>{t("Your picture, growing")}</h3>
<p>{began} {grown} {count}</p>
{grid(steps)}
{figure(chart(log, t("Curves of the losses falling, by layer")), curves)}
{table(heads, rows, numbers=2)}"""


def _short(value: float) -> str:
    return number(f"{value:.3g}")


def _from_noise(story: Story) -> str:
    log, frames = story.noise_log, story.noise_frames
    steps = [
        figure(
            picture(frames[i].pixels, t("from noise, iteration {0}", frames[i].iteration)),
            _step(frames[i].iteration, None),
        )
        for i in thinned(len(frames), 6)
    ]
    walk = moving([frame.pixels for frame in frames], t("noise turning into the painting"))
    words = t(
        """The papers begin with white noise, at one size. It takes more steps, and shows well what happens:
        colours first, then outlines, then strokes ({0} steps, here at {1} × {2}).""",
        len(log.iteration),
        log.width[0],
        log.height[0],
    )
    return f"""<h3>{t("The papers' way: from noise")}</h3>
<p>{words}</p>
{grid(steps, "six")}
{figure(walk, t("From noise to painting."))}"""


def _step(iteration: int, shape: tuple[int, ...] | None) -> str:
    size = "" if shape is None else f", {shape[1]} × {shape[0]}"
    return (t("<b>step {0}</b>", iteration) if iteration else t("<b>the beginning</b>")) + size


def what_if(story: Story) -> str:
    sweep = story.sweep
    head = "".join(f"<th scope=col>α/β = {number(escape(label))}</th>" for label in sweep.columns.labels)
    body = ""
    for label, line in zip(sweep.rows.labels, sweep.paintings, strict=True):
        cells = "".join(
            f"<td>{picture(cell.pixels, f'{label}, α/β = {number(ratio)}')}</td>"
            if cell.pixels is not None
            else "<td></td>"
            for cell, ratio in zip(line, sweep.columns.labels, strict=True)
        )
        body += f"<tr><th scope=row class=side>{escape(label)}</th>{cells}</tr>"
    choices = t(
        """The two choices that matter most are which layers the style is taken from, and how much the
        content counts against the style. To the right the photograph counts more and more; downwards, deeper
        layers join in."""
    )
    answer = t(
        """With the first layers only, the photograph is merely recoloured and grained. With all of them the
        painter's shapes appear. To the left, where the photograph counts least, they take over. There is no
        right answer, only the picture you want. After Gatys et al. 2015, figure 3."""
    )
    return f"""
<p>{choices}</p>
<table class="grid-table"><thead><tr><td class=side></td>{head}</tr></thead><tbody>{body}</tbody></table>
<p>{answer}</p>"""


def _things_to_try(story: Story) -> str:
    """Return commands that change the picture, with the numbers and the layers of this one."""
    options = story.options
    layers = escape(",".join(list(options.style_layers)[:2]))
    things = [
        t(
            "Count the style ten times as much: {0}. Then a tenth.",
            f"<code class=nb>--style-weight {10 * options.style_weight:g}</code>",
        )
    ]
    if len(options.style_layers) > 2:
        code = f"<code>--style-layers {layers}</code>"
        things.append(t("Take the style from the first two layers only: {0}.", code))
    noise = "<code>--init noise --min-size 0 --iterations 200</code>"
    things.append(t("Begin with noise, at one size: {0}.", noise))
    things.append(
        t(
            """Does the network have to know anything? {0} paints the same with one that has learnt
            nothing.""",
            "<code>impasto inspect encoders PHOTO PAINTING</code>",
        )
    )
    items = "".join(f"<li>{thing}</li>" for thing in things)
    return f"<p>{t('Things to try, and to ask yourself what will happen first:')}</p><ul>{items}</ul>"


def parameters(story: Story) -> str:
    values, defaults = story.options.to_dict(), story.defaults.to_dict()
    about = [(name, str(value)) for name, value in {**story.network, **story.versions}.items()]
    drafts = t(
        """The small pictures in sections 3, 4, 6 and 7 are drafts, painted with fewer steps, so that this
        page is done in minutes."""
    )
    return f"""
<p>{t("The same picture again, on the same machine:")}</p>
<pre><code>{escape(story.command)}</code></pre>
{_things_to_try(story)}
<details><summary>{t("All {0} parameters", len(values))}</summary>
{options_table(values, defaults)}</details>
<details><summary>{t("The network and the programs")}</summary>
{table((t("what"), t("value")), about, numbers=9)}</details>
<p class="facts">{drafts}</p>"""


def references() -> str:
    return "<ol class=references>" + "".join(f"<li>{escape(r)}</li>" for r in REFERENCES) + "</ol>"
