from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from impasto.catalogue.files import read_style, write_style
from impasto.catalogue.lookup import named_styles
from impasto.inference.any_painting_numbers import BUNDLED
from impasto.inference.any_painting_weights import (
    digest_of,
    mix_weights,
    pack_changes,
    read_changes,
    read_weights,
)
from tests.inference.networks import darker


def test_changes_are_kept_in_four_bits_each_and_read_back_to_half_a_step(tmp_path: Path) -> None:
    named, base = read_style(named_styles()["great-wave"]), read_weights()
    random = np.random.RandomState(0)
    changes = {
        name: (0.01 * random.standard_normal(numbers.shape)).astype(np.float32)
        for name, numbers in load_file(BUNDLED).items()
        if name.startswith(("finest", "colours"))
    }
    packed, path = pack_changes(changes), tmp_path / "changed.style"
    write_style(path, named.card, {**named.tensors, **packed})
    assert read_style(path).is_refined
    found = read_weights(path)
    assert {name for name in base if not np.array_equal(base[name], found[name])} == changes.keys()
    for name, change in changes.items():
        got = found[name] - base[name].astype(np.float32)
        if change.ndim == 1:
            assert np.allclose(got, change, atol=1e-5)
            continue
        assert packed[f"change/{name}"].nbytes == (change.size + 1) // 2
        step = packed[f"change/{name}/step"].astype(np.float32)[:, None, None, None]
        near = np.abs(change) < 7 * step
        assert near.mean() > 0.95
        assert np.abs((got - change) / step)[near].max() < 0.501
    assert read_changes(path).keys() == {n.removeprefix("change/") for n in packed} - {"of"}


def test_a_mixture_has_each_network_by_its_share(tmp_path: Path) -> None:
    dark, bundled = darker(tmp_path / "dark.style"), BUNDLED
    found = mix_weights({dark: 3.0, bundled: 1.0})
    base = read_weights()
    assert np.allclose(found["colours.bias"], base["colours.bias"] - 0.75, atol=2e-3)
    assert np.allclose(found["colours.weight"], base["colours.weight"], atol=1e-6)
    names = [
        digest_of(shares)
        for shares in ({dark: 1.0}, {bundled: 1.0}, {dark: 3.0, bundled: 1.0}, {dark: 1.0, bundled: 1.0})
    ]
    assert len(set(names)) == 4
    assert digest_of({bundled: 1.0, dark: 3.0}) == names[2]
