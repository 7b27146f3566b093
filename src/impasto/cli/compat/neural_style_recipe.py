"""Impasto's options for a command line of neural-style-pt or neural-style."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import torch

from impasto import weights
from impasto.cli.compat import neural_style_pictures as pictures
from impasto.cli.compat.neural_style_options import NeuralStyleSettings, remark
from impasto.encoders import FeatureExtractor, InputConvention, load_extractor
from impasto.errors import OptionError, WeightsMissingError
from impasto.optimize.options import GradientScalingName, OptimizeOptions
from impasto.types import Picture
from impasto.weights.registry import known_by_file_name

NOISE = 0.001
# The published networks by the names of their Caffe files.
_CAFFE_FILES = {"VGG_ILSVRC_19_layers": "vgg19-caffe", "VGG_ILSVRC_16_layers": "vgg16-caffe"}


def make_options(
    settings: NeuralStyleSettings, photo: Picture, styles: int, encoder: FeatureExtractor
) -> OptimizeOptions:
    """Return the settings as Impasto's options, whose weights of style layers are divided by their sum."""
    lua = settings.dialect == "lua"
    style_layers = _layers(settings.style_layers, encoder)
    scaling: GradientScalingName = "l1" if lua else "squared-weight"
    return OptimizeOptions(
        size=(photo.width, photo.height),
        encoder=settings.model_file,
        pooling="average" if settings.pooling == "avg" else "max",
        content_layers=_layers(settings.content_layers, encoder),
        style_layers=style_layers,
        content_weight=settings.content_weight,
        style_weight=settings.style_weight * len(style_layers),
        tv_weight=max(settings.tv_weight, 0.0),
        content_loss="mean",
        style_loss="gram-neural-style",
        tv_loss="neural-style" if lua else "l1",
        style_weights=_shares(settings.style_blend_weights, styles),
        normalise_weights=settings.normalize_weights,
        gradient_scaling=scaling if settings.normalize_gradients else "none",
        init=_init(settings),
        noise=NOISE,
        optimizer="lbfgs" if settings.optimizer == "lbfgs" else "adam",
        iterations=settings.num_iterations,
        coarse_iterations=None,
        learning_rate=1.0 if settings.optimizer == "lbfgs" else settings.learning_rate,
        history=settings.lbfgs_num_correction or 100,
        min_size=0,
        style_sizes="exact",
        detail=0.0,
        seed=settings.seed if settings.seed >= 0 else secrets.randbelow(2**31),
        device=_device(settings.gpu),
        precision="float32",
        channels_last=False,
    )


def _init(settings: NeuralStyleSettings) -> str:
    if settings.init == "random":
        return "noise"
    return settings.init_image or "content"


def _layers(text: str, encoder: FeatureExtractor) -> dict[str, float]:
    """Return the layers in ``text``, in the network's order. Raises LayerError for unknown ones."""
    names = {name.strip() for name in text.split(",") if name.strip()}
    encoder.minimum_side(names)
    return {name: 1.0 for name in encoder.layer_names if name in names}


def _shares(text: str, styles: int) -> tuple[float, ...]:
    if text in ("", "nil"):
        return ()
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"expected -style_blend_weights to be numbers, such as 3,7; got {text!r}") from None
    if len(shares) != styles or min(shares) < 0 or not 0 < sum(shares) < float("inf"):
        raise OptionError(
            f"expected -style_blend_weights to be {styles} numbers, one for each picture of -style_image, "
            f"0 or more and not all 0; got {text}"
        )
    return shares


def make_start(settings: NeuralStyleSettings, photo: Picture, space: pictures.Space, seed: int) -> Picture:
    """Return the picture the optimiser starts from, in its own ``space``."""
    if settings.init == "image" and not settings.init_image:
        return space.enter(photo)
    if settings.init == "image":
        given = pictures.load(settings.init_image, "init_image")
        return space.enter(pictures.at_size(given, photo.width, photo.height, settings.dialect))
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn((3, photo.height, photo.width), generator=generator) * NOISE
    return Picture(noise.permute(1, 2, 0).contiguous().numpy())


def encoder_of(settings: NeuralStyleSettings) -> tuple[FeatureExtractor, pictures.Space]:
    """Return the network for ``-model_file``, with the requested pooling, and the space of its input.
    Unlike other encoders, this one's input is not sRGB in [0, 1], but what the programs optimise, to the last
    digit.
    """
    name, convention = _model(settings.model_file)
    wanted = f"{settings.content_layers},{settings.style_layers}".split(",")
    encoder: Any = load_extractor(
        name,
        pooling="average" if settings.pooling == "avg" else "max",
        layers=[layer.strip() for layer in wanted if layer.strip()],
        convention=convention,
    )
    own: InputConvention = encoder.convention
    red, green, blue = (value * 255 / own.scale for value in own.mean)
    encoder.convention = InputConvention(scale=own.scale / 255, std=own.std)
    encoder.mean = torch.zeros_like(encoder.mean)
    return encoder, pictures.Space(settings.dialect, (red, green, blue), own.bgr)


def _model(model_file: str) -> tuple[str | Path, Any]:
    """Return what to load for a model file, and its convention: Caffe's, except for named networks.
    For a published file that does not exist, it is the fetched or imported network.
    """
    path = Path(model_file)
    published = known_by_file_name(path.name)
    name = published.name if published else _CAFFE_FILES.get(path.stem)
    if path.is_file() and path.suffix.lower() != ".caffemodel":
        return path, weights.model_file(path).convention
    if name is not None and weights.present(name):
        return name, "caffe"
    if model_file in weights.REGISTRY or model_file in weights.stored_names():
        return model_file, None
    what = "Caffe's own format is not read" if path.is_file() else "there is no such file"
    cure = f"`impasto models fetch {name or 'vgg19-caffe'}` gets {'it' if name else 'the usual network'}"
    raise WeightsMissingError(
        f"-model_file {model_file}: {what}; {cure}, or use the bundled -model_file tiny"
    )


def _device(gpu: str) -> str:
    """Return the device for ``-gpu``: a single one, the first of the GPUs named."""
    named = [part.strip().lower() for part in gpu.split(",")]
    graphics = [part for part in named if part not in ("c", "-1")]
    if not all(part.isdigit() for part in graphics):
        raise OptionError(f"expected -gpu to be a number, c for the processor, or several; got {gpu!r}")
    if not graphics:
        return "cpu"
    if torch.cuda.is_available():
        device = f"cuda:{graphics[0]}"
    elif torch.backends.mps.is_available():
        device = "mps"
    else:
        remark(f"-gpu {gpu}: no graphics processor; painting on the processor, as with -gpu c")
        return "cpu"
    if len(named) > 1:
        remark(f"-gpu {gpu}: painting on {device} only; pictures too large for it are painted in parts")
    return device
