"""The weights of the network for any painting: bundled, refined for a style, and interpolated.

A style file may hold a decoder refined for the style, ``decoder/<name>``, or its difference from the bundled
one, ``change/<name>``: biases (C,) in half precision, and filters in four bits, two to a byte, the first in
the lower half. A four-bit value minus ``ZERO``, times the step of its output channel,
``change/<name>/step`` (C,), is the difference. ``change/of`` is the beginning of the SHA-256 of the decoder
to be changed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from impasto.errors import CorruptWeightsError, WeightsMissingError
from impasto.files import reason_of
from impasto.files.tensors import not_finite, read_arrays
from impasto.inference.any_painting_graphs import Weights
from impasto.inference.any_painting_numbers import BUNDLED
from impasto.parameters import shortened, shown

ENCODER = Path(__file__).parents[1] / "weights" / "data" / "tiny.safetensors"
DECODER = "decoder/"
"""The prefix of a refined decoder's tensors in a style file."""
CHANGE = "change/"
"""The prefix of changes of the bundled decoder in a style file."""
ZERO = 8
"""The four bits that stand for no change."""
_LEVELS = 7
_OF = f"{CHANGE}of"

Arrays = Mapping[str, NDArray[Any]]


def is_of_decoder(name: str) -> bool:
    """Return True if the tensor ``name`` of a style file belongs to the style's own decoder."""
    return name.startswith((DECODER, CHANGE))


def read_weights(path: Path = BUNDLED) -> Weights:
    """Return the weights of the bundled encoder and of the decoder at ``path``, alone or in a style file.

    Raises WeightsMissingError and CorruptWeightsError.
    """
    found = _read(path)
    base = found if path == BUNDLED else _read(BUNDLED)
    names = [name for name in found if name.startswith(DECODER)]
    if _OF in found:
        decoder = _changed(base, found, path)
    else:
        decoder = {name.removeprefix(DECODER): found[name] for name in names} or found
    for name in sorted(base.keys() | decoder.keys()):
        expected, actual = (_kind_of(part.get(name)) for part in (base, decoder))
        if expected != actual:
            raise CorruptWeightsError(
                f"expected a style file of `impasto train`, or a network for any painting, in {path}; of "
                f"{shortened(name)}, expected {expected}, got {actual}"
            )
    if odd := not_finite(decoder.items()):
        raise CorruptWeightsError(f"expected finite numbers in {path}; some of {odd} are not")
    return _read(ENCODER) | decoder


def networks_between(files: Sequence[Path], shares: Sequence[float], strength: float) -> dict[Path, float]:
    """Return the share of each network in the one that paints a mixture of styles.

    A style's network has the style's share. Below a ``strength`` of 1 these shares shrink, and the bundled
    network, which can reproduce the photograph, has the rest. ``files``: the network of each style.
    ``shares``: those of the styles, 0 or more.
    """
    own = min(strength, 1.0)
    found: dict[Path, float] = {}
    for file, share in zip(files, shares, strict=True):
        for path, part in ((file, own), (BUNDLED, 1 - own)):
            if share * part > 0:
                found[path] = found.get(path, 0.0) + share * part
    return found if len(found) > 1 else dict.fromkeys(found or [BUNDLED], 1.0)


def mix_weights(shares: Mapping[Path, float]) -> Weights:
    """Return the weighted mean of several networks' weights.

    Decoders refined from the same one are close enough for their mean to paint well. ``shares``: the weight
    of each file, above 0; only proportions matter. Raises what ``read_weights`` raises.
    """
    (first, share), *others = [(read_weights(path), share) for path, share in shares.items()]
    if not others:
        return first
    whole, found = sum(shares.values()), {}
    for name, numbers in first.items():
        mixed = share * numbers.astype(np.float32)
        for part, its in others:
            mixed += its * part[name].astype(np.float32)
        found[name] = mixed / whole
    return found


def digest_of(shares: Mapping[Path, float]) -> str:
    """Return the SHA-256 of the files and shares from which ``mix_weights`` makes a network."""
    parts = [ENCODER.read_bytes()]
    for path, share in sorted(shares.items()):
        parts += [path.read_bytes(), *([f"{share:.9g}".encode()] if len(shares) > 1 else [])]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def describe_encoder() -> dict[str, object]:
    """Return the encoder's description, as from ``encoders.Encoder.describe``."""
    found = hashlib.sha256()
    for name, array in sorted(load(ENCODER.read_bytes()).items()):
        found.update(name.encode() + array.astype(np.float32).tobytes())
    about = {"name": "tiny", "pooling": "max", "pool_scale": 1.0, "padding": "reflect"}
    return about | {"sha256": found.hexdigest()[:16]}


def pack_changes(changes: Mapping[str, NDArray[np.floating]]) -> dict[str, NDArray[Any]]:
    """Return the tensors of a style file for ``changes`` of the bundled decoder, quantised.

    The step of an output channel follows from its values, which are clipped at three standard deviations.
    """
    found: dict[str, NDArray[Any]] = {_OF: _bundled_digest()}
    for name, change in changes.items():
        if change.ndim == 1:
            found[CHANGE + name] = change.astype(np.float16)
            continue
        rows = change.reshape(len(change), -1).astype(np.float32)
        most = np.minimum(np.abs(rows).max(1), 3 * np.sqrt(np.square(rows).mean(1))).clip(1e-6)
        step = (most / _LEVELS).astype(np.float16)
        digits = np.rint(rows / step.astype(np.float32)[:, None]).clip(-_LEVELS, _LEVELS) + ZERO
        digits = np.append(digits, np.zeros(digits.size % 2)).astype(np.uint8)
        found[CHANGE + name] = digits[::2] | digits[1::2] << 4
        found[f"{CHANGE}{name}/step"] = step
    return found


def read_changes(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a style file that change the bundled decoder, as stored, without the prefix
    ``CHANGE``. Raises what ``read_weights`` raises."""
    read_weights(path)  # checks them
    return {
        name.removeprefix(CHANGE): numbers
        for name, numbers in _read(path).items()
        if name.startswith(CHANGE) and name != _OF
    }


def _changed(base: Arrays, stored: Arrays, path: Path) -> dict[str, NDArray[Any]]:
    """Return the decoder ``base`` with the changes of a style file applied."""
    if not np.array_equal(stored[_OF], _bundled_digest()):
        raise CorruptWeightsError(
            f"{path} was made for another version of the network for any painting; measure the style again "
            "with `impasto style`, or train it again with `impasto train`"
        )
    found = dict(base)
    for name in sorted(name for name in stored if name.startswith(CHANGE) and name != _OF):
        tensor = name.removeprefix(CHANGE).removesuffix("/step")
        if tensor not in base:
            raise CorruptWeightsError(
                f"{path} changes {shown(tensor)}, which the network for any painting does not have"
            )
        if name.endswith("/step"):
            continue
        change = unpack_change(stored, tensor, base[tensor].shape, path)
        found[tensor] = base[tensor].astype(np.float32) + change
    return found


def unpack_change(
    stored: Arrays, tensor: str, shape: tuple[int, ...], path: Path | str = "a style file"
) -> NDArray[np.float32]:
    """Return the change of ``tensor``, which has ``shape``, from what ``pack_changes`` ``stored``.

    ``path``: the file to name in errors. Raises CorruptWeightsError.
    """
    name, count = CHANGE + tensor, math.prod(shape)
    kept = stored[name]
    size = f"expected the change of a tensor of shape {shape} in {path}; {name} has {_kind_of(kept)}"
    if len(shape) == 1:
        if kept.shape != shape or kept.dtype.kind != "f":
            raise CorruptWeightsError(size)
        return kept.astype(np.float32)
    step = stored.get(f"{name}/step")
    if kept.dtype != np.uint8 or kept.shape != ((count + 1) // 2,):
        raise CorruptWeightsError(size)
    if step is None or step.shape != shape[:1] or step.dtype.kind != "f":
        raise CorruptWeightsError(
            f"expected {name}/step, numbers of shape {shape[:1]}, in {path}; got {_kind_of(step)}"
        )
    digits = np.stack([kept & 15, kept >> 4], 1).ravel()[:count].astype(np.float32) - ZERO
    with np.errstate(invalid="ignore"):  # values that are not finite are refused later, by name
        found = digits.reshape(len(step), -1) * step.astype(np.float32)[:, None]
    return found.reshape(shape)


def _bundled_digest() -> NDArray[np.uint8]:
    return np.frombuffer(hashlib.sha256(BUNDLED.read_bytes()).digest()[:8], np.uint8)


def _kind_of(array: NDArray[Any] | None) -> str:
    """Return an array's type and shape in words."""
    if array is None:
        return "none"
    kind = "numbers" if array.dtype.kind == "f" else str(array.dtype)
    return f"{kind} of shape {array.shape}"


def _read(path: Path) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise WeightsMissingError(f"expected the network for any painting in {path}; there is no file")
    try:
        return read_arrays(path)[0]
    except (OSError, ValueError) as error:
        raise CorruptWeightsError(
            f"expected a safetensors file at {path}; it cannot be read: {reason_of(error)}"
        ) from error
