"""The options of ``impasto style-transfer``: those of style-transfer-pytorch, and a few more."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from impasto.errors import OptionError
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset

RECIPE = preset("style-transfer-pytorch").options

# The program's names of initial pictures, and Impasto's.
STARTS = {
    "content": "content",
    "gray": "gray",
    "uniform": "uniform",
    "normal": "normal",
    "style_stats": "channel-statistics",
}
# Options that the program and its trace do not have.
OWN = ("model", "preview", "trace")
_WEB = ("web", "host", "port", "browser")

_ABOUT = """\
Paint with the options of style-transfer-pytorch: existing command lines work unchanged,
with `impasto style-transfer` in place of `style_transfer`. Ctrl-C saves the picture so
far. `impasto stylize` is faster."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the settings for ``arguments``, under the program's names. Raises OptionError."""
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
    """Return a line for each group of given options that have no effect here, with the reason."""
    lines = []
    parser = make_parser()
    web = [f"--{name}" for name in _WEB if getattr(found, name) != parser.get_default(name)]
    if web:
        lines.append(f"{', '.join(web)}: no server is started; use --preview FILE")
    if len(found.devices) == 2:
        lines.append(
            f"--devices: {found.devices[1]} is not used; pictures too large for {found.devices[0]} are "
            "painted in parts"
        )
    return lines


def make_options(found: argparse.Namespace, width: int, height: int) -> OptimizeOptions:
    """Return the settings as Impasto's options, for a photograph of ``width`` x ``height``."""
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
    if options.optimizer == "lbfgs":  # step size and clamping are for Adam only
        return options.replace(learning_rate=1.0, clip=False)
    return options


def end_scale(text: str, width: int, height: int) -> int:
    """Return the long side in ``512``, or for ``512+`` the one that gives the area of 512x512."""
    side = int(text.removesuffix("+"))
    if not text.endswith("+"):
        return side
    return int((max(width, height) / min(width, height)) ** 0.5 * side)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the program's command line; defaults are those of the preset."""
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
    add("--output", "-o", default="out.png", help="the result; its suffix is the format")
    add(
        "--style-weights",
        "-sw",
        type=_number(),
        nargs="+",
        metavar="STYLE_WEIGHT",
        help="weights of several paintings; a negative one moves away from its painting",
    )
    add("--devices", nargs="+", default=[], metavar="DEVICE", help="cpu, cuda:0, mps; default: the best one")
    add("--random-seed", "-r", type=int, default=RECIPE.seed, help="the random seed")


def _add_loss(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--content-weight",
        "-cw",
        type=_number(0),
        default=RECIPE.content_weight,
        help="weight of the photograph",
    )
    add(
        "--tv-weight",
        "-tw",
        type=_number(0),
        default=RECIPE.tv_weight,
        help="weight of the total variation loss",
    )
    add(
        "--optimizer",
        choices=["adam", "lbfgs"],
        default=RECIPE.optimizer,
        help="the optimiser; lbfgs needs more memory",
    )


def _add_scales(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--min-scale",
        "-ms",
        type=_whole(1),
        default=RECIPE.min_size,
        help="minimum long side of the first scale, in pixels",
    )
    add(
        "--end-scale",
        "-s",
        type=_scale,
        default=str(RECIPE.size),
        help="long side of the result, in pixels; 512+ for the area of 512x512",
    )
    add("--iterations", "-i", type=_whole(1), default=RECIPE.iterations, help="iterations at each scale")
    add(
        "--initial-iterations",
        "-ii",
        type=_whole(1),
        default=RECIPE.first_iterations,
        help="iterations at the first scale",
    )
    add(
        "--save-every",
        type=_whole(1),
        default=50,
        help="iterations after which the picture is written each time",
    )
    add(
        "--step-size",
        "-ss",
        type=_number(0, above=True),
        default=RECIPE.learning_rate,
        help="step size of Adam",
    )
    add(
        "--avg-decay",
        "-ad",
        type=_decay,
        default=RECIPE.average_decay,
        help="decay rate of the average over iterations; 0 for the last iteration alone",
    )
    add("--init", choices=list(STARTS), default=RECIPE.init, help="the initial picture")
    add(
        "--style-scale-fac",
        type=_number(0, above=True),
        default=RECIPE.style_scale,
        help="the painting's size relative to the result; smaller makes finer strokes",
    )
    add("--style-size", type=_whole(1), help="the painting's long side, at every scale")
    add("--pooling", choices=["max", "average", "l2"], default=RECIPE.pooling, help="the network's pooling")


def _add_extras(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--proof", metavar="ICC", help="ICC profile of a CMYK press, to soft-proof the pictures")
    ignored = "accepted, without effect: no server is started"
    add("--web", action="store_true", help=f"{ignored}; see --preview")
    add("--host", default="0.0.0.0", help=ignored)
    add("--port", type=int, default=8080, help=ignored)
    add("--browser", default="", nargs="?", help=ignored)
    own = parser.add_argument_group("options of Impasto's own")
    own.add_argument("--model", "--encoder", default=RECIPE.encoder, help="another network, by name or file")
    own.add_argument("--preview", metavar="FILE", help="write the picture so far to this file")
    own.add_argument("--trace", metavar="FILE", help="write losses and times to this JSON file")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter):
    """A help formatter that keeps the description's lines and shows defaults."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is False or action.default in (None, "", [], argparse.SUPPRESS):
            return action.help
        return super()._get_help_string(action)


class _StyleTransferParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message.removeprefix('argument ')}; see impasto style-transfer --help")


def _number(least: float = -math.inf, *, above: bool = False) -> Callable[[str], float]:
    """Return a parser of finite numbers from ``least``, or ``above`` it."""
    bound = f" above {least:g}" if above else "" if least == -math.inf else f", {least:g} or more"

    def read(text: str) -> float:
        found: float = _read(float, text, f"a number{bound}")
        if not math.isfinite(found) or found < least or (above and found == least):
            raise _refused(f"a number{bound}", text)
        return found

    return read


def _whole(least: int) -> Callable[[str], int]:
    """Return a parser of whole numbers from ``least``."""
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
