"""The networks' weights: registry, local files, download and import.

Names are resolved on first use, so importing this package is cheap; torch is imported only to read .pth
files.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.weights.activation_statistics import activation_means
    from impasto.weights.architecture import ARCHITECTURES, Architecture, recognise
    from impasto.weights.cache import Stored, folder, path, present, read_record, stored_names
    from impasto.weights.conversion import NETWORK_ENDINGS, Network, read_network, save_network
    from impasto.weights.file_names import architecture_in_name
    from impasto.weights.neural_style import ModelFile, model_file
    from impasto.weights.registry import CONVENTIONS, REGISTRY, Convention, WeightsFile
    from impasto.weights.store import (
        ensure,
        identify,
        import_file,
        is_offline,
        known_convention,
        locate,
        verify,
    )
    from impasto.weights.tensor_files import read_tensors

_HOMES = {
    "ARCHITECTURES": "impasto.weights.architecture",
    "Architecture": "impasto.weights.architecture",
    "CONVENTIONS": "impasto.weights.registry",
    "Convention": "impasto.weights.registry",
    "ModelFile": "impasto.weights.neural_style",
    "NETWORK_ENDINGS": "impasto.weights.conversion",
    "Network": "impasto.weights.conversion",
    "REGISTRY": "impasto.weights.registry",
    "Stored": "impasto.weights.cache",
    "WeightsFile": "impasto.weights.registry",
    "activation_means": "impasto.weights.activation_statistics",
    "architecture_in_name": "impasto.weights.file_names",
    "ensure": "impasto.weights.store",
    "folder": "impasto.weights.cache",
    "identify": "impasto.weights.store",
    "import_file": "impasto.weights.store",
    "is_offline": "impasto.weights.store",
    "known_convention": "impasto.weights.store",
    "locate": "impasto.weights.store",
    "model_file": "impasto.weights.neural_style",
    "path": "impasto.weights.cache",
    "present": "impasto.weights.cache",
    "read_network": "impasto.weights.conversion",
    "read_record": "impasto.weights.cache",
    "read_tensors": "impasto.weights.tensor_files",
    "recognise": "impasto.weights.architecture",
    "save_network": "impasto.weights.conversion",
    "stored_names": "impasto.weights.cache",
    "verify": "impasto.weights.store",
}

__all__ = [
    "ARCHITECTURES",
    "CONVENTIONS",
    "NETWORK_ENDINGS",
    "REGISTRY",
    "Architecture",
    "Convention",
    "ModelFile",
    "Network",
    "Stored",
    "WeightsFile",
    "activation_means",
    "architecture_in_name",
    "ensure",
    "folder",
    "identify",
    "import_file",
    "is_offline",
    "known_convention",
    "locate",
    "model_file",
    "path",
    "present",
    "read_network",
    "read_record",
    "read_tensors",
    "recognise",
    "save_network",
    "stored_names",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'impasto.weights' has no attribute {name!r}")
