"""Named sets of options: our own recipes, and those published in papers and programs.

``default`` is ``OptimizeOptions()``. Comments here and docs/presets.md state what a paper leaves open and
where we depart from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from impasto.errors import require_one_of
from impasto.optimize.options import STYLE_LAYERS, OptimizeOptions


@dataclass(frozen=True)
class Preset:
    """One recipe: its purpose, source and options, and how often it shows a picture."""

    summary: str
    source: str
    changes: Mapping[str, Any]
    save_every: int | None = None

    @property
    def options(self) -> OptimizeOptions:
        return OptimizeOptions(**self.changes)


_RELU4_2 = {"relu4_2": 1.0}

# Gatys et al.: equations as printed; the network with normalised activations and average pooling. Departures:
# in such a network the printed weights reproduce the photograph, because the content is summed over positions
# and the style is not: GATYS_BALANCE is the factor at which both are visible at 512 pixels, as in the papers'
# figures. Equal weights of layers reproduce the painting, because the rare responses of deep filters, whose
# mean is 1, have large squares: weights are 1/N^2, for N filters, as in the code that Gatys published later.
# The noise is faint, as in neural-style: only the first layer responds to strong noise, and removes it
# slowly.
GATYS_BALANCE = 7e3
_GATYS_LAYERS = {
    name: filters**-2.0 for name, filters in zip(STYLE_LAYERS, (64, 128, 256, 512, 512), strict=True)
}
_GATYS: dict[str, Any] = {
    "coarse_iterations": None,
    "detail": 0.0,
    "encoder": "vgg19-caffe",
    "normalise_activations": True,
    "pooling": "average",
    "content_loss": "gatys",
    "style_loss": "gram-gatys",
    "content_layers": _RELU4_2,
    "style_layers": _GATYS_LAYERS,
    "init": "noise",
    "noise": 0.01,
    "optimizer": "lbfgs",
    "line_search": True,
    "variable_range": 255.0,
    "history": 100,
    "min_size": 0,
    "precision": "float32",
}

# neural-style: equal weights at five layers, each 100; ours divides weights by their sum, hence 500.
_NEURAL_STYLE: dict[str, Any] = {
    "coarse_iterations": None,
    "detail": 0.0,
    "encoder": "vgg19-caffe",
    "content_loss": "mean",
    "style_loss": "gram-neural-style",
    "content_layers": _RELU4_2,
    "style_layers": STYLE_LAYERS,
    "content_weight": 5.0,
    "style_weight": 500.0,
    "variable_range": 255.0,
    "init": "noise",
    "noise": 0.001 / 255,
    "optimizer": "lbfgs",
    "iterations": 1000,
    "history": 100,
    "min_size": 0,
    "precision": "float32",
}

_JOHNSON: dict[str, Any] = _NEURAL_STYLE | {
    "tv_weight": 1e-3 * 255**2,  # its smoothness weight, 1e-3, is for pixel values up to 255, squared
    "tv_loss": "neural-style",
    "style_sizes": "exact",
    "resampling": "bilinear",
}

# The TensorFlow notebook: learning rates and epsilon are for pixel values up to 255.
_NOTEBOOK: dict[str, Any] = {
    "coarse_iterations": None,
    "detail": 0.0,
    "size": (224, 224),
    "style_sizes": "square",
    "resampling": "nearest",
    "encoder": "vgg19-caffe",
    "content_loss": "gatys",
    "style_loss": "gram-gatys",
    "content_layers": _RELU4_2,
    "style_layers": {f"relu{block}_1": 0.2 for block in range(1, 6)},
    "content_weight": 1.0,
    "style_weight": 1000.0,
    "init": "content",
    "optimizer": "adam",
    "beta1": 0.99,
    "adam_epsilon": 0.1,
    "variable_range": 255.0,
    "clip": True,
    "min_size": 0,
    "precision": "float32",
}

# style-transfer-pytorch: its loss and its pyramid. Two departures that do not change its pictures: negative
# style weights do not give NaN, and L-BFGS has no tolerance below which it stops moving.
_STYLE_TRANSFER: dict[str, Any] = {
    "encoder": "vgg19",
    "padding": "replicate-first",
    "rescale_pooling": True,
    "content_loss": "mean",
    "style_loss": "wasserstein-newton-schulz",
    "tv_loss": "nine-point",
    "content_layers": _RELU4_2,
    "style_layers": {f"relu{block}_1": 4.0 ** (5 - block) for block in range(1, 6)},
    "content_weight": 0.015,
    "style_weight": 1.0,
    "tv_weight": 2.0,
    "init": "content",
    "min_size": 128,
    "optimizer": "adam",
    "learning_rate": 0.02,
    "beta2": 0.99,
    "clip": True,
    "average_decay": 0.99,
    "carry_optimizer": True,
    "first_iterations": 1000,
    "iterations": 500,
    "coarse_iterations": None,
    "detail": 0.0,
    "style_sizes": "exact",
    "resampling": "bicubic",
    "rounding": "half-even",
    "precision": "float32",
}

PRESETS: Mapping[str, Preset] = {
    "default": Preset("a painting in seconds", "Impasto", {}),
    "draft": Preset(
        "a first look, in about half the time", "Impasto", {"iterations": 5, "coarse_iterations": 12}
    ),
    "best": Preset(
        "the most careful painting: first by nearest neighbours, then by the default's losses",
        "Impasto; Kolkin et al., Neural Neighbor Style Transfer (2022), for the first level",
        {
            "first_style_loss": "nearest-neighbours",
            "min_size": 160,
            "first_iterations": 60,
            "iterations": 70,
            "coarse_iterations": 70,
            # Prevents a fine mesh that so many iterations would add, unseen by the losses.
            "tv_weight": 6.0,
        },
    ),
    "from-photo": Preset(
        "the default's losses from the photograph itself; no network but the encoder takes part",
        "Impasto",
        {"init": "content", "iterations": 40, "coarse_iterations": 50},
    ),
    "gatys2015": Preset(
        "the first paper: five layers, alpha/beta 1e-4, from white noise",
        "Gatys, Ecker and Bethge, A Neural Algorithm of Artistic Style (2015)",
        _GATYS | {"style_weight": 1e4 * GATYS_BALANCE, "iterations": 1000},
    ),
    "gatys2016": Preset(
        "the CVPR paper: alpha/beta 1e-3, from white noise",
        "Gatys, Ecker and Bethge, Image Style Transfer Using Convolutional Neural Networks (CVPR 2016)",
        _GATYS | {"style_weight": 1e3 * GATYS_BALANCE, "iterations": 1000},
    ),
    "neural-style": Preset(
        "the program that made it popular: 1000 L-BFGS iterations from noise",
        "Johnson, neural-style (2015)",
        _JOHNSON,
        save_every=100,
    ),
    "neural-style-fast": Preset(
        "neural-style's losses and weights, reached sooner: coarse to fine, reduced precision",
        "Impasto",
        _JOHNSON
        | {
            "precision": "auto",
            "min_size": 128,
            "detail": 1.0,
            "first_iterations": 200,
            "coarse_iterations": 100,
            "iterations": 300,
        },
    ),
    "style-transfer-pytorch": Preset(
        "the most careful of the older programs: Wasserstein loss, Adam, 3000 iterations over a pyramid",
        "Crowson, style-transfer-pytorch (2021)",
        _STYLE_TRANSFER,
    ),
    "content-reconstruction": Preset(
        "the photograph again, from noise, from one layer alone",
        "Gatys et al. 2015, figure 1; 'The Elements of Style'",
        _NEURAL_STYLE | {"style_layers": {}, "style_weight": 0.0, "content_weight": 1.0, "threshold": 0.1},
    ),
    "style-reconstruction": Preset(
        "the style alone, from noise",
        "Gatys et al. 2015, figure 1; 'The Elements of Style'",
        _NEURAL_STYLE | {"content_layers": {}, "content_weight": 0.0, "threshold": 0.1},
    ),
    "nutshell": Preset(
        "content conv2_2, style conv1_2 to 5_1, sums of squares, gradient descent until it saturates",
        "'Neural Style Transfer in a Nutshell'",
        _NEURAL_STYLE
        | {
            "content_layers": {"relu2_2": 1.0},
            "style_layers": {f"relu{layer}": 1.0 for layer in ("1_2", "2_2", "3_3", "4_1", "5_1")},
            "content_loss": "sum",
            "style_loss": "gram-sum",
            "content_weight": 1.0,
            "style_weight": 5e-5,
            "optimizer": "sgd",
            "momentum": 0.0,
            "line_search": True,
            "saturation": 1e-3,
        },
    ),
    "single-layer": Preset(
        "content conv4_2, style from the single layer conv3_1",
        "'How do these style transfer tools work?'",
        # The document gives no weights. With neural-style's 100, a single layer is hardly visible.
        _NEURAL_STYLE | {"style_layers": {"relu3_1": 1.0}, "style_weight": 3000.0},
    ),
    "tensorflow-notebook": Preset(
        "the paper in a notebook: 224x224, Adam, 10 epochs of 100 steps",
        "'Neural Style Transfer' (TensorFlow notebook)",
        _NOTEBOOK | {"learning_rate": 5.0, "iterations": 1000},
        save_every=100,
    ),
    "tensorflow-notebook-long": Preset(
        "the notebook's second run: learning rate 2, 20 epochs of 800 steps",
        "'Neural Style Transfer' (TensorFlow notebook)",
        _NOTEBOOK | {"learning_rate": 2.0, "iterations": 16000},
        save_every=800,
    ),
}


def preset(name: str) -> Preset:
    """Return the preset called ``name``. Raises OptionError with the list of names."""
    require_one_of("preset", name, PRESETS)
    return PRESETS[name]
