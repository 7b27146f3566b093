"""A gallery network, ready to paint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import CorruptWeightsError, ImpastoError, OptionError, PictureError, StyleError
from impasto.files import reason_of
from impasto.inference.bands import BandPainter
from impasto.inference.graphs import TABLE, Weights
from impasto.inference.network_files import read_network
from impasto.inference.onnx_runtime import onnxruntime
from impasto.inference.options import FastOptions
from impasto.inference.pictures import check_pixels
from impasto.inference.sessions import Sessions, choose_device, open_first, run
from impasto.inference.styles import FastStyle, rows_of
from impasto.types import Pixels

SHIPPED = Path(__file__).with_name("data") / "gallery.onnx"
WHOLE_PIXELS = 2_500_000
"""Larger pictures go through the network in bands."""

EXACT_PIXELS = 30_000_000
"""Up to here bands keep their features in float32, beyond in float16: half the memory, and values that
differ by up to about 0.004 from one pass."""

Styles = str | Mapping[str, float]


class Gallery:
    """One network, many styles. Made by ``load_gallery``; may be used by several threads at once.

    ``device``: where it paints: cpu, cuda or cuda:N.
    """

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        styles: tuple[FastStyle, ...],
        weights: Weights | None,
        sessions: Sessions,
    ) -> None:
        self.styles = styles
        self.device = sessions.device
        self._weights = weights
        self._sessions = sessions
        self._session = session
        self._inputs = [value.name for value in self._session.get_inputs()]

    def paint(
        self,
        pixels: Pixels,
        styles: Styles,
        options: FastOptions | None = None,
        **changes: Any,
    ) -> Pixels:
        """Return ``pixels`` (H, W, 3) float32 in [0, 1], painted; the same shape and range.

        ``styles``: a style's name, or names with how much of each (they are divided by their sum).
        ``options``, with ``changes``: strength, stroke_size and keep_color; the size is the pixels' own.
        Raises StyleError, OptionError and PictureError.
        """
        chosen = (options or FastOptions()).replace(**changes)
        painted = self._pass(check_pixels(pixels), self.row(styles, chosen))
        if not np.isfinite(painted).all():
            raise CorruptWeightsError(
                "the network paints what are not numbers: its file is damaged, or was trained badly"
            )
        if not chosen.keep_color:
            return painted
        from impasto.imaging import keep_colours

        return keep_colours(painted, pixels)

    def row(self, styles: Styles, options: FastOptions | None = None, **changes: Any) -> NDArray[np.float32]:
        """Return the network's second input for these styles, (1, rows).

        Row 0 is the photograph, rows 1 + 2k and 2 + 2k the fine and the coarse strokes of style k.
        """
        chosen = (options or FastOptions()).replace(**changes)
        strength, stroke_size = chosen.strength, chosen.stroke_size
        for name, value in (("strength", strength), ("stroke_size", stroke_size)):
            if value != 1 and "weights" not in self._inputs:
                raise OptionError(f"this network of one style has no {name} to change; got {value!r}")
        shares = self._shares(styles)
        coarse = 1 + np.log2(stroke_size)
        row = np.zeros((1, rows_of(self.styles)), np.float32)
        row[0, 0] = 1 - strength
        for number, style in enumerate(self.styles):
            share = strength * shares.get(style.name, 0.0)
            row[0, 1 + 2 * number] = share * (1 - coarse)
            row[0, 2 + 2 * number] = share * coarse
        return row

    def _shares(self, styles: Styles) -> dict[str, float]:
        given = {styles: 1.0} if isinstance(styles, str) else dict(styles)
        names = [style.name for style in self.styles]
        for name, share in given.items():
            if name not in names:
                raise StyleError(_unknown(name, names))
            if not (share >= 0 and np.isfinite(share)):
                raise OptionError(f"expected a share of {name} of 0 or more; got {share!r}")
        total = sum(given.values())
        if not total > 0:
            raise OptionError("expected at least one style with a share above 0; got none")
        return {name: share / total for name, share in given.items()}

    def _pass(self, pixels: Pixels, row: NDArray[np.float32]) -> Pixels:
        if pixels.shape[0] * pixels.shape[1] > WHOLE_PIXELS:
            return self._in_bands(pixels, row)
        image = np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]
        feed = {"image": image, "weights": row}
        inputs = {name: feed[name] for name in self._inputs}
        try:
            painting = run(self._session, self.device, ["painting"], inputs)[0][0]
        except (ImpastoError, MemoryError):
            raise
        except Exception as problem:  # ONNX Runtime's errors have no common base
            raise CorruptWeightsError(f"the network cannot paint: {reason_of(problem)}") from problem
        if painting.ndim != 3 or painting.shape[0] != 3:
            raise CorruptWeightsError(f"expected a network that paints in 3 colours; got {painting.shape}")
        return np.ascontiguousarray(np.clip(painting, 0, 1).transpose(1, 2, 0))

    def _in_bands(self, pixels: Pixels, row: NDArray[np.float32], **more: Any) -> Pixels:
        if self._weights is None:
            height, width = pixels.shape[:2]
            raise PictureError(
                f"expected a picture of at most {WHOLE_PIXELS:,} pixels for a network that is quantised "
                f"or of one style; got {width} x {height}. Others are painted at any size."
            )
        numbers = row[0] @ self._weights[TABLE].astype(np.float32)
        exact = pixels.shape[0] * pixels.shape[1] <= EXACT_PIXELS
        more = {"store": np.float32 if exact else np.float16} | more
        return BandPainter(pixels, numbers, self._weights, self._sessions.open, **more).run()


def _unknown(name: str, names: Sequence[str]) -> str:
    """Return the message for a style that is not in ``names``."""
    from difflib import get_close_matches

    start = f"there is no style {name!r} in this network"
    near = get_close_matches(name.lower().replace("_", "-"), names, 3)
    if near:
        return f"{start}; did you mean {' or '.join(near)}?"
    if name and Path(name).exists():
        return f"{start}: impasto train teaches it a painting's, impasto stylize needs no teaching"
    return f"{start}; it has {', '.join(names)}"


def load_gallery(
    path: str | PathLike[str] | None = None, *, threads: int | None = None, device: str = "auto"
) -> Gallery:
    """Return the network in ``path``: a .safetensors file that ``impasto train`` made, or an .onnx file that
    ``impasto export`` made of it, or of a network of one style; the shipped one by default.

    ``threads``: how many the arithmetic may use; as many as the environment allows by default. ``device``:
    cpu; cuda, or cuda:1 and so on; auto for cuda where ONNX Runtime has it. Where it has it and cannot use
    it, auto falls back to the processor and warns (RuntimeWarning); ``Gallery.device`` is the result.

    Raises WeightsMissingError when there is no such file, CorruptWeightsError when it is something else,
    OptionError for a device that cannot be used.
    """
    if threads is not None and threads < 1:
        raise OptionError(f"expected threads of 1 or more; got {threads}")
    chosen = choose_device(device)
    source = SHIPPED if path is None else Path(path)
    data, styles, weights = read_network(source)
    try:
        sessions, session = open_first(data, chosen, threads, auto=device == "auto")
    except (ImpastoError, Warning):  # warnings may be errors
        raise
    except Exception as problem:  # ONNX Runtime's errors have no common base
        reason = " ".join(str(problem).split())[:200]
        raise CorruptWeightsError(
            f"expected a gallery network in {source}; ONNX Runtime cannot use it: {reason}"
        ) from problem
    return Gallery(session, styles, weights, sessions)
