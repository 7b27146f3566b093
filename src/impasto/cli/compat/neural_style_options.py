"""The options of ``impasto neural-style``: those of neural-style-pt, and of neural-style (Lua)."""

from __future__ import annotations

import argparse
import math
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, Literal, NoReturn, get_args

from impasto.cli.standard_streams import print_lines
from impasto.errors import OptionError

# Typer passes these programs' options through: they are long ones with a single dash.
AS_THEY_ARE: dict[str, Any] = {
    "ignore_unknown_options": True,
    "allow_extra_args": True,
    "help_option_names": [],
}
Dialect = Literal["pt", "lua"]
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
PROGRAMS = {"pt": "neural-style-pt", "lua": "neural-style"}

_NO_EFFECT = "accepted, without effect"


def _option(
    default: Any,
    text: str,
    *,
    lua: Any = ...,
    only: Dialect | None = None,
    choices: tuple[str, ...] = (),
    heading: str = "",
    least: float | None = None,
    ignored: str = "",
) -> Any:
    """Return a field of ``NeuralStyleSettings``, with the default in neural-style-pt, and ``lua`` if another.

    ``only``: the only dialect that has it. ``heading``: the heading of the group that starts here.
    ``least``: the lowest number allowed. ``ignored``: the reason if it has no effect here.
    """
    about = {"help": text, "lua": default if lua is ... else lua, "only": only, "choices": choices}
    about |= {"heading": heading, "least": least, "ignored": ignored}
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class NeuralStyleSettings:
    """The options of neural-style-pt or, with ``dialect`` "lua", of neural-style."""

    style_image: str = _option(
        "examples/inputs/seated-nude.jpg",
        "The painting; several, separated by commas; or a folder of them.",
        heading="Basic options",
    )
    style_blend_weights: str = _option(
        "", "Weights of several paintings, such as 3,7; they need not add up to 1. Empty: equal weights."
    )
    content_image: str = _option("examples/inputs/tubingen.jpg", "The photograph.")
    image_size: int = _option(512, "Longest side of the result, in pixels.", least=16)
    gpu: str = _option(
        "0", "Number of the graphics processor; c or -1 for the processor. Without one: the processor."
    )
    multigpu_strategy: str = _option(
        "", "Where to split the network.", only="lua", ignored="the network stays on one device"
    )
    content_weight: float = _option(5.0, "Weight of the photograph.", heading="Optimization options", least=0)
    style_weight: float = _option(
        100.0, "Weight of the painting, at each of its layers. For more style: 1000.", least=0
    )
    normalize_weights: bool = _option(
        False, "Divide each layer's weight by the size of its features.", only="pt"
    )
    normalize_gradients: bool = _option(
        False, "Balance layers. pt: weights count squared; lua: gradients are divided by their L1 norm."
    )
    tv_weight: float = _option(1e-3, "Weight of the total variation loss; 0 for none.")
    num_iterations: int = _option(1000, "Evaluations of the loss; 200 for a first look.", least=1)
    init: str = _option("random", "Start from noise, or from a picture.", choices=("random", "image"))
    init_image: str = _option("", "With -init image: start from this picture, not from the photograph.")
    optimizer: str = _option(
        "lbfgs", "lbfgs gives better results; adam needs less memory.", choices=("lbfgs", "adam")
    )
    learning_rate: float = _option(1.0, "Step size of adam, in units of 1/255.", lua=10.0)
    lbfgs_num_correction: int = _option(
        100, "Length of the history of lbfgs; shorter needs less memory. lua: 0 for 100.", lua=0, least=0
    )
    print_iter: int = _option(
        50, "Iterations between printed losses; 0 for never.", heading="Output options", least=0
    )
    save_iter: int = _option(
        100, "Iterations between saved pictures, out_100.png and so on; 0 for the result only.", least=0
    )
    output_image: str = _option("out.png", "The result; its suffix is the format.")
    content_layers: str = _option("relu4_2", "Layers for the photograph.", heading="Layer options")
    style_layers: str = _option("relu1_1,relu2_1,relu3_1,relu4_1,relu5_1", "Layers for the painting.")
    style_scale: float = _option(
        1.0,
        "The painting's size relative to the result; smaller makes finer strokes.",
        heading="Other options",
    )
    original_colors: int = _option(0, "1: keep the photograph's colours.", choices=("0", "1"))
    pooling: str = _option("max", "The network's pooling.", choices=("max", "avg"))
    proto_file: str = _option(
        "models/VGG_ILSVRC_19_layers_deploy.prototxt",
        "The network's layout.",
        only="lua",
        ignored="the network is known from the model file",
    )
    model_file: str = _option(
        "models/vgg19-d01eb7cb.pth",
        "A VGG (or NIN) file, known by its name; or a network's name, such as the bundled tiny. If the "
        "default file is missing, vgg19-caffe is used: impasto models fetch vgg19-caffe.",
        lua="models/VGG_ILSVRC_19_layers.caffemodel",
    )
    disable_check: bool = _option(
        False, "Load other layouts.", only="pt", ignored="only the convolutions are loaded"
    )
    backend: str = _option(
        "nn",
        "Library for convolutions.",
        choices=("nn", "cudnn", "clnn", "mkl", "mkldnn", "openmp", "mkl,cudnn", "cudnn,mkl"),
        ignored="PyTorch chooses it",
    )
    cudnn_autotune: bool = _option(False, "Tune cuDNN.", ignored="PyTorch chooses convolutions by itself")
    seed: int = _option(-1, "Random seed; below 0: a new one every time.")
    multidevice_strategy: str = _option(
        "4,7,29", "Where to split the network.", only="pt", ignored="the network stays on one device"
    )
    dialect: Dialect = field(default="pt", metadata={})
    given: frozenset[str] = field(default=frozenset(), metadata={})

    def __post_init__(self) -> None:
        for row in _rows():
            value, least = getattr(self, row.name), row.metadata["least"]
            if isinstance(value, float) and not math.isfinite(value):
                raise OptionError(f"expected -{row.name} to be a number; got {value}")
            if least is not None and value < least:
                raise OptionError(f"expected -{row.name} to be {least} or more; got {value}")
        if self.seed >= 2**63:
            raise OptionError(f"expected -seed to be less than {2**63}; got {self.seed}")
        for name in ("learning_rate", "style_scale"):
            if getattr(self, name) <= 0:
                raise OptionError(f"expected -{name} to be more than 0; got {getattr(self, name):g}")

    def remarks(self) -> list[str]:
        """Return a line for each given option that has no effect here, with the reason."""
        rows = [row for row in _rows() if row.name in self.given]
        found = [f"-{r.name}: {_NO_EFFECT}: {r.metadata['ignored']}" for r in rows if r.metadata["ignored"]]
        if self.init_image and self.init != "image":
            found.append(f"-init_image: {_NO_EFFECT}: it is used with -init image only")
        return found


def parse(arguments: Sequence[str], dialect: Dialect = "pt") -> NeuralStyleSettings:
    """Return the settings for ``arguments`` in ``dialect``. Raises OptionError for unknown ones."""
    parser = _NeuralStyleParser(add_help=False, argument_default=argparse.SUPPRESS)
    for row in _rows(dialect):
        if row.type == "bool":
            parser.add_argument(f"-{row.name}", action="store_true")
        else:
            parser.add_argument(f"-{row.name}", choices=row.metadata["choices"] or None)
    found, unknown = parser.parse_known_args(list(arguments))
    if unknown:
        raise OptionError(_unknown(unknown[0], dialect))
    texts = vars(found)
    values: dict[str, Any] = {r.name: r.metadata["lua"] if dialect == "lua" else r.default for r in _rows()}
    values |= {row.name: _convert(row, texts[row.name]) for row in _rows(dialect) if row.name in texts}
    return NeuralStyleSettings(**values, dialect=dialect, given=frozenset(texts))


def remark(line: str) -> None:
    """Print a line on standard error."""
    print_lines(f"impasto: {line}", file=sys.stderr)


class _NeuralStyleParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message.removeprefix('argument ')}; see impasto neural-style --help")


def _convert(row: Field[Any], value: Any) -> Any:
    """Return the value of an option from its text: whole numbers may be written 1e3, as in Lua."""
    if row.type not in ("int", "float"):
        return value
    kind = "a whole number" if row.type == "int" else "a number"
    try:
        number = float(value)
        if row.type == "float" or number == int(number):
            return number if row.type == "float" else int(number)
    except (ValueError, OverflowError):
        pass
    raise OptionError(f"expected -{row.name} to be {kind}; got {value!r}")


def _rows(dialect: Dialect | None = None) -> list[Field[Any]]:
    """Return the options of a dialect, or of both, in the order of the help."""
    rows = [row for row in fields(NeuralStyleSettings) if row.metadata]
    return [row for row in rows if dialect is None or row.metadata["only"] in (None, dialect)]


def _unknown(argument: str, dialect: Dialect) -> str:
    name = argument.lstrip("-").split("=")[0]
    here, other = PROGRAMS[dialect], "pt" if dialect == "lua" else "lua"
    if argument.startswith("-") and name in (row.name for row in _rows()):
        return f"unknown option -{name} of {here}; {PROGRAMS[other]} has it: use --dialect {other}"
    what = "option" if argument.startswith("-") else "argument without an option,"
    return f"unknown {what} {argument} of {here}; see impasto neural-style --help"


HEAD = """\
Usage: impasto neural-style -style_image PAINTING -content_image PHOTO [options]

Paint with the options of neural-style-pt: existing command lines work unchanged, with
`impasto neural-style` in place of `python neural_style.py`. With --dialect lua, use the
options of neural-style, in place of `th neural_style.lua`.

  impasto neural-style -style_image starry.jpg -content_image photo.jpg
  impasto neural-style -style_image a.jpg,b.jpg -style_blend_weights 3,7 -content_image photo.jpg
  impasto neural-style -style_image a.jpg -content_image photo.jpg -init image \\
      -optimizer adam -learning_rate 10 -num_iterations 200 -seed 1
  impasto neural-style --dialect lua -style_image a.jpg -content_image photo.jpg

An iteration is one evaluation of the loss. Ctrl-C saves the picture so far.
Unlike the programs: pictures are turned upright and converted to sRGB, files are
written atomically, and options are checked before the work starts. Pictures too large
for memory are painted in parts. `impasto stylize` is faster.

--dialect pt|lua  The program to imitate [pt]. Differences of lua: pictures are scaled as
                  by torch7, values go up to 256, smoothness is the square of differences
                  and in no printed loss, colours are kept in YUV, and some defaults.
                  Unlike the original, noise is drawn otherwise than in torch7, and
                  pooling rounds sizes down.
"""


def help_text() -> str:
    """Return the help: every option, with the defaults of both dialects."""
    lines = [HEAD.rstrip()]
    for row in _rows():
        if row.metadata["heading"]:
            lines += ["", f"{row.metadata['heading']}:"]
        effect = f"{_NO_EFFECT.capitalize()}." if row.metadata["ignored"] else ""
        words = " ".join(part for part in (row.metadata["help"], _defaults(row), effect) if part)
        name = f"  -{row.name} {_kind(row)}".rstrip()
        wrapped = textwrap.wrap(words, 62, break_on_hyphens=False)
        first = [name] if len(name) > 25 else []
        lines += [*first, *(f"{'' if n or first else name:26}{line}" for n, line in enumerate(wrapped))]
    return "\n".join(lines)


def _kind(row: Field[Any]) -> str:
    if row.metadata["choices"] and row.name != "backend":
        return "|".join(row.metadata["choices"])
    return {"int": "N", "float": "X", "bool": ""}.get(str(row.type), "TEXT")


def _defaults(row: Field[Any]) -> str:
    only, own, lua = row.metadata["only"], row.default, row.metadata["lua"]
    if row.type == "bool":
        return f"({only} only)" if only else ""
    shown = f"{own:g}" if isinstance(own, float) else str(own) or "none"
    if lua != own:
        shown += f"; lua: {lua:g}" if isinstance(lua, float) else f"; lua: {lua}"
    return f"[{shown}{f', {only} only' if only else ''}]"
