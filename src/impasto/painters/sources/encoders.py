"""Loading of the networks that options name, and checks of layers, styles and options against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from impasto import imaging
from impasto.catalogue.files import FileStyle
from impasto.catalogue.measured import PictureStyle, Style
from impasto.encoders import (
    Encoder,
    FeatureExtractor,
    load_extractor,
    normalise_activations,
)
from impasto.encoders.loader import own_layers
from impasto.errors import OptionError, StyleError
from impasto.imaging.inputs import kind_of
from impasto.optimize.options import OptimizeOptions
from impasto.tensors import to_tensor
from impasto.types import Picture, Pixels
from impasto.weights import REGISTRY

CUSTOM = "custom: "
"""The prefix of ``OptimizeOptions.encoder`` for a network passed by the caller."""


@dataclass(frozen=True)
class LoadedEncoder:
    """A network named by options, already loaded with their settings."""

    network: FeatureExtractor


def encoder_for(options: OptimizeOptions) -> FeatureExtractor:
    """Return the network that ``options`` name. Raises LayerError for layers it does not have."""
    if options.encoder.startswith(CUSTOM):
        raise OptionError(
            f"encoder {options.encoder!r} was a network passed from Python: expected it again, in "
            "impasto.stylize(..., encoder=...), or the name of another"
        )
    layers = [*options.content_layers, *options.style_layers]
    return load_extractor(options.encoder, layers=layers, **options.network_settings)


def with_encoder(encoder: FeatureExtractor, options: OptimizeOptions) -> OptimizeOptions:
    """Return ``options`` for the caller's own ``encoder``.

    Raises OptionError for anything but an encoder, and if ``options`` ask for settings that it does not
    have: they change only networks given by name.
    """
    if not hasattr(encoder, "describe") or not hasattr(encoder, "layer_names"):
        raise OptionError(
            "expected as encoder the name of a network, or a network such as "
            f"impasto.encoders.ModuleEncoder(module, convention); got {kind_of(encoder)}"
        )
    about = encoder.describe()
    has = {
        "pooling": ("max", about.get("pooling")),
        "rescale_pooling": (False, about.get("pool_scale", 1.0) != 1.0),
        "padding": (None, about.get("padding")),
        "normalise_activations": (False, False),
    }
    for name, fitting in has.items():
        value = getattr(options, name)
        if value not in fitting:
            raise OptionError(
                f"{name} {value!r} changes networks given by name, not one of your own: expected "
                f"{name} {fitting[0]!r}, and an encoder made with that setting"
            )
    return options.replace(encoder=f"{CUSTOM}{encoder.name}")


def with_layer_names(options: OptimizeOptions, network: FeatureExtractor) -> OptimizeOptions:
    """Return ``options`` with the layer names of ``network``; for a VGG, Keras's names are accepted.

    Raises LayerError for layers it does not have, or named twice.
    """

    def known(layers: Mapping[str, float]) -> dict[str, float]:
        return own_layers(network, layers) if layers else {}

    return options.replace(
        content_layers=known(options.content_layers),
        style_layers=known(options.style_layers),
        blend_layers=tuple(map(known, options.blend_layers)),
    )


def check_style_encoders(styles: Sequence[Style], options: OptimizeOptions) -> None:
    """Raise StyleError for a style file of another network than ``options.encoder``, without loading it."""
    for style in styles:
        if not isinstance(style, FileStyle):
            continue
        measured = style.card.encoder.get("name")
        if options.encoder in REGISTRY and measured in REGISTRY and measured != options.encoder:
            raise StyleError(
                f"{style.path.name} was measured with the network {measured}, but the encoder is "
                f"{options.encoder}: expected another --encoder or --preset, or the painting itself as STYLE"
            )


def check_style_files(styles: Sequence[Style], network: FeatureExtractor, options: OptimizeOptions) -> None:
    """Raise StyleError for a style file if ``options`` change the network that it was measured with."""
    changed = [
        *([f"pooling {options.pooling}"] if options.pooling != "max" else []),
        *(["rescale_pooling"] if options.rescale_pooling else []),
        *([f"padding {options.padding}"] if options.padding is not None else []),
        *(["normalise_activations"] if options.normalise_activations else []),
    ]
    for style in styles:
        if isinstance(style, FileStyle) and changed and dict(style.card.encoder) != network.describe():
            raise StyleError(
                f"{style.path.name} was measured with an unchanged network, but the options change it "
                f"({', '.join(changed)}): expected the painting itself, a picture, as STYLE"
            )


def normalised(
    encoder: FeatureExtractor, options: OptimizeOptions, photo: Picture, styles: Sequence[Style]
) -> FeatureExtractor:
    if options.normalise_activations:
        if not isinstance(encoder, Encoder):
            raise OptionError(f"normalise_activations works on a VGG only; got encoder {options.encoder}")
        # Gatys normalised over ImageNet; here, over the photograph and the styles.
        pictures = [photo, *(s.picture for s in styles if isinstance(s, PictureStyle))]
        sized = [_at_size(p, 512) for p in pictures]
        encoder = normalise_activations(encoder, [to_tensor(p) for p in sized])
    return encoder


def _at_size(picture: Picture, long_side: int) -> Pixels:
    scale = min(1.0, long_side / max(picture.width, picture.height))
    return imaging.resize(
        picture.pixels, max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    )
