"""Gallery networks to ONNX: one file, any picture size, styles as an input."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.files import replace
from impasto.inference.graphs import whole
from impasto.inference.onnx_files import count_nodes
from impasto.inference.onnx_runtime import onnxruntime
from impasto.inference.styles import KEY, describe, rows_of
from impasto.networks.export.parity import (
    Difference,
    Export,
    Tensor4,
    calibration,
    check_difference,
    check_precision,
    compare,
    comparison_pictures,
)
from impasto.networks.export.quantisation import quantise
from impasto.networks.files import load_network, read_card
from impasto.networks.gallery import GalleryNetwork
from impasto.types import Pixels


def export_gallery(
    source: str | PathLike[str] | None,
    target: str | PathLike[str],
    *,
    precision: str = "fp32",
    photos: Sequence[Pixels] = (),
) -> Export:
    """Write the gallery network in ``source`` (the shipped one for None) as the ONNX file ``target``.

    Inputs ``image`` (1, 3, H, W) in [0, 1], any H and W from 16, and ``weights`` (1, rows), see
    ``Gallery.row``; output ``painting``. Styles and licence are in the metadata, as JSON under "impasto".

    ``precision``: "fp32"; "fp16" stores numbers in half precision, which is half the file, and still
    computes in float32, so that it runs, and paints the same, everywhere; "int8" quantises convolutions,
    calibrated on ``photos`` ((H, W, 3) in [0, 1]), or on pictures made for it.

    The graph is put together here, operation by operation (see ``runtime.graphs``); torch's own exporters
    give the same picture from two to four times as many. Every file is compared with torch before it is
    written. Raises WeightsError where they differ by more than 1e-3 (int8: by more than is small), and
    what ``load_network`` raises.
    """
    check_precision(precision)
    network, styles = load_network(source)
    rows = rows_of(styles)
    card = {"licence": "", "precision": precision} | read_card(source)
    metadata = {KEY: describe(styles, card | {"precision": precision})}
    stored = np.float16 if precision == "fp16" else np.float32
    weights = {name: t.numpy().astype(stored) for name, t in network.state_dict().items()}
    data = whole(weights, rows, metadata)
    if precision == "int8":
        feeds = [{"image": p, "weights": _row(k, rows)} for k, p in enumerate(calibration(photos))]
        data = quantise(data, feeds, metadata)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    found = [_compare(session, network, row, comparison_pictures(precision, photos)) for row in _rows(rows)]
    worst = check_difference(found, precision)
    replace(Path(target), data)
    return Export(Path(target), "gallery", precision, len(data), count_nodes(data), worst, tuple(styles))


def _compare(
    session: Any, network: GalleryNetwork, row: NDArray[np.float32], pictures: Sequence[Tensor4]
) -> Difference:
    def ours(image: Tensor4) -> Tensor4:
        found: Tensor4 = session.run(["painting"], {"image": image, "weights": row})[0]
        return found

    return compare(ours, lambda image: _torch(network, image, row), pictures)


def _row(number: int, rows: int) -> NDArray[np.float32]:
    """Return a row of the table at full strength; each in turn."""
    row = np.zeros((1, rows), np.float32)
    row[0, 1 + number % (rows - 1) if rows > 1 else 0] = 1
    return row


def _rows(rows: int) -> list[NDArray[np.float32]]:
    """Return every row alone, and a blend of all."""
    return [*np.eye(rows, dtype=np.float32)[:, None], np.full((1, rows), 1 / rows, np.float32)]


def _torch(network: GalleryNetwork, image: Tensor4, row: NDArray[np.float32]) -> Tensor4:
    with torch.inference_mode():
        found: Tensor4 = network(torch.from_numpy(image), torch.from_numpy(row)).numpy()
    return found
