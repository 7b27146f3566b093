from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from impasto.errors import CorruptWeightsError, OptionError
from impasto.weights import ModelFile, model_file

Arrays = dict[str, np.ndarray]


@pytest.mark.parametrize(
    ("path", "architecture"),
    [
        ("models/vgg19-d01eb7cb.pth", "vgg19"),
        ("models/vgg16-00b39a1b.pth", "vgg16"),
        ("models/nin_imagenet.pth", "nin"),
        ("models/channel_pruning.pth", "vgg16-pruned"),
        ("/home/vgg19/vgg16-00b39a1b.pth", "vgg16"),
        # torchvision's own files are given Caffe's input too, as in the original.
        (Path("vgg19-dcbb9e9d.pth"), "vgg19"),
    ],
)
def test_the_name_decides_and_the_input_is_always_caffes(path: str | Path, architecture: str) -> None:
    assert model_file(path) == ModelFile(architecture, "caffe")


def test_a_name_that_does_not_say_leaves_it_to_the_layout(
    numbered: Arrays, torch_file: Callable[..., Path], small: object
) -> None:
    assert small
    assert model_file(torch_file(numbered, "vgg_conv.pth")) == ModelFile("small", "caffe")
    numbered["features.2.weight"] = np.ones((4, 4, 5, 5), np.float32)
    with pytest.raises(CorruptWeightsError):
        model_file(torch_file(numbered, "other.pth"))


def test_a_name_that_does_not_say_and_no_file_is_refused() -> None:
    with pytest.raises(OptionError, match=r"vgg19, vgg16, pruning.*got 'models/mine\.pth'"):
        model_file("models/mine.pth")
