"""The meaning of neural-style-pt's ``-model_file``: a file's name says which network it holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath

from impasto.errors import OptionError
from impasto.weights.conversion import read_network
from impasto.weights.file_names import architecture_in_name
from impasto.weights.registry import Convention


@dataclass(frozen=True)
class ModelFile:
    """The network in a file: ``architecture`` ("vgg19", "vgg16", "vgg16-pruned", "nin", or what its
    shapes are) and the ``convention`` of its input."""

    architecture: str
    convention: Convention


def model_file(path: str | Path) -> ModelFile:
    """Return the network that neural-style-pt would take the file ``path`` for, and its input convention.

    The file's name decides, without its folders (a departure: the original looks for "19" in the whole path);
    if the name does not tell and the file exists, its layout decides. As in the original, the input is always
    "caffe" (BGR, 0..255, the mean subtracted).

    Raises OptionError if neither tells, and what ``read_network`` raises.
    """
    found = architecture_in_name(PurePath(path).name)
    if found is None and Path(path).is_file():
        found = read_network(Path(path)).architecture.name
    if found is None:
        raise OptionError(
            "expected a model file that exists, or a name with vgg19, vgg16, pruning, sod, fcn32s or nin"
            f" in it; got {str(path)!r}"
        )
    return ModelFile(found, "caffe")
