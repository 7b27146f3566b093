"""``impasto stylize``: paint one photograph."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.cli.painting import Job
from impasto.errors import InputError, OptionError
from impasto.optimize.options import Options
from impasto.optimize.presets import PRESETS
from impasto.optimize.presets import preset as find_preset

_DEFAULTS = Options()
_LAYERS = "each NAME or NAME:WEIGHT, separated by commas; Keras names work too"


def _with_default(name: str, text: str) -> str:
    """The help text with the default taken from where it is defined, the options object."""
    value = getattr(_DEFAULTS, name)
    if isinstance(value, dict):
        value = ",".join(value)
    return f"{text} [default: {value}]"


def stylize(
    content: Annotated[Path | None, typer.Argument(help="The photograph.", show_default=False)] = None,
    style: Annotated[
        list[str] | None,
        typer.Argument(
            help="A named style (see `impasto styles`), a painting, a style file; or several.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the result goes; its suffix is its format.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help=_with_default("size", "Long side in pixels, or WIDTHxHEIGHT."))
    ] = None,
    preset: Annotated[str, typer.Option(help=f"A recipe: {', '.join(PRESETS)}.")] = "default",
    style_weight: Annotated[
        float | None, typer.Option(help=_with_default("style_weight", "How much the style counts."))
    ] = None,
    content_weight: Annotated[
        float | None, typer.Option(help=_with_default("content_weight", "How much the photograph counts."))
    ] = None,
    tv_weight: Annotated[
        float | None, typer.Option(help=_with_default("tv_weight", "How much smoothness counts."))
    ] = None,
    style_scale: Annotated[
        float | None,
        typer.Option(help=_with_default("style_scale", "Stroke size: the style's size against the photo's.")),
    ] = None,
    blend: Annotated[
        str | None, typer.Option(help="Shares of several styles, such as 3,1. [default: equal]")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(help=_with_default("iterations", "Steps at each pyramid level."))
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help=_with_default("learning_rate", "Step size."))
    ] = None,
    optimizer: Annotated[
        str | None, typer.Option(help=_with_default("optimizer", "lbfgs, adam or sgd."))
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(help=_with_default("init", "Start: content, noise, statistics, or a picture.")),
    ] = None,
    seed: Annotated[int | None, typer.Option(help=_with_default("seed", "Of the random start."))] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help=_with_default("encoder", "tiny, vgg19, vgg16, vgg19-caffe, vgg16-caffe or a file.")
        ),
    ] = None,
    pooling: Annotated[str | None, typer.Option(help=_with_default("pooling", "max, average or l2."))] = None,
    content_layers: Annotated[
        str | None, typer.Option(help=_with_default("content_layers", f"Content layers, {_LAYERS}."))
    ] = None,
    style_layers: Annotated[
        str | None, typer.Option(help=_with_default("style_layers", f"Style layers, {_LAYERS}."))
    ] = None,
    style_loss: Annotated[
        str | None, typer.Option(help=_with_default("style_loss", "How styles are compared."))
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Stop a level when the loss is at or below this. [default: never]")
    ] = None,
    saturation: Annotated[
        float | None,
        typer.Option(
            help="Stop a level when ten iterations lower the loss by less than this share. [default: never]"
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help=_with_default("device", "auto, cpu, cuda or mps."))
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help=_with_default("precision", "auto, float32 or bfloat16."))
    ] = None,
    save_every: Annotated[
        int | None, typer.Option(min=1, help="Also save the picture every N iterations: OUT_0100.png ...")
    ] = None,
    preview: Annotated[
        Path | None, typer.Option(help="Keep this file up to date, about once a second, while painting.")
    ] = None,
    log: Annotated[Path | None, typer.Option(help="Write every iteration's losses and time, as CSV.")] = None,
    parameters: Annotated[
        Path | None, typer.Option(help="Write what made the picture to this JSON file too.")
    ] = None,
    repeat: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Take photo, styles and options from a picture made before (or its JSON)."
        ),
    ] = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of JPEG, WebP and AVIF.")] = 95,
    max_pixels: Annotated[
        int | None, typer.Option(help="Refuse larger input pictures. [default: 180000000]")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print progress as JSON, one event a line.")] = False,
) -> None:
    """Paint the photograph CONTENT in the manner of STYLE.

    \b
    impasto stylize photo.jpg starry-night -o out.png
    impasto stylize photo.jpg painting.jpg -o out.jpg --size 1024 --style-weight 3
    impasto stylize photo.jpg great-wave the-scream.jpg --blend 2,1 -o out.png
    impasto stylize --from out.png -o bigger.png --size 1600

    More style: raise --style-weight. Finer strokes: lower --style-scale. A quick look:
    --preset draft. The papers' own methods: --preset gatys2016, neural-style and others.
    Ctrl-C keeps the picture painted so far.
    """
    changes: dict[str, Any] = {
        "size": None if size is None else parse_size(size),
        "style_weight": style_weight,
        "content_weight": content_weight,
        "tv_weight": tv_weight,
        "style_scale": style_scale,
        "style_weights": None if blend is None else parse_numbers("blend", blend),
        "iterations": iterations,
        "coarse_iterations": iterations,
        "first_iterations": iterations,
        "learning_rate": learning_rate,
        "optimizer": optimizer,
        "init": init,
        "seed": seed,
        "encoder": encoder,
        "pooling": pooling,
        "content_layers": None if content_layers is None else _layers(content_layers),
        "style_layers": None if style_layers is None else _layers(style_layers),
        "style_loss": style_loss,
        "threshold": threshold,
        "saturation": saturation,
        "device": device,
        "precision": precision,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    recipe = find_preset(preset)
    options = recipe.options
    styles = list(style or [])
    if repeat is not None:
        photo, earlier, options = read_recipe(repeat)
        content = content or photo
        styles = styles or earlier
    if content is None or not styles:
        raise InputError("expected a photograph and at least one style; see impasto stylize --help")
    if output is None:
        output = Path(f"{content.stem}-{Path(styles[0]).stem}.png")
    job = Job(
        content=content,
        styles=styles,
        output=output,
        options=options.replace(**changes),
        save_every=save_every or recipe.save_every,
        preview=preview,
        log=log,
        parameters=parameters,
        quality=quality,
        max_pixels=max_pixels,
        show="json" if json else "nothing" if quiet else "bar",
    )
    raise typer.Exit(job.run())


def parse_size(text: str) -> int | tuple[int, int]:
    """``512`` or ``640x480``."""
    try:
        numbers = [int(part) for part in text.lower().split("x")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2):
        raise OptionError(f"--size must be a number of pixels or WIDTHxHEIGHT; it is {text!r}")
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def parse_numbers(option: str, text: str) -> tuple[float, ...]:
    """``3,1`` as numbers."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"--{option} must be numbers separated by commas; it is {text!r}") from None


def _layers(text: str) -> dict[str, float]:
    from impasto.encoders.layers import parse_layers

    return parse_layers(text)


def read_recipe(path: Path) -> tuple[Path | None, list[str], Options]:
    """Photograph, styles and options stored in a picture, or in the JSON of ``--parameters``."""
    from impasto.imaging import read_parameters

    if path.suffix.lower() == ".json":
        try:
            stored = jsonlib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read parameters from {path}: {error}") from error
    else:
        stored = read_parameters(path)
    if not isinstance(stored, dict) or "options" not in stored:
        raise InputError(f"{path} does not say how it was made: expected a picture made by impasto stylize")
    content = stored.get("content")
    options = Options.from_dict(stored["options"])
    return Path(content) if content else None, list(stored.get("styles", [])), options
