from __future__ import annotations

import pytest

from impasto.weights import REGISTRY, architecture_in_name


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("vgg19-d01eb7cb.pth", "vgg19"),
        ("vgg16-00b39a1b.pth", "vgg16"),
        ("VGG_ILSVRC_19_layers.pth", "vgg19"),
        ("VGG_ILSVRC_16_layers.pth", "vgg16"),
        ("my-VGG-19 finetuned.safetensors", "vgg19"),
        ("vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", "vgg16"),
        ("vgg16_2019-04-19.pth", "vgg16"),
        ("channel_pruning.pth", "vgg16-pruned"),
        ("vgg16_channel_pruned.pth", "vgg16-pruned"),
        ("fcn32s-heavy-pascal.pth", "vgg16"),
        ("VGG16_SOD_finetune.pth", "vgg16"),
        ("nin_imagenet.pth", "nin"),
        ("NIN.safetensors", "nin"),
        ("vgg_conv.pth", None),
        ("finetuning.pth", None),
        ("episode_3.pth", None),
        ("resnet50-19c8e357.pth", None),
        ("", None),
    ],
)
def test_names_say_which_network_a_file_holds(name: str, architecture: str | None) -> None:
    assert architecture_in_name(name) == architecture


def test_published_files_are_called_what_they_are() -> None:
    for file in REGISTRY.values():
        if file.file_name is not None:
            assert architecture_in_name(file.file_name) == file.architecture
