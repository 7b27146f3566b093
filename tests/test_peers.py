"""The comparison with other programs (benchmarks/peers): figures, pairs, records, and absent peers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.judges import Remembered, lpips
from benchmarks.peers.comparison import Worker, filled
from benchmarks.peers.figures import FIGURES, cfsd, ssim, style_loss
from benchmarks.peers.methods import METHODS, PACKAGE, digest
from benchmarks.peers.pairs import OWN, Pair, sized, styleid_pairs
from benchmarks.peers.record import Record
from benchmarks.peers.report import Row, table
from PIL import Image

from impasto.imaging import write
from impasto.types import Picture
from tests.conftest import blobs

PEER = """
from torch import nn

class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(nn.init.zeros_(nn.Linear(1, 1).weight))

Encoder = Modulator = Decoder = Part

class TestNet(nn.Module):
    def __init__(self, *parts):
        super().__init__()
        self.shift = sum(part.shift.item() for part in parts)

    def forward(self, content, style):
        print("chatter")
        return nn.functional.pad(content.mean(1, keepdim=True).expand(-1, 3, -1, -1) + self.shift, (0, 3))
"""
"""A network of MicroAST's names: it makes a photograph grey, brighter by its weights, and wider."""


def make_peer(peers: Path, shift: float = 0.0) -> Path:
    models = peers / "MicroAST" / "models"
    models.mkdir(parents=True)
    (peers / "MicroAST" / "net_microAST.py").write_text(PEER)
    for part in ("content_encoder", "style_encoder", "modulator", "decoder"):
        torch.save({"shift": torch.tensor([[shift]])}, models / f"{part}_iter_160000.pth.tar")
    return peers


def test_lpips_weighs_squared_differences_of_unit_features() -> None:
    first = [torch.tensor([[3.0, 0.0], [4.0, 2.0]]).view(1, 2, 1, 2), torch.ones(1, 1, 2, 2)]
    second = [torch.tensor([[1.0, 0.0], [0.0, 5.0]]).view(1, 2, 1, 2), torch.ones(1, 1, 2, 2) * 7]
    weights = [torch.tensor([1.0, 10.0]), torch.tensor([100.0])]
    # (0.6, 0.8) and (1, 0) at one position, the same direction at the other; one channel has no direction.
    assert lpips(first, second, weights) == pytest.approx((0.4**2 + 10 * 0.8**2) / 2)


def test_cfsd_is_the_divergence_of_similarities_summed_over_positions() -> None:
    random = torch.Generator().manual_seed(0)
    ours, theirs = (4 * torch.randn(1, 3, 5, 4, generator=random) for _ in range(2))
    expected = 0.0
    for k in range(20):
        found, wanted = (
            torch.softmax((f[0].flatten(1).T @ f[0].flatten(1)[:, k]) / 9, 0).double() for f in (ours, theirs)
        )
        expected += float((wanted * (wanted / found).log()).sum())
    assert cfsd(ours, theirs) == pytest.approx(expected, rel=1e-4)
    assert cfsd(theirs, theirs) == 0
    assert cfsd(ours, theirs, every=2) == pytest.approx(expected, rel=0.5)
    assert cfsd(ours, theirs, every=2) != pytest.approx(expected, rel=1e-4)


def test_the_style_loss_counts_means_and_deviations_in_units_of_usual_activity() -> None:
    theirs = {"relu1_1": torch.tensor([1.0, 3.0, 5.0, 6.0]).view(1, 2, 1, 2)}
    ours = {"relu1_1": torch.tensor([5.0, 7.0, 5.0, 6.0]).view(1, 2, 1, 2)}
    assert style_loss(ours, theirs, {"relu1_1": torch.tensor([2.0, 1.0])}) == pytest.approx((4 / 2) ** 2 / 2)


def test_ssim_of_a_picture_with_itself_is_one() -> None:
    picture = blobs(32, 32, seed=1)
    assert ssim(picture, picture) == pytest.approx(1)
    assert ssim(picture[::-1].copy(), picture) < 0.9


def test_a_judge_looks_at_a_picture_once_while_it_is_among_the_last() -> None:
    looked = []
    judge = Remembered(lambda image: looked.append(image) or {"a": image, "b": -image}, count=2)
    first, second, third = (torch.full((1,), value) for value in (1.0, 2.0, 3.0))
    for image in (first, second, first):
        assert judge(image, ["b"]) == {"b": -image}
    assert len(looked) == 2
    judge(third)
    judge(first)
    assert len(looked) == 4


def make_styleid(folder: Path, photos: int = 20, paintings: int = 40) -> Path:
    for kind, count in (("cnt", photos), ("sty", paintings)):
        (folder / "data" / kind).mkdir(parents=True)
        for k in range(count):
            (folder / "data" / kind / f"{k:02}.png").touch()
    return folder


def test_a_part_of_styleids_pairs_shows_all_pictures_alike(tmp_path: Path) -> None:
    folder = make_styleid(tmp_path)
    assert len(set(styleid_pairs(folder))) == 800
    some = styleid_pairs(folder, 20)
    assert len(some) == 40
    assert set(Counter(pair.photo for pair in some).values()) == {2}
    assert set(Counter(pair.painting for pair in some).values()) == {1}
    assert styleid_pairs(folder, 40) == some[:20]


def test_pairs_without_pictures_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="expected StyleID's data/cnt and data/sty"):
        styleid_pairs(tmp_path)


def test_names_of_pairs_are_unique() -> None:
    assert len({Pair(Path(photo), Path(painting)).name for photo, painting in OWN}) == len(OWN) == 20


def test_what_methods_are_given_has_the_size_asked_for(tmp_path: Path) -> None:
    write(Picture(blobs(40, 20, seed=1)), tmp_path / "photo.png")
    with Image.open(sized(tmp_path / "photo.png", 64, tmp_path / "inputs")) as found:
        assert found.size == (64, 32)


def test_an_absent_peer_says_how_to_get_it(tmp_path: Path) -> None:
    for method in METHODS.values():
        line = method.missing(tmp_path)
        assert "\n" not in line
        assert line.startswith(f"{method.name} is left out: no {tmp_path}") == bool(method.folder)
    assert METHODS["microast"].missing(make_peer(tmp_path)) == ""
    (tmp_path / "MicroAST" / "models" / "decoder_iter_160000.pth.tar").unlink()
    assert "decoder_iter_160000" in METHODS["microast"].missing(tmp_path)


def test_a_peer_paints_by_its_own_code_in_its_own_process(tmp_path: Path) -> None:
    make_peer(tmp_path, shift=0.05)
    pixels = np.full((24, 32, 3), [0.2, 0.4, 0.6], np.float32)
    for name in ("photo", "painting"):
        write(Picture(pixels), tmp_path / f"{name}.png")
    inputs, target = (tmp_path / "photo.png", tmp_path / "painting.png"), tmp_path / "result.png"
    with Worker("microast", tmp_path) as worker:
        found = worker.paint(inputs, target)
    assert found["seconds"] >= found["known"] > 0
    assert found["peak"] > 50
    with Image.open(target) as result:
        assert np.asarray(result) == pytest.approx(np.full((24, 32, 3), 0.6 * 255), abs=1)


def test_a_peer_that_fails_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (make_peer(tmp_path) / "MicroAST" / "net_microAST.py").write_text("raise ValueError('broken')")
    with Worker("microast", tmp_path) as worker, pytest.raises(SystemExit, match="microast stopped"):
        worker.paint((tmp_path / "a.png", tmp_path / "b.png"))
    assert "broken" in capfd.readouterr().err


def test_other_weights_are_another_method(tmp_path: Path) -> None:
    first, second = (make_peer(tmp_path / name, shift) for name, shift in (("a", 0.0), ("b", 0.1)))
    assert digest(METHODS["microast"], first) != digest(METHODS["microast"], second)
    network = tmp_path / "network"
    network.write_bytes(b"decoder")
    assert digest(METHODS["fast"], network) != digest(METHODS["fast"], first / "MicroAST" / "net_microAST.py")


def test_what_our_methods_depend_on_exists() -> None:
    for method in METHODS.values():
        assert bool(method.parts) != bool(method.folder)
        assert all((PACKAGE / part).exists() for part in method.parts)


def test_a_record_goes_on_and_forgets_what_was_measured_otherwise(tmp_path: Path) -> None:
    file, key = tmp_path / "record.jsonl", ("pair", "fast", "digest")
    record = Record(file)
    record.paint(key, {"seconds": 1.0})
    record.judge(key, {"ssim": 0.5})
    again = Record(file)
    assert again.painted == {key: {"seconds": 1.0}}
    assert again.judged == {key: {"ssim": 0.5}}
    again.paint(key, {"seconds": 2.0})
    assert Record(file).judged == {}
    lines = [{"key": key, "judged": {"ssim": 0.5}, "measures": "of other code"}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert Record(file).judged == {}


def test_the_table_has_means_of_figures_and_medians_of_times() -> None:
    figures = [dict.fromkeys(FIGURES, value) for value in (0.1, 0.3)]
    times = [{"seconds": 3 * t, "known": 2 * t, "clock": 1.0, "peak": 10 * t} for t in (1, 2, 9)]
    lines = table([Row("bracket", figures), Row("ours", figures, [*times, {"peak": 40.0}])]).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].endswith("| 0.200 |  |  |  |")
    assert lines[3].endswith("| 0.200 | 6.00 | 4.00 | 90 |")


def test_the_painting_as_a_result_is_cut_and_mirrored_not_stretched() -> None:
    painting = torch.arange(12.0).view(1, 1, 2, 6).expand(1, 3, 2, 6)
    found = filled(painting, torch.zeros(1, 3, 3, 4))
    assert found[0, 0].tolist() == [[1, 2, 3, 4], [7, 8, 9, 10], [1, 2, 3, 4]]
