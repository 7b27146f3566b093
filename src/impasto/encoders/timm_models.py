"""The networks of timm (PyTorch Image Models) as encoders; timm is installed beside Impasto.

It is not an extra: timm needs torchvision, and cannot be imported where torchvision does not match the
installed torch.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn

from impasto import weights
from impasto.encoders.adapter import ModuleEncoder
from impasto.encoders.network import TORCHVISION, InputConvention, Padding, Pooling
from impasto.errors import (
    CorruptWeightsError,
    DownloadError,
    MissingExtraError,
    OptionError,
    WeightsMissingError,
    did_you_mean,
)

# Networks whose description timm also fetches from the Hugging Face hub.
_REMOTE = ("hf-hub:", "hf_hub:")


def load_timm(
    name: str,
    *,
    checkpoint: str | Path | None = None,
    pretrained: bool = True,
    convention: InputConvention | None = None,
    pooling: Pooling = "max",
    rescale_pooling: bool = False,
    padding: Padding | None = None,
) -> ModuleEncoder:
    """Return the network timm calls ``name`` ("resnet50.a1_in1k"), with its modules as layers
    ("layer2.1.conv1").

    ``checkpoint``: a .safetensors or .pth file with all weights; without one they are timm's own, which timm
    downloads if necessary, or random if ``pretrained`` is False. ``convention``: by default the one that timm
    records. ``pooling``, ``rescale_pooling``, ``padding``: as for ``ModuleEncoder``.

    Raises LayerError for networks without features (B, C, H, W), such as plain vision transformers, and for
    those that take pictures of one size only; MissingExtraError without timm; OptionError for an unknown
    name; WeightsMissingError if Impasto is offline and timm might download; DownloadError if a download
    fails; CorruptWeightsError for a checkpoint of another network; and as ``weights.read_tensors`` does.
    """
    timm = _require_timm()
    _check_name(timm, name)
    fetched = pretrained and checkpoint is None
    if (fetched or name.startswith(_REMOTE)) and weights.is_offline():
        raise WeightsMissingError(
            f"Impasto is offline, and timm may have to download {name}; give a name of timm's own and a file"
            " with its weights (checkpoint)."
        )
    network = _create(timm, name, fetched)
    if checkpoint is not None:
        _fill(network, name, Path(checkpoint))
    return ModuleEncoder(
        network,
        convention or _recorded_convention(network),
        name=f"timm:{name}",
        pooling=pooling,
        rescale_pooling=rescale_pooling,
        padding=padding,
        classes=_recorded_classes(network),
    )


def _recorded_classes(network: nn.Module) -> list[str]:
    """Return the class names that timm records for a network, if any."""
    recorded = getattr(network, "pretrained_cfg", None)
    names = recorded.get("label_names") if isinstance(recorded, Mapping) else None
    return [str(name) for name in names or ()]


def _require_timm() -> Any:
    # Read on import by the Hugging Face hub's client, a dependency of timm.
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if weights.is_offline():
        os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        return import_module("timm")
    except ModuleNotFoundError as problem:
        raise MissingExtraError(
            f"networks from timm need {problem.name or 'timm'}, which is not installed: pip install"
            f" timm, with a torchvision that matches torch {torch.__version__}"
        ) from problem
    except Exception as problem:  # a torchvision for another torch may raise anything
        raise MissingExtraError(
            f"timm is installed and cannot be imported ({problem}); it needs a torchvision that matches"
            f" torch {torch.__version__}: pip install timm, with that torchvision"
        ) from problem


def _check_name(timm: Any, name: str) -> None:
    if ":" in name or timm.is_model(name):  # "hf-hub:..." names are looked up by timm itself
        return
    expected = "expected a network of timm's, such as resnet50.a1_in1k"
    hint = did_you_mean(name, timm.list_models(), expected, most=3)
    raise OptionError(f"unknown network {name!r} of timm{hint}")


def _create(timm: Any, name: str, fetched: bool) -> nn.Module:
    try:
        network = timm.create_model(name, pretrained=fetched)
    except OSError as problem:  # raised by timm's download clients
        raise DownloadError(f"timm could not fetch {name}: {problem}.") from problem
    except (RuntimeError, AssertionError) as problem:  # an unknown tag, or one without weights
        raise OptionError(f"timm cannot make {name!r}: {problem}.") from problem
    assert isinstance(network, nn.Module)
    return network


def _fill(network: nn.Module, name: str, path: Path) -> None:
    """Load a complete checkpoint into ``network``."""
    tensors = {key: torch.from_numpy(value) for key, value in weights.read_tensors(path).items()}
    own = network.state_dict()
    wrong = sorted(own.keys() ^ tensors.keys())
    wrong += [key for key in own.keys() & tensors.keys() if own[key].shape != tensors[key].shape]
    if wrong:
        raise CorruptWeightsError(
            f"{path}: expected the tensors of {name}; {len(wrong)} are missing, unknown or of another shape,"
            f" such as {wrong[0]}."
        )
    network.load_state_dict(tensors)


def _recorded_convention(network: nn.Module) -> InputConvention:
    """Return the mean and deviation that timm records for a network, or ImageNet's."""
    recorded = getattr(network, "pretrained_cfg", None) or getattr(network, "default_cfg", None)
    if not isinstance(recorded, Mapping) or "mean" not in recorded or "std" not in recorded:
        return TORCHVISION
    red, green, blue = (float(value) for value in recorded["mean"])
    return InputConvention(
        mean=(red, green, blue),
        std=(float(recorded["std"][0]), float(recorded["std"][1]), float(recorded["std"][2])),
    )
