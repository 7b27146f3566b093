"""The networks' weights: known ones, those on this machine, and how they get there.

Importing this does not import torch.
"""

from impasto.weights.architecture import ARCHITECTURES, Architecture, recognise
from impasto.weights.cache import Stored, folder, path, present, read_record, stored_names
from impasto.weights.convert import Network, read_network, save_network
from impasto.weights.download import DownloadProgress
from impasto.weights.registry import CONVENTIONS, REGISTRY, Convention, WeightsFile
from impasto.weights.store import ensure, identify, import_file, known_convention, locate, verify

__all__ = [
    "ARCHITECTURES",
    "CONVENTIONS",
    "REGISTRY",
    "Architecture",
    "Convention",
    "DownloadProgress",
    "Network",
    "Stored",
    "WeightsFile",
    "ensure",
    "folder",
    "identify",
    "import_file",
    "known_convention",
    "locate",
    "path",
    "present",
    "read_network",
    "read_record",
    "recognise",
    "save_network",
    "stored_names",
    "verify",
]
