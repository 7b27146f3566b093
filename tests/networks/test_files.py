from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from impasto.errors import CorruptWeightsError, InputError, OutputError, WeightsMissingError
from impasto.networks.files import load_network, read_card, save_network
from tests.inference.networks import STYLES, make_file, make_network


def test_a_network_comes_back_with_its_styles_and_its_card(tmp_path: Path) -> None:
    found, styles = load_network(make_file(tmp_path / "n.safetensors", half=False))
    wanted = make_network().state_dict()
    assert all(torch.equal(t, wanted[name]) for name, t in found.state_dict().items())
    assert styles == STYLES
    assert read_card(tmp_path / "n.safetensors") == {"licence": "MIT"}
    assert not found.training
    assert not any(p.requires_grad for p in found.parameters())


def test_half_precision_is_half_the_file_and_rounds_once(tmp_path: Path) -> None:
    one, two = (make_file(tmp_path / f"{h}.safetensors", half=h) for h in (True, False))
    assert one.stat().st_size < 0.52 * two.stat().st_size
    found, _ = load_network(one)
    assert torch.equal(found.table, make_network().table.half().float())


def test_styles_that_do_not_fit_the_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="table of 3 rows for 1 styles"):
        save_network(tmp_path / "n.safetensors", make_network(), STYLES[:1])
    with pytest.raises(InputError, match="name of its own"):
        save_network(tmp_path / "n.safetensors", make_network(), [STYLES[0], STYLES[0]])
    assert list(tmp_path.iterdir()) == []


def test_numbers_too_large_for_the_file_are_refused(tmp_path: Path) -> None:
    network = make_network()
    with torch.no_grad():
        network.table[1, 40] = 1e6
    with pytest.raises(InputError, match="table"):
        save_network(tmp_path / "n.safetensors", network, STYLES)
    save_network(tmp_path / "n.safetensors", network, STYLES, half=False)


def test_a_folder_that_is_not_there_is_an_output_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="none"):
        make_file(tmp_path / "none" / "n.safetensors")


def test_files_of_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="no such file"):
        load_network(tmp_path / "none.safetensors")
    path = tmp_path / "other.safetensors"
    path.write_text("not at all")
    with pytest.raises(CorruptWeightsError, match="not one"):
        load_network(path)
    save_file({"x": torch.zeros(2)}, path)
    with pytest.raises(CorruptWeightsError, match="something else"):
        load_network(path)
    save_file({"x": torch.zeros(2)}, path, {"impasto": '{"kind": "gallery", "format": 9, "styles": []}'})
    with pytest.raises(CorruptWeightsError, match="format 9"):
        load_network(path)
    save_file({"x": torch.zeros(2)}, path, {"impasto": '{"kind": "gallery", "format": 1, "styles": [7]}'})
    with pytest.raises(CorruptWeightsError, match="damaged"):
        load_network(path)
    save_file({"x": torch.zeros(2)}, path, {"impasto": '{"kind": "gallery", "format": 1, "styles": []}'})
    with pytest.raises(CorruptWeightsError, match="called table"):
        load_network(path)


def test_the_shipped_network_is_small_and_the_same_in_both_its_files() -> None:
    from impasto.inference.gallery import SHIPPED
    from impasto.inference.onnx_files import read_constants
    from impasto.networks.files import GALLERY

    assert GALLERY.stat().st_size + SHIPPED.stat().st_size <= 4_000_000
    found, _ = load_network()
    constants, _ = read_constants(SHIPPED.read_bytes())
    for name, tensor in found.state_dict().items():
        assert torch.equal(tensor, torch.from_numpy(constants[name].copy()).float()), name


def test_what_is_said_of_the_shipped_network_is_said_of_this_file() -> None:
    from impasto.networks.files import GALLERY

    known = json.loads(GALLERY.with_suffix(".json").read_text())
    assert known["sha256"] == hashlib.sha256(GALLERY.read_bytes()).hexdigest()
    assert known["size"] == GALLERY.stat().st_size
    assert known["styles"] == [style.name for style in load_network()[1]]
    assert str(read_card()["steps"]) in known["source"]
