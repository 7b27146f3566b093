"""Damaged files are refused in one line, with the reason (tests/test_fuzz.py tries thousands)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from impasto.catalogue.files import read_style
from impasto.catalogue.lookup import named_styles
from impasto.cli.stylize import read_recipe
from impasto.errors import CorruptWeightsError, InputError, OptionError, StyleError
from impasto.files.json_text import parse_json
from impasto.inference.any_painting_weights import read_weights
from impasto.jobs import Job, Reference
from impasto.jobs.manifest import manifest, records
from impasto.networks.johnson import JohnsonNetwork, read_johnson
from impasto.optimize.checkpoints import read_checkpoint, write_checkpoint
from impasto.optimize.options import OptimizeOptions
from impasto.pipelines.photo import paint_job
from tests.inference.networks import changed, darker


@pytest.mark.parametrize("text", ["[" * 100_000, "NaN", "[1e999]", '{"a": -Infinity}', "{", b"\xff"])
def test_what_is_not_json_is_one_kind_of_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"nested|NaN|large|Infinity|Expecting|decode"):
        parse_json(text)


def test_a_recipe_nested_too_deeply_or_with_impossible_paths_is_refused(tmp_path: Path) -> None:
    recipe = Job(Reference("a.png"), (Reference("b.png"),)).recipe()
    for text in ("[" * 100_000, json.dumps(recipe | {"content": "a\0b.png"}), "{}"):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(InputError, match=r"x\.json"):
            read_recipe(tmp_path / "x.json")
    (tmp_path / "x.json").write_text(json.dumps(recipe | {"content": "x" * 5000}))
    read_recipe(tmp_path / "x.json")  # a file nobody can have; the painting will say so


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"size": NaN}', "NaN is not a number of JSON"),
        ('{"size": [1]}', "wrong or missing"),
        ('{"output": "a", "status": "done", "job": {}, "seconds": "x"}', "seconds of a record"),
        ('{"output": "a", "status": "done", "job": {}, "size": [1, null]}', "size of a record"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_damaged_manifest_is_refused_with_its_line(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text(text + "\n")
    with pytest.raises(InputError, match=f"line 1.*{words}"):
        records(manifest(str(tmp_path)))


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("positions", np.zeros(1, np.int64), "of another kind"),
        ("positions", np.zeros(2, np.int64), "do not fit together"),
        ("mean", np.full(12, np.nan, np.float32), "fit together|not all finite"),
        ("mean", np.zeros(12, np.int8), "fit together|of another kind"),
    ],
)
def test_a_style_file_with_other_numbers_is_refused(
    name: str, array: np.ndarray, words: str, tmp_path: Path
) -> None:
    whole = named_styles()["starry-night"]
    arrays = load_file(whole)
    key = next(k for k in arrays if k.endswith(f"relu1_1/{name}"))
    arrays[key] = np.resize(array, arrays[key].shape) if name == "mean" else array
    length = int.from_bytes(whole.read_bytes()[:8], "little")
    about = json.loads(whole.read_bytes()[8 : 8 + length])["__metadata__"]
    save_file(arrays, tmp_path / "x.style", about)
    with pytest.raises(StyleError, match=words):
        read_style(tmp_path / "x.style")


def test_a_style_file_whose_positions_have_one_dimension_is_read(tmp_path: Path) -> None:
    whole = named_styles()["starry-night"]
    arrays = {k: a.reshape(1) if k.endswith("positions") else a for k, a in load_file(whole).items()}
    length = int.from_bytes(whole.read_bytes()[:8], "little")
    save_file(arrays, tmp_path / "x.style", json.loads(whole.read_bytes()[8 : 8 + length])["__metadata__"])
    style = read_style(tmp_path / "x.style")
    assert style.numbers(style.card.encoder, ["relu1_1"], 256)["relu1_1"][2] > 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_network_with_a_weight_that_is_no_number_is_refused(value: float, tmp_path: Path) -> None:
    arrays = load_file(darker(tmp_path / "whole.style"))
    name = next(n for n in arrays if n.endswith("weight"))
    arrays[name].flat[0] = value
    _save_beside(arrays, tmp_path)
    with pytest.raises(CorruptWeightsError, match="expected finite numbers"):
        read_weights(tmp_path / "x.style")
    state = JohnsonNetwork().state_dict()
    state["conv1.conv2d.weight"][0] = value
    torch.save(state, tmp_path / "x.pth")
    with pytest.raises(CorruptWeightsError, match="expected finite numbers"):
        read_johnson(tmp_path / "x.pth")


def test_a_network_of_whole_numbers_is_refused(tmp_path: Path) -> None:
    arrays = load_file(darker(tmp_path / "whole.style"))
    name = next(n for n in arrays if n.endswith("weight"))
    arrays[name] = arrays[name].astype(np.int8)
    _save_beside(arrays, tmp_path)
    with pytest.raises(CorruptWeightsError, match="got int8"):
        read_weights(tmp_path / "x.style")


@pytest.mark.parametrize(
    ("tensor", "array", "words"),
    [
        ("of", np.zeros(8, np.uint8), "made for another version"),
        ("finest.nothing.weight", np.zeros(8, np.uint8), "does not have"),
        ("colours.weight", np.zeros(7, np.uint8), "expected the change of a tensor of shape"),
        ("colours.weight", np.zeros(7, np.float16), "expected the change of a tensor of shape"),
        ("colours.weight/step", np.zeros(4, np.float16), "expected change/colours.weight/step"),
        ("colours.weight/step", np.full(3, np.inf, np.float16), "expected finite numbers"),
        ("colours.bias", np.zeros(4, np.float16), "expected the change of a tensor of shape"),
        ("colours.bias", np.full(3, np.nan, np.float16), "expected finite numbers"),
    ],
)
def test_a_style_that_changes_the_network_in_a_way_it_cannot_be_changed_is_refused(
    tensor: str, array: np.ndarray, words: str, tmp_path: Path
) -> None:
    arrays = load_file(changed(tmp_path / "whole.style"))
    arrays[f"change/{tensor}"] = array
    _save_beside(arrays, tmp_path)
    with pytest.raises(CorruptWeightsError, match=words):
        read_weights(tmp_path / "x.style")


def _save_beside(arrays: dict[str, np.ndarray], folder: Path) -> None:
    whole = (folder / "whole.style").read_bytes()
    about = json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])["__metadata__"]
    save_file(arrays, folder / "x.style", about)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("variable", torch.full((1, 3, 64, 96), float("nan"))),
        ("variable", 3),
        ("variable", torch.zeros(3)),
        ("optimizer", {}),
        ("optimizer", {"steps": [1], "changes": [2], "inverses": [3], "scale": 1, "gradient": 2, "moved": 3}),
        ("rate", "fast"),
        ("iteration", -1),
        ("history", {}),
    ],
)
def test_a_checkpoint_with_another_state_is_refused(
    name: str, value: object, photo_file: Path, tmp_path: Path
) -> None:
    job = Job(
        Reference(str(photo_file)),
        (Reference("starry-night"),),
        options=OptimizeOptions(size=96, iterations=3, min_size=0),
    )
    path = tmp_path / "it.state"
    paint_job(job, checkpoint=path, cancel=lambda: True)
    held, state = read_checkpoint(path)
    state["descent"][name] = value
    write_checkpoint(path, held, state)
    with pytest.raises(InputError, match="the state in the checkpoint is damaged"):
        paint_job(job, checkpoint=path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("style_scale", 1e308),
        ("style_weight", 1e308),
        ("size", 10**400),
        ("tile", 2**70),
        ("style_size", 10**9),
    ],
)
def test_an_option_out_of_all_bounds_is_refused(name: str, value: float) -> None:
    with pytest.raises(OptionError, match=f"expected {name} to be"):
        OptimizeOptions(**{name: value})  # type: ignore[arg-type]
