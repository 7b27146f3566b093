"""The networks' weights on this machine: find, fetch, import and verify them.

Only ``ensure`` ever uses the network.
"""

from __future__ import annotations

import os
import re
from contextlib import AbstractContextManager
from pathlib import Path

from impasto.errors import (
    CorruptWeightsError,
    DownloadError,
    OptionError,
    WeightsMissingError,
)
from impasto.files import digests
from impasto.files.locks import locked
from impasto.progress import ProgressCallback
from impasto.weights import cache
from impasto.weights.architecture import ARCHITECTURES, Architecture
from impasto.weights.cache import Stored
from impasto.weights.conversion import Network, read_network, save_network
from impasto.weights.download import download
from impasto.weights.registry import (
    REGISTRY,
    Convention,
    WeightsFile,
    check_convention,
    known_by_digest,
    known_by_file_name,
    unknown_network,
)

OFFLINE_VARIABLE = "IMPASTO_OFFLINE"


def locate(name: str) -> Path:
    """Return the stored file of the network ``name``; never downloads.

    Raises OptionError for a name that is neither known nor stored, WeightsMissingError where the
    weights are not on this machine, CorruptWeightsError where the file's length is not the
    recorded one (``verify`` checks every byte).
    """
    path = cache.path(name)
    if not cache.present(name):
        if name not in REGISTRY:
            raise unknown_network(name, cache.stored_names())
        raise _missing(name, None)
    if name != "tiny":
        expected, actual = cache.read_record(path).size, path.stat().st_size
        if actual != expected:
            raise CorruptWeightsError(
                f"expected {path} to have {expected:,} bytes, it has {actual:,}. {_remedy(name)}"
            )
    return path


def ensure(
    name: str,
    *,
    offline: bool | None = None,
    on_progress: ProgressCallback | None = None,
    force: bool = False,
) -> Path:
    """Return the stored file of the network ``name``, downloaded and converted first if need be.

    ``offline``: forbid the download; None follows the environment variable ``IMPASTO_OFFLINE``. ``force``:
    download again even if the file exists. The steps of ``on_progress`` are bytes. Several processes may call
    this at once: one downloads, the others wait for it.

    Raises OptionError for an unknown name, WeightsMissingError when offline and the weights are
    missing, DownloadError and CorruptWeightsError as ``download`` does.
    """
    published = REGISTRY.get(name)
    if published is None or published.url is None:
        return locate(name)
    if cache.present(name) and not force:
        return locate(name)
    if is_offline(offline):
        raise _missing(name, offline)
    with _locked(name):
        # Another process may have fetched it while this one waited.
        if not cache.present(name) or force:
            _fetch(published, cache.path(name), on_progress)
    return locate(name)


def import_file(path: str | Path, name: str | None = None, *, convention: str | None = None) -> Stored:
    """Store the network in a .pth, .pt, .safetensors or Keras file under ``name``; returns its record.

    A published file is recognised by its digest or name, and needs neither ``name`` nor ``convention``.
    Otherwise ``name`` defaults to the file's, and ``convention`` ("caffe", "torchvision" or "centred") is
    required unless the file was written by Impasto or Keras, or ``name`` is in the registry. A part of a
    trunk is accepted, and its depth recorded. The file itself is not changed.

    Raises OptionError if the convention is unknown or the name unusable, and what ``read_network`` raises.
    """
    path = Path(path)
    network = read_network(path, REGISTRY[name].architecture if name in REGISTRY else None)
    digest = digests.of_file(path)
    published = identify(path, network, digest, name)
    if name is None:
        name = published.name if published else _name_from(path)
    if name == "tiny":
        raise OptionError("'tiny' is the name of the bundled network; give the file another name (--name).")
    chosen = known_convention(path, network, published, convention)
    if published is not None:
        _check_architecture(published, network.architecture)
    target = cache.path(name)
    with _locked(name):
        return save_network(
            target,
            network.tensors,
            name=name,
            architecture=network.architecture.name,
            convention=chosen,
            padding=network.metadata.get("padding", published.padding if published else "zeros"),
            licence=network.metadata.get("licence", published.licence if published else "unknown"),
            source=network.metadata.get("source", published.source if published else path.name),
            source_sha256=digest,
        )


def verify(name: str) -> Stored:
    """Compare every byte of the stored network ``name`` with its record, and return that.

    Raises what ``locate`` raises, and CorruptWeightsError if the digest differs.
    """
    path = locate(name)
    stored = cache.read_record(path)
    digest = digests.of_file(path)
    if digest != stored.sha256:
        raise CorruptWeightsError(
            f"{path} is not what was stored: expected SHA-256 {stored.sha256}, got {digest}. {_remedy(name)}"
        )
    return stored


def identify(
    path: Path, network: Network, digest: str | None = None, name: str | None = None
) -> WeightsFile | None:
    """Return the published network that a file holds; None if unknown.

    It is found by ``name`` if given, else by the file's digest, the name in its metadata, or its own name."""
    if name is not None:
        return REGISTRY.get(name)
    by_digest = known_by_digest(digest) if digest else None
    return by_digest or REGISTRY.get(network.metadata.get("name", "")) or known_by_file_name(path.name)


def known_convention(
    path: Path, network: Network, published: WeightsFile | None, given: str | None
) -> Convention:
    """Return the input convention of the network in ``path``: the one ``given``, else the one its metadata
    records, else that of the ``published`` file it is. Raises OptionError where none is known.
    """
    if given is not None:
        return check_convention(given)
    recorded = network.metadata.get("convention")
    if recorded is not None:
        return check_convention(recorded)
    if published is not None:
        return published.convention
    raise OptionError(
        f"{path.name} does not say which input its network expects: expected --convention caffe"
        " (BGR, 0..255, the mean subtracted) or torchvision (RGB, ImageNet mean and deviation)"
    )


def _locked(name: str) -> AbstractContextManager[None]:
    """Hold the lock of what is stored under ``name``, waiting for other processes."""
    return locked(cache.make_folder() / f"{name}.lock", expected=cache.TAKES)


def _fetch(published: WeightsFile, target: Path, on_progress: ProgressCallback | None) -> None:
    assert published.url is not None
    assert published.sha256 is not None
    original = target.with_suffix(".pth")
    try:
        digest = digests.of_file(original) if original.exists() else ""
        if not digest.startswith(published.sha256):
            digest = download(
                published.url,
                original,
                sha256=published.sha256,
                size=published.size,
                on_progress=on_progress,
            )
    except DownloadError as error:
        raise DownloadError(
            f"{error} A file fetched by other means can be imported:"
            f" `impasto models import FILE --name {published.name}`."
        ) from error
    try:
        network = read_network(original, published.architecture)
        _check_architecture(published, network.architecture, whole=True)
    except CorruptWeightsError:
        original.unlink()
        raise
    save_network(
        target,
        network.tensors,
        name=published.name,
        architecture=network.architecture.name,
        convention=published.convention,
        padding=published.padding,
        licence=published.licence,
        source=published.source,
        source_sha256=digest,
    )
    original.unlink()


def _check_architecture(published: WeightsFile, found: Architecture, *, whole: bool = False) -> None:
    known = ARCHITECTURES[published.architecture]
    count = sum(found.depths)
    fits = count <= sum(known.depths) and (count == sum(known.depths) or not whole)
    part = known.truncated(count) if fits else known
    if (part.widths, part.depths) != (found.widths, found.depths):
        raise CorruptWeightsError(
            f"expected the convolutions of {known.name}, blocks of {known.depths} with {known.widths}"
            f" channels; found blocks of {found.depths} with {found.widths}"
        )


def _name_from(path: Path) -> str:
    return cache.check_name(re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).strip("-._") or "network")


def is_offline(offline: bool | None = None) -> bool:
    """Return whether downloads are forbidden: ``offline``, or ``IMPASTO_OFFLINE`` if it is None."""
    if offline is not None:
        return offline
    return os.environ.get(OFFLINE_VARIABLE, "").strip().lower() not in ("", "0", "false", "no", "off")


def _missing(name: str, offline: bool | None) -> WeightsMissingError:
    path = cache.path(name)
    if REGISTRY[name].url is None:
        return WeightsMissingError(
            f"The bundled network is missing from this installation (expected at {path});"
            " install Impasto again."
        )
    barred = ""
    if is_offline(offline):
        barred = f", and Impasto is offline (--offline, or {OFFLINE_VARIABLE} is set)"
    return WeightsMissingError(
        f"the weights of {name!r} are not on this machine{barred}; fetch them: `impasto models fetch {name}`;"
        f" or import a file: `impasto models import FILE --name {name}`;"
        " or use the bundled network: `--encoder tiny`."
    )


def _remedy(name: str) -> str:
    if name == "tiny":
        return "Install Impasto again."
    if name not in REGISTRY:
        return f"Import it again: `impasto models import FILE --name {name}`."
    return (
        f"Fetch them: `impasto models fetch {name} --force`, or import a file:"
        f" `impasto models import FILE --name {name}`."
    )
