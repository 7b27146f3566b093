"""The networks Impasto knows by name: their sources and how to use them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, get_args
from urllib.parse import urlsplit

from impasto.errors import OptionError, did_you_mean
from impasto.parameters import shown

Convention = Literal["caffe", "torchvision", "centred"]
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)


@dataclass(frozen=True)
class WeightsFile:
    """One network's weights, as their authors publish them.

    ``convention`` is how a picture becomes the network's input: "caffe" (BGR, 0..255, the mean
    subtracted), "torchvision" (RGB, 0..1, ImageNet mean and standard deviation) or "centred" (RGB,
    about -2..2). ``sha256`` is the digest of the file at ``url`` or the beginning of it that is
    certain, and ``size`` its length in bytes where known. ``url`` is None for a bundled network.
    """

    name: str
    architecture: str
    convention: Convention
    licence: str
    source: str
    url: str | None = None
    sha256: str | None = None
    size: int | None = None
    padding: str = "zeros"

    @property
    def file_name(self) -> str | None:
        """The published file's own name, such as "vgg19-dcbb9e9d.pth"."""
        return None if self.url is None else PurePosixPath(urlsplit(self.url).path).name


_OXFORD_LICENCE = "CC BY 4.0"
_OXFORD_SOURCE = "Simonyan and Zisserman, Visual Geometry Group, Oxford; as a PyTorch file by Justin Johnson"

_FILES = (
    WeightsFile(
        "tiny",
        architecture="tiny",
        convention="centred",
        licence="MIT",
        source="trained for Impasto, recipes/tiny_encoder",
        padding="reflect",
    ),
    WeightsFile(
        "vgg19",
        architecture="vgg19",
        convention="torchvision",
        licence="BSD-3-Clause",
        source="torchvision, trained on ImageNet, weights IMAGENET1K_V1",
        url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
        size=574_673_361,
    ),
    WeightsFile(
        "vgg16",
        architecture="vgg16",
        convention="torchvision",
        licence="BSD-3-Clause",
        source="torchvision, trained on ImageNet, weights IMAGENET1K_V1",
        url="https://download.pytorch.org/models/vgg16-397923af.pth",
        sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        size=553_433_881,
    ),
    # For these two only the beginning of the digest is known, from the file's name.
    WeightsFile(
        "vgg19-caffe",
        architecture="vgg19",
        convention="caffe",
        licence=_OXFORD_LICENCE,
        source=_OXFORD_SOURCE,
        url="https://web.eecs.umich.edu/~justincj/models/vgg19-d01eb7cb.pth",
        sha256="d01eb7cb",
    ),
    WeightsFile(
        "vgg16-caffe",
        architecture="vgg16",
        convention="caffe",
        licence=_OXFORD_LICENCE,
        source=_OXFORD_SOURCE,
        url="https://web.eecs.umich.edu/~justincj/models/vgg16-00b39a1b.pth",
        sha256="00b39a1b",
    ),
)

REGISTRY: dict[str, WeightsFile] = {file.name: file for file in _FILES}


def known_by_digest(digest: str) -> WeightsFile | None:
    """Return the published file with this SHA-256 (64 hexadecimal digits), if it is one."""
    for file in REGISTRY.values():
        if file.sha256 is not None and digest.startswith(file.sha256):
            return file
    return None


def known_by_file_name(name: str) -> WeightsFile | None:
    """Return the network whose published file has this name, ending aside ("vgg19-d01eb7cb.pth")."""
    for file in REGISTRY.values():
        if file.file_name is not None and PurePosixPath(file.file_name).stem == PurePosixPath(name).stem:
            return file
    return None


def check_convention(convention: str) -> Convention:
    """Return ``convention`` if it is known. Raises OptionError that lists the known ones otherwise."""
    for known in CONVENTIONS:
        if convention == known:
            return known
    expected = "one of " + ", ".join(CONVENTIONS)
    raise OptionError(f"expected a convention, {expected}; got {shown(convention)}")


def unknown_network(name: str, others: list[str]) -> OptionError:
    """Return the error for a name that is neither in the registry nor among ``others`` (those stored)."""
    names = sorted({*REGISTRY, *others})
    more = did_you_mean(name, names, f"the networks are {', '.join(names)}")
    return OptionError(f"unknown network {name!r}{more}")
