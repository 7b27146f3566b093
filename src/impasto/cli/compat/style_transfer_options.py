"""The options of ``impasto style-transfer``: those of style-transfer-pytorch, and a few of our own."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from impasto.errors import OptionError
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset

RECIPE = preset("style-transfer-pytorch").options

# The peer's names of starts, and ours.
STARTS = {
    "content": "content",
    "gray": "gray",
    "uniform": "uniform",
    "normal": "normal",
    "style_stats": "channel-statistics",
}
# Options that are not the peer's: its trace does not have them.
OWN = ("model", "preview", "trace")
_WEB = ("web", "host", "port", "browser")

_ABOUT = """\
Paint as style-transfer-pytorch does, option for option: an existing command line works
as it is, with `impasto style-transfer` in the place of `style_transfer`. Ctrl-C keeps the
picture painted so far. `impasto stylize` is the faster way."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the settings that ``arguments`` mean, under the peer's names. Raises OptionError."""
    parser = make_parser()
    found = parser.parse_args(list(arguments))
    weights, styles = found.style_weights, found.styles
    if weights is not None and len(weights) != len(styles):
        raise OptionError(f"--style-weights: expected one per style ({len(styles)}); got {len(weights)}")
    if len(found.devices) > 2 or len({name.split(":")[0] for name in found.devices}) > 1:
        given = " ".join(found.devices)
        raise OptionError(f"--devices: expected one or two of the same type; got {given}")
    return found


def remarks(found: argparse.Namespace) -> list[str]:
    """One line for each group of options that were given and have no effect here, and why."""
    lines = []
    parser = make_parser()
    web = [f"--{name}" for name in _WEB if getattr(found, name) != parser.get_default(name)]
    if web:
        lines.append(f"{', '.join(web)}: no server is started; --preview FILE keeps a picture up to date")
    if len(found.devices) == 2:
        lines.append(
            f"--devices: {found.devices[1]} is not used; what does not fit into the memory of "
            f"{found.devices[0]} is painted in parts"
        )
    return lines


def make_options(found: argparse.Namespace, width: int, height: int) -> OptimizeOptions:
    """Return the settings as our own options, for a photograph of ``width`` x ``height``."""
    size = end_scale(found.end_scale, width, height)
    options = RECIPE.replace(
        size=size,
        encoder=found.model,
        pooling=found.pooling,
        content_weight=found.content_weight,
        tv_weight=found.tv_weight,
        style_weights=tuple(found.style_weights or ()),
        style_scale=found.style_scale_fac,
        style_size=found.style_size,
        init=STARTS[found.init],
        optimizer=found.optimizer,
        learning_rate=found.step_size,
        average_decay=found.avg_decay,
        min_size=min(found.min_scale, size),
        iterations=found.iterations,
        first_iterations=found.initial_iterations,
        seed=found.random_seed % 2**63,
        device=found.devices[0] if found.devices else "auto",
    )
    if options.optimizer == "lbfgs":  # the step size is Adam's, and so is the box its steps end in
        return options.replace(learning_rate=1.0, clip=False)
    return options


def end_scale(text: str, width: int, height: int) -> int:
    """``512``; or ``512+``, which is the long side at which a picture has the area of a square of 512."""
    side = int(text.removesuffix("+"))
    if not text.endswith("+"):
        return side
    return int((max(width, height) / min(width, height)) ** 0.5 * side)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the peer's command line; defaults are those of the preset."""
    parser = _StyleTransferParser(
        prog="impasto style-transfer",
        description=_ABOUT,
        formatter_class=_HelpFormatter,
    )
    parser.add_argument("content", help="the photograph")
    parser.add_argument("styles", nargs="+", metavar="style", help="the paintings")
    _add_files(parser)
    _add_loss(parser)
    _add_scales(parser)
    _add_extras(parser)
    return parser


def _add_files(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--output", "-o", default="out.png", help="where the result goes; its ending is its format")
    add(
        "--style-weights",
        "-sw",
        type=_number(),
        nargs="+",
        metavar="STYLE_WEIGHT",
        help="shares of several paintings; a negative one leads away from it",
    )
    add("--devices", nargs="+", default=[], metavar="DEVICE", help="cpu, cuda:0, mps; none: the best one")
    add("--random-seed", "-r", type=int, default=RECIPE.seed, help="the same number, the same picture")


def _add_loss(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--content-weight",
        "-cw",
        type=_number(0),
        default=RECIPE.content_weight,
        help="how much the photograph counts",
    )
    add("--tv-weight", "-tw", type=_number(0), default=RECIPE.tv_weight, help="how much smoothness counts")
    add(
        "--optimizer",
        choices=["adam", "lbfgs"],
        default=RECIPE.optimizer,
        help="what descends; lbfgs needs more memory",
    )


def _add_scales(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--min-scale",
        "-ms",
        type=_whole(1),
        default=RECIPE.min_size,
        help="long side of the first scale, at the least, in pixels",
    )
    add(
        "--end-scale",
        "-s",
        type=_scale,
        default=str(RECIPE.size),
        help="long side of the result, in pixels; 512+ for the area of 512x512",
    )
    add("--iterations", "-i", type=_whole(1), default=RECIPE.iterations, help="steps at each scale")
    add(
        "--initial-iterations",
        "-ii",
        type=_whole(1),
        default=RECIPE.first_iterations,
        help="steps at the first scale",
    )
    add("--save-every", type=_whole(1), default=50, help="write the picture every so many steps")
    add("--step-size", "-ss", type=_number(0, above=True), default=RECIPE.learning_rate, help="Adam's step")
    add(
        "--avg-decay",
        "-ad",
        type=_decay,
        default=RECIPE.average_decay,
        help="how slowly the running average of the steps forgets; 0 for the last step",
    )
    add("--init", choices=list(STARTS), default=RECIPE.init, help="what to begin with")
    add(
        "--style-scale-fac",
        type=_number(0, above=True),
        default=RECIPE.style_scale,
        help="the painting's size against the result's; smaller makes finer strokes",
    )
    add("--style-size", type=_whole(1), help="the painting's long side, the same at every scale")
    add("--pooling", choices=["max", "average", "l2"], default=RECIPE.pooling, help="how the network pools")


def _add_extras(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--proof", metavar="ICC", help="ICC profile of a CMYK press, to show photograph and paintings in")
    ignored = "accepted, without effect: no server is started"
    add("--web", action="store_true", help=f"{ignored}; see --preview")
    add("--host", default="0.0.0.0", help=ignored)
    add("--port", type=int, default=8080, help=ignored)
    add("--browser", default="", nargs="?", help=ignored)
    own = parser.add_argument_group("options of Impasto's own")
    own.add_argument(
        "--model", "--encoder", default=RECIPE.encoder, help="another network: its name, or a file"
    )
    own.add_argument("--preview", metavar="FILE", help="keep this picture up to date while painting")
    own.add_argument("--trace", metavar="FILE", help="write every step's loss and time to this JSON file")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter):
    """The description as it is written, and defaults where there are any."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is False or action.default in (None, "", [], argparse.SUPPRESS):
            return action.help
        return super()._get_help_string(action)


class _StyleTransferParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message.removeprefix('argument ')}; see impasto style-transfer --help")


def _number(least: float = -math.inf, *, above: bool = False) -> Callable[[str], float]:
    """Reads a finite number that is ``least`` or more, or more than that."""
    bound = f" above {least:g}" if above else "" if least == -math.inf else f", {least:g} or more"

    def read(text: str) -> float:
        found: float = _read(float, text, f"a number{bound}")
        if not math.isfinite(found) or found < least or (above and found == least):
            raise _refused(f"a number{bound}", text)
        return found

    return read


def _whole(least: int) -> Callable[[str], int]:
    """Reads a whole number that is ``least`` or more."""
    wanted = f"a whole number, {least} or more"

    def read(text: str) -> int:
        found: int = _read(int, text, wanted)
        if found < least:
            raise _refused(wanted, text)
        return found

    return read


def _decay(text: str) -> float:
    wanted = "a number from 0 to less than 1"
    found: float = _read(float, text, wanted)
    if not 0 <= found < 1:
        raise _refused(wanted, text)
    return found


def _scale(text: str) -> str:
    wanted = "a number of pixels, 16 or more, such as 512 or 512+"
    if _read(int, text.removesuffix("+"), wanted) < 16:
        raise _refused(wanted, text)
    return text


def _read(kind: Callable[[str], Any], text: str, wanted: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise _refused(wanted, text) from None


def _refused(wanted: str, text: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"expected {wanted}; got {text!r}")
