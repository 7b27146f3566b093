"""Losses on the output of a whole classifier: what a picture shows.

Style transfer usually omits dense layers, because they discard positions; what they keep is the content's
class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from impasto.encoders import FeatureExtractor, ModuleEncoder
from impasto.encoders.adapter import SCORES
from impasto.errors import OptionError, did_you_mean
from impasto.optimize.options import OptimizeOptions

PHOTO = "prob"
"""The name for the photograph's own classes, after the last layer of the VGG that Caffe distributes."""
DENSE = ("fc6", "fc7", "fc8")
"""The names of a VGG's three dense layers, in order."""

Loss = Callable[[Tensor], Tensor]


def check_classes(encoder: FeatureExtractor, options: OptimizeOptions) -> None:
    """Raise OptionError if ``encoder`` is not a classifier, or lacks the classes asked for."""
    if _wanted(options):
        network = _classifier(encoder, options)
        for name in _wanted(options):
            _meaning(network, name)


def class_losses(encoder: FeatureExtractor, photo: Tensor, options: OptimizeOptions) -> dict[str, Loss]:
    """Return the weighted losses of ``options.class_weights``, each a function of an image (1, 3, H, W) in
    [0, 1], by the names "class tabby" and so on.

    For a class, the negative logarithm of its probability; for the classes of ``photo`` (1, 3, H, W), the
    Kullback-Leibler divergence from their probabilities; for a dense layer, the squared distance from the
    photograph's activations, divided by their squared norm.
    """
    found: dict[str, Loss] = {}
    for name, weight in _wanted(options).items():
        network = _classifier(encoder, options)
        found[f"class {name}"] = _weighted(weight, _loss(network, photo, _meaning(network, name)))
    return found


def _wanted(options: OptimizeOptions) -> Mapping[str, float]:
    return {name: weight for name, weight in options.class_weights.items() if weight}


def _weighted(weight: float, loss: Loss) -> Loss:
    return lambda image: weight * loss(image)


def _loss(network: ModuleEncoder, photo: Tensor, meaning: int | str) -> Loss:
    if isinstance(meaning, int):
        return lambda image: -log_probabilities(network.vectors(image)[SCORES])[meaning]
    with torch.no_grad():
        target = network.vectors(photo, [meaning])[SCORES if meaning == PHOTO else meaning].float()
    if meaning == PHOTO:
        logs = log_probabilities(target)
        return lambda image: (logs.exp() * (logs - log_probabilities(network.vectors(image)[SCORES]))).sum()
    energy = target.square().sum().clamp(min=1e-12)

    def distance(image: Tensor) -> Tensor:
        return (network.vectors(image, [meaning])[meaning].float() - target).square().sum() / energy

    return distance


def log_probabilities(scores: Tensor) -> Tensor:
    """Return the log probabilities (K,) for ``scores`` (K,), which are logits or already probabilities."""
    values = scores.float()
    if bool((values >= 0).all()) and abs(float(values.detach().sum()) - 1) < 1e-4:
        return values.clamp(min=1e-12).log()
    return values.log_softmax(0)


def _classifier(encoder: FeatureExtractor, options: OptimizeOptions) -> ModuleEncoder:
    """Return ``encoder`` if it is a whole classifier. Raises OptionError."""
    if isinstance(encoder, ModuleEncoder) and SCORES in _scores(encoder):
        return encoder
    raise OptionError(
        f"class_weights need a whole classifier, and encoder {options.encoder} has no dense layers: expected "
        "timm:NAME, or from Python impasto.encoders.ModuleEncoder(module, convention, classes=...)"
    )


def _scores(network: ModuleEncoder) -> dict[str, Tensor]:
    with torch.no_grad():
        blank = torch.full((1, 3, 128, 128), 0.5, device=network.mean.device)
        try:
            return network.vectors(blank)
        except Exception:  # a module that is not a classifier may raise anything
            return {}


def _meaning(network: ModuleEncoder, name: str) -> int | str:
    """Return the number of the class called ``name``, PHOTO, or a dense layer's name. Raises OptionError."""
    count = len(_scores(network)[SCORES])
    if name == PHOTO:
        return PHOTO
    if name.isdecimal():
        if int(name) < count:
            return int(name)
        raise OptionError(f"{network.name} distinguishes {count} classes, from 0 to {count - 1}; got {name}")
    wanted = name.lower()
    for number, known in enumerate(network.classes):
        if wanted in [known.lower(), *(part.strip().lower() for part in known.split(","))]:
            return number
    dense = network.dense_layers()
    if name in dense:
        return name
    if name in DENSE and len(dense) >= len(DENSE):
        return dense[-len(DENSE) :][DENSE.index(name)]
    names = [*network.classes, *dense]
    hint = did_you_mean(name, names, "expected a class, its number, prob or a layer", most=3)
    raise OptionError(f"{network.name} has no class and no dense layer {name!r}{hint}")
