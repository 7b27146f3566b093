"""The second half of the page: one loss, downhill, what if, every parameter, references."""

from __future__ import annotations

from html import escape

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


def one_loss(story: Story) -> str:
    first = {name: float(values[0]) for name, values in story.log.losses.items()}
    last = {name: float(values[-1]) for name, values in story.log.losses.items()}
    rows = [
        (name, f"{story.weights.get(name, 1):.3g}", f"{first[name]:.3g}", f"{last[name]:.3g}")
        for name in story.log.losses
        if name != "total"
    ]
    rows.append(("total", "", f"{first['total']:.3g}", f"{last['total']:.3g}"))
    options = story.options
    return f"""
<p>Now both wishes become one number. The smaller it is, the better the picture is at once the photograph
and the
painting:</p>
{f.whole(options.content_weight, options.style_weight, options.tv_weight)}
<p>The weights {f.inline(f.i("α"))} and {f.inline(f.i("β"))} say how much each counts; the layers of
the style share its weight, those of the content have each its own. These are
the parts for your picture, each with its weight in it:</p>
{table(("part", "weight", "at first", "before the last step"), rows)}"""


def downhill(story: Story) -> str:
    """Return the section on gradient descent: the method, and the steps of this picture."""
    optimizer = escape(story.options.optimizer)
    return f"""
<p>The network stays as it is. What changes is the <em>picture</em>. Running the network backwards says, for
each pixel, which way and how much to change it so that the loss falls: the gradient. Then take a small step
that way, and look again. {_OPTIMISERS.get(story.options.optimizer, f"The optimiser is {optimizer}.")}</p>
{f.step()}
{_growing(story)}
{_from_noise(story)}"""


_MEMORY = f.inline(f.i("H"))
_OPTIMISERS = {
    "lbfgs": "The optimiser <code>lbfgs</code> also remembers how the slope changed in its last steps "
    f'<span class="nb">({_MEMORY}),</span> and so takes better ones:',
    "adam": "The optimiser <code>adam</code> also remembers how large each pixel's slope usually is "
    f'<span class="nb">({_MEMORY}),</span> and takes steps of about the same length everywhere:',
    "sgd": "The optimiser <code>sgd</code> does just that, with some of the step before "
    f'<span class="nb">({_MEMORY}):</span>',
}


def _growing(story: Story) -> str:
    log = story.log
    steps = [
        figure(
            picture(story.frames[i].pixels, f"after iteration {story.frames[i].iteration}"),
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
            f"{row['seconds']:.1f}",
            *(f"{row[f'{k}_first']:.3g} → {row[f'{k}_last']:.3g}" for k in kinds),
        )
        for row in log.table()
    ]
    heads = ("level", "size", "iterations", "seconds", *(f"{kind} loss" for kind in kinds))
    sizes = len(dict.fromkeys(zip(log.width.tolist(), log.height.tolist(), strict=True)))
    beginning = {
        "fast": "It began with the picture that the fast network paints in one pass.",
        "content": "It began with the photograph itself.",
        "noise": "It began with white noise.",
        "statistics": "It began with noise in the painting's colours.",
    }.get(story.options.init, "")
    grown = (
        f"It was painted at {sizes} sizes, from small to large: large shapes form where they are cheap, and "
        "at full size only strokes are left to do."
        if sizes > 1
        else "It was painted at one size."
    )
    curves = "The losses before each step, each with its weight, on a logarithmic scale."
    if sizes > 1:
        curves += (
            " They jump where the picture grows (dotted): a larger picture shows detail that has not been "
            "painted yet."
        )
    return f"""<h3>Your picture, growing</h3>
<p>{beginning} {grown} {len(log.iteration)} steps, {story.seconds:.1f} seconds.</p>
{grid(steps)}
{figure(chart(log, "Curves of the losses falling, by layer"), curves)}
{table(heads, rows, numbers=2)}"""


def _from_noise(story: Story) -> str:
    log, frames = story.noise_log, story.noise_frames
    steps = [
        figure(
            picture(frames[i].pixels, f"from noise, iteration {frames[i].iteration}"),
            _step(frames[i].iteration, None),
        )
        for i in thinned(len(frames), 6)
    ]
    walk = moving([frame.pixels for frame in frames], "noise turning into the painting")
    return f"""<h3>The papers' way: from noise</h3>
<p>The papers begin with white noise, at one size. It takes more steps, and shows well what happens: colours
first, then outlines, then strokes ({len(log.iteration)} steps, here at {log.width[0]} ×
{log.height[0]}).</p>
{grid(steps, "six")}
{figure(walk, "From noise to painting.")}"""


def _step(iteration: int, shape: tuple[int, ...] | None) -> str:
    size = "" if shape is None else f", {shape[1]} × {shape[0]}"
    return (f"<b>step {iteration}</b>" if iteration else "<b>the beginning</b>") + size


def what_if(story: Story) -> str:
    sweep = story.sweep
    head = "".join(f"<th scope=col>α/β = {escape(label)}</th>" for label in sweep.columns.labels)
    body = ""
    for label, line in zip(sweep.rows.labels, sweep.paintings, strict=True):
        cells = "".join(
            f"<td>{picture(cell.pixels, f'{label}, ratio')}</td>" if cell.pixels is not None else "<td></td>"
            for cell in line
        )
        body += f"<tr><th scope=row class=side>{escape(label)}</th>{cells}</tr>"
    return f"""
<p>The two choices that matter most are which layers the style is taken from, and how much the content
counts against
the style. To the right the photograph counts more and more; downwards, deeper layers join in.</p>
<table class="grid-table"><thead><tr><td class=side></td>{head}</tr></thead><tbody>{body}</tbody></table>
<p>With the first layers only, the photograph is merely recoloured and grained. With all of them the
painter's shapes
appear. To the left, where the photograph counts least, they take
over. There is no right answer, only the picture you want. After Gatys et al. 2015, figure 3.</p>"""


def _things_to_try(story: Story) -> str:
    """Return the commands that change the picture, with the numbers and the layers of this one."""
    options = story.options
    first = escape(",".join(list(options.style_layers)[:2]))
    few = (
        f"<li>Take the style from the first two layers only: <code>--style-layers {first}</code>.</li>"
        if len(options.style_layers) > 2
        else ""
    )
    return f"""<p>Things to try, and to ask yourself what will happen first:</p>
<ul>
<li>Count the style ten times as much:
<code class=nb>--style-weight {10 * options.style_weight:g}</code>. Then a tenth.</li>
{few}
<li>Begin with noise, at one size: <code>--init noise --min-size 0 --iterations 200</code>.</li>
<li>Does the network have to know anything? <code>impasto inspect encoders PHOTO PAINTING</code> paints the
same with one that has learnt nothing.</li>
</ul>"""


def parameters(story: Story) -> str:
    values, defaults = story.options.to_dict(), story.defaults.to_dict()
    about = [(name, str(value)) for name, value in {**story.network, **story.versions}.items()]
    return f"""
<p>The same picture again, on the same machine:</p>
<pre><code>{escape(story.command)}</code></pre>
{_things_to_try(story)}
<details><summary>All {len(values)} parameters</summary>
{options_table(values, defaults)}</details>
<details><summary>The network and the programs</summary>
{table(("what", "value"), about, numbers=9)}</details>
<p class="facts">The small pictures in sections 3, 4, 6 and 7 are drafts, painted with fewer steps, so that
this page is
done in minutes.</p>"""


def references() -> str:
    return "<ol class=references>" + "".join(f"<li>{escape(r)}</li>" for r in REFERENCES) + "</ol>"
