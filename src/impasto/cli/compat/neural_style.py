"""``impasto neural-style``: the command lines of neural-style-pt and neural-style."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.compat.neural_style_options import (
    AS_THEY_ARE,
    DIALECTS,
    Dialect,
    NeuralStyleSettings,
    help_text,
    parse,
    remark,
)
from impasto.cli.exit_codes import INTERRUPTED
from impasto.cli.painting import Interrupts
from impasto.errors import OptionError
from impasto.optimize.options import OptimizeOptions

if TYPE_CHECKING:
    from impasto.encoders import FeatureExtractor
    from impasto.optimize.descent import Descent
    from impasto.types import Pixels

app = typer.Typer(add_completion=False)


@app.command("neural-style", add_help_option=False, context_settings=AS_THEY_ARE)
def neural_style(
    context: typer.Context,
    dialect: Annotated[str, typer.Option(help="pt for neural-style-pt, lua for neural-style.")] = "pt",
) -> None:
    """Paint with the command line of neural-style-pt and neural-style."""
    if {"-h", "--help", "-help"} & set(context.args):
        print(help_text())
        raise typer.Exit()
    known = next((d for d in DIALECTS if d == dialect), None)
    if known is None:
        raise OptionError(f"expected --dialect to be {' or '.join(DIALECTS)}; got {dialect!r}")
    raise typer.Exit(run(context.args, known))


def run(arguments: Sequence[str], dialect: Dialect = "pt") -> int:
    """Paint according to ``arguments``; return the exit code: 0, or 130 if Ctrl-C interrupted it."""
    settings = parse(arguments, dialect)
    for line in settings.remarks():
        remark(line)
    from impasto.catalogue.measured import PictureStyle
    from impasto.cli.compat import neural_style_pictures as pictures
    from impasto.cli.compat import neural_style_recipe as recipe
    from impasto.imaging import write
    from impasto.optimize.descent import minimize
    from impasto.optimize.engine import PyramidDescent
    from impasto.optimize.regions import everywhere

    content_file, style_files = Path(settings.content_image), pictures.style_paths(settings.style_image)
    output = Path(settings.output_image)
    given = [*([Path(settings.init_image)] if settings.init_image else []), content_file, *style_files]
    pictures.check_output(output, given, settings.save_iter)
    photo = pictures.sized(pictures.load(content_file, "content_image"), settings.image_size, dialect)
    side = pictures.style_size(settings.image_size, settings.style_scale, dialect)
    paintings = [pictures.sized(pictures.load(path, "style_image"), side, dialect) for path in style_files]
    encoder, space = recipe.encoder_of(settings)
    options = recipe.make_options(settings, photo, len(paintings), encoder)
    pictures.check_sides(paintings, encoder, options.style_layers, settings.style_scale)
    start = recipe.make_start(settings, photo, space, options.seed)
    places = everywhere([PictureStyle(space.enter(p), "as-is") for p in paintings], options)
    painter = PyramidDescent(space.enter(photo), places, encoder, options, start)
    finish = pictures.finisher(photo, space, settings.original_colors == 1)
    _announce(settings, options, encoder, len(paintings))
    with Interrupts() as interrupts:
        log = _NeuralStyleLog(
            settings,
            options,
            start.pixels,
            save=lambda values, path: write(finish(values), path),
            cancel=lambda: interrupts.seen,
        )
        minimize(painter.descent(0), settings.num_iterations, log)
        write(finish(log.evaluated), output)
    if interrupts.seen:
        remark(f"interrupted; the picture so far is {output}")
        return INTERRUPTED
    return 0


class _NeuralStyleLog:
    """A callback that prints losses and saves pictures as the two programs do, at the same iterations.

    Both save the picture that an iteration's losses describe, before its step: ``evaluated`` is that of the
    next iteration, and at the end that of the last one, whose step is never seen.
    """

    def __init__(
        self,
        settings: NeuralStyleSettings,
        options: OptimizeOptions,
        start: Pixels,
        *,
        save: Callable[[Pixels, Path], None],
        cancel: Callable[[], bool],
    ) -> None:
        self.settings = settings
        self.evaluated = start
        self._save = save
        self._cancel = cancel
        self._content = [f"content {name}" for name in options.content_layers]
        self._style = [f"style {name}" for name in options.style_layers]

    def __call__(self, iteration: int, descent: Descent, losses: Mapping[str, float]) -> bool:
        """Record an iteration; return whether to stop."""
        if self._is_saved(iteration):
            output = Path(self.settings.output_image)
            self._save(self.evaluated, output.with_name(f"{output.stem}_{iteration}{output.suffix}"))
        if self.settings.print_iter and iteration % self.settings.print_iter == 0:
            self._print(iteration, losses)
        stopped = self._cancel()
        last = iteration + 1 == self.settings.num_iterations
        if last or self._is_saved(iteration + 1) or (stopped and iteration < self.settings.num_iterations):
            self.evaluated = descent.image[0].permute(1, 2, 0).cpu().numpy().copy()
        return stopped

    def _is_saved(self, iteration: int) -> bool:
        """Return whether this iteration's picture is saved separately; the last one's is the result."""
        every = self.settings.save_iter
        return every > 0 and iteration % every == 0 and iteration != self.settings.num_iterations

    def _print(self, iteration: int, losses: Mapping[str, float]) -> None:
        lines = [f"Iteration {iteration} / {self.settings.num_iterations}"]
        for kind, names in (("Content", self._content), ("Style", self._style)):
            for number, name in enumerate(names, 1):
                lines.append(f"  {kind} {number} loss: {self._number(losses.get(name, 0.0))}")
        total = losses["total"]
        if self.settings.dialect == "lua":  # smoothness is a gradient there, not a loss
            total = sum(value for name, value in losses.items() if name not in ("total", "tv"))
        lines.append(f"  Total loss: {self._number(total)}")
        print("\n".join(lines), flush=True)

    def _number(self, value: float) -> str:
        return f"{value:f}" if self.settings.dialect == "lua" else str(value)


def _announce(
    settings: NeuralStyleSettings, options: OptimizeOptions, encoder: FeatureExtractor, styles: int
) -> None:
    """Print the lines that the programs print before they start."""
    for place, name in enumerate(encoder.layer_names, 1):
        for kind, layers in (("content", options.content_layers), ("style", options.style_layers)):
            if name in layers and settings.dialect == "lua":
                print(f"Setting up {kind + ' layer':13}\t{place}\t:\t{name}")
            elif name in layers:
                print(f"Setting up {kind} layer {place}: {name}")
    print("Capturing content targets")
    for number in range(1, styles + 1):
        print(f"Capturing style target {number}")
    optimizer = "L-BFGS" if options.optimizer == "lbfgs" else "ADAM"
    print(f"Running optimization with {optimizer}", flush=True)
