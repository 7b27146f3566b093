"""A network of one style, such as johnson2016's, in an ONNX file that ``impasto export`` made."""

from __future__ import annotations

from pathlib import Path

from impasto.errors import CorruptWeightsError, ImpastoError, PictureError, WeightsMissingError
from impasto.files import digests, reason_of
from impasto.files.tensors import not_finite
from impasto.inference.onnx_files import read_constants
from impasto.inference.pictures import check_pixels, planes, to_pixels
from impasto.inference.sessions import choose_device, open_first, run
from impasto.inference.styles import KEY, understand
from impasto.types import Pixels

MOST_PIXELS = 2_500_000
"""The largest picture: instance normalisation needs all of it in memory at once."""


class OneStylePainter:
    """Paints in the one style of its network; several threads may use one at once.

    ``style``: the file's description of the style. ``digest``: the SHA-256 of the file. ``device``: cpu, cuda
    or cuda:N.
    """

    def __init__(self, path: Path, *, threads: int | None = None, device: str = "auto") -> None:
        """``threads`` and ``device``: as for ``AnyPaintingPainter``.

        Raises WeightsMissingError when there is no such file, CorruptWeightsError when it is something else,
        OptionError for a device that cannot be used.
        """
        chosen = choose_device(device)
        if not path.is_file():
            raise WeightsMissingError(f"expected a network of one style in {path}; there is no such file")
        data = path.read_bytes()
        try:
            constants, metadata = read_constants(data)
        except ValueError as problem:
            raise CorruptWeightsError(
                f"expected a network of one style, .onnx; {path} is something else ({problem})"
            ) from problem
        if odd := not_finite(constants.items()):
            raise CorruptWeightsError(f"expected finite numbers in {path}; some of {odd} are not")
        self.style = understand(metadata.get(KEY), str(path))
        self.digest = digests.of_bytes(data)
        try:
            sessions, self._session = open_first(data, chosen, threads, auto=device == "auto")
        except (ImpastoError, Warning):  # warnings may be errors
            raise
        except Exception as problem:  # ONNX Runtime's errors have no common base
            raise CorruptWeightsError(
                f"expected a network of one style in {path}; ONNX Runtime cannot use it: {reason_of(problem)}"
            ) from problem
        self.device = sessions.device

    def paint(self, pixels: Pixels) -> Pixels:
        """Return ``pixels`` (H, W, 3) in [0, 1] painted. Raises PictureError if they are too few or too
        many."""
        height, width = check_pixels(pixels).shape[:2]
        if height * width > MOST_PIXELS:
            raise PictureError(
                f"expected a picture of at most {MOST_PIXELS:,} pixels for a network of one style; got "
                f"{width} x {height}. The network for any painting paints any size."
            )
        try:
            painting = run(self._session, self.device, ["painting"], {"image": planes(pixels)})[0]
        except (ImpastoError, MemoryError):
            raise
        except Exception as problem:  # ONNX Runtime's errors have no common base
            raise CorruptWeightsError(f"the network cannot paint: {reason_of(problem)}") from problem
        if painting.shape[:2] != (1, 3) or painting.ndim != 4:
            raise CorruptWeightsError(f"expected a network that paints in 3 colours; got {painting.shape}")
        return to_pixels(painting[:, :, :height, :width])
