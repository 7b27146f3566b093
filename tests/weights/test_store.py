from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from failing_server import SMALL, Served
from safetensors import numpy as safetensors_numpy
from tests.oracles.made import vgg19

from impasto import weights
from impasto.errors import (
    CorruptWeightsError,
    DownloadError,
    OptionError,
    OutputError,
    WeightsMissingError,
)
from impasto.files import digests
from impasto.weights import architecture, cache, registry
from impasto.weights.registry import WeightsFile

Arrays = dict[str, np.ndarray]


def test_importing_the_room_does_not_import_torch() -> None:
    code = "import sys, impasto.weights; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_published_network_says_where_it_is_from_and_how_to_use_it() -> None:
    assert list(weights.REGISTRY) == ["tiny", "vgg19", "vgg16", "vgg19-caffe", "vgg16-caffe"]
    for name, file in weights.REGISTRY.items():
        assert file.name == name
        assert file.architecture in weights.ARCHITECTURES
        assert file.convention in weights.CONVENTIONS
        assert file.licence
        assert file.source
        if file.url is not None:
            assert file.url.startswith("https://")
            assert file.sha256 is not None
            assert file.file_name == f"{file.architecture}-{file.sha256[:8]}.pth"


def test_a_published_network_is_downloaded_once_and_only_its_convolutions_kept(
    published: WeightsFile, served: Served, folder: Path, tensors: Arrays
) -> None:
    path = weights.ensure("small-caffe")
    assert path == weights.ensure("small-caffe") == weights.locate("small-caffe")
    assert len(served.asked) == 1
    network = weights.read_network(path)
    assert sorted(network.tensors) == sorted(tensors)
    assert network.metadata["convention"] == "caffe"
    assert network.metadata["source_sha256"].startswith(str(published.sha256))
    assert {file.name for file in folder.iterdir()} - {"small-caffe.lock"} == {
        "small-caffe.json",
        "small-caffe.safetensors",
    }


def test_force_downloads_again(published: WeightsFile, served: Served) -> None:
    weights.ensure(published.name)
    weights.ensure(published.name, force=True)
    assert len(served.asked) == 2


def test_a_download_that_was_not_converted_yet_is_not_repeated(
    published: WeightsFile, served: Served, folder: Path
) -> None:
    folder.mkdir()
    (folder / "small-caffe.pth").write_bytes(served.content)
    weights.ensure(published.name)
    assert served.asked == []


def test_a_published_file_of_another_network_is_refused(
    published: WeightsFile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.REGISTRY, published.name, replace(published, architecture="vgg16"))
    with pytest.raises(CorruptWeightsError, match="expected the convolutions of vgg16"):
        weights.ensure(published.name)
    assert not list(folder.glob("*.pth"))


def test_a_failed_download_says_how_to_do_without(published: WeightsFile, served: Served) -> None:
    served.status = [404]
    with pytest.raises(DownloadError, match=r"404 .* `impasto models import FILE --name small-caffe`"):
        weights.ensure(published.name)


def fetch_in_another_process(entry: WeightsFile, answers: multiprocessing.Queue[str]) -> None:
    architecture.ARCHITECTURES["small"] = SMALL
    registry.REGISTRY[entry.name] = entry
    answers.put(str(weights.ensure(entry.name)))


def test_two_processes_at_once_download_once(published: WeightsFile, served: Served) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    processes = [
        context.Process(target=fetch_in_another_process, args=(published, answers)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    paths = {answers.get(timeout=60) for _ in processes}
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    answers.close()
    assert paths == {str(weights.locate(published.name))}
    assert len(served.asked) == 1


@pytest.mark.parametrize(("variable", "offline"), [("1", None), ("yes", None), ("", True), ("0", True)])
def test_offline_nothing_is_asked_and_the_message_says_what_to_do(
    published: WeightsFile,
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    offline: bool | None,
) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", variable)
    with pytest.raises(WeightsMissingError, match="Impasto is offline") as caught:
        weights.ensure(published.name, offline=offline)
    for advice in (
        "`impasto models fetch small-caffe`",
        "`impasto models import FILE",
        "`--encoder tiny`",
    ):
        assert advice in str(caught.value)
    assert served.asked == []


@pytest.mark.parametrize(("variable", "offline"), [("0", None), ("false", None), ("1", False)])
def test_online_is_what_is_not_offline(
    published: WeightsFile, monkeypatch: pytest.MonkeyPatch, variable: str, offline: bool | None
) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", variable)
    assert weights.ensure(published.name, offline=offline).is_file()


def test_offline_what_is_there_is_used(published: WeightsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    path = weights.ensure(published.name)
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    assert weights.ensure(published.name) == path


def test_locating_never_downloads(published: WeightsFile, served: Served) -> None:
    with pytest.raises(WeightsMissingError, match="not on this machine") as caught:
        weights.locate(published.name)
    for advice in ("impasto models fetch small-caffe", "impasto models import FILE", "--encoder tiny"):
        assert advice in str(caught.value)
    assert served.asked == []


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"unknown network 'vgg18'; did you mean .vgg1"):
        weights.locate("vgg18")
    with pytest.raises(OptionError, match="unknown network"):
        weights.ensure("resnet50")
    for name in ("../vgg19", "VGG 19", ""):
        with pytest.raises(OptionError, match="made of lower-case letters"):
            weights.locate(name)


def test_a_changed_byte_is_found_by_verifying(published: WeightsFile) -> None:
    path = weights.ensure(published.name)
    assert weights.verify(published.name).sha256 == digests.of_file(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptWeightsError, match=r"is not what was stored.*models fetch small-caffe"):
        weights.verify(published.name)


def test_a_shortened_file_is_found_at_once(published: WeightsFile) -> None:
    path = weights.ensure(published.name)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(CorruptWeightsError, match="bytes, it has"):
        weights.locate(published.name)


def test_a_file_without_its_record_counts_as_missing(published: WeightsFile) -> None:
    cache.record_path(weights.ensure(published.name)).unlink()
    assert not weights.present(published.name)
    with pytest.raises(WeightsMissingError):
        weights.locate(published.name)
    assert weights.ensure(published.name).is_file()


def test_the_bundled_network_needs_no_folder_and_no_download(
    tensors: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    bundled = tmp_path / "data" / "tiny.safetensors"
    monkeypatch.setattr(cache, "bundled_path", lambda: bundled)
    with pytest.raises(WeightsMissingError, match="missing from this installation"):
        weights.ensure("tiny")
    bundled.parent.mkdir()
    stored = weights.save_network(
        bundled, tensors, name="tiny", convention="centred", licence="MIT", source="a test"
    )
    assert weights.ensure("tiny") == weights.locate("tiny") == bundled
    assert weights.verify("tiny") == stored
    assert not folder.exists()


def test_the_bundled_network_is_in_the_package_and_right() -> None:
    stored = weights.verify("tiny")
    network = weights.read_network(weights.locate("tiny"))
    assert network.architecture == architecture.TINY
    assert (stored.convention, stored.padding) == ("centred", "reflect")


@pytest.mark.usefixtures("published")
def test_a_published_file_is_known_by_its_digest(served: Served, tmp_path: Path) -> None:
    path = tmp_path / "renamed.pth"
    path.write_bytes(served.content)
    stored = weights.import_file(path)
    assert (stored.name, stored.convention, stored.licence) == ("small-caffe", "caffe", "CC BY 4.0")
    assert path.read_bytes() == served.content
    assert weights.locate("small-caffe").is_file()
    assert served.asked == []


def test_a_published_file_saved_again_is_known_by_its_name(
    published: WeightsFile, numbered: Arrays, torch_file: Callable[..., Path]
) -> None:
    stored = weights.import_file(torch_file(numbered, "small.pth", zipped=False))
    assert (stored.name, stored.convention) == ("small-caffe", "caffe")
    assert not stored.source_sha256.startswith(str(published.sha256))


@pytest.mark.usefixtures("small")
def test_the_convention_must_be_given_where_nothing_tells_it(
    numbered: Arrays, torch_file: Callable[..., Path]
) -> None:
    path = torch_file(numbered, "My Network.pth")
    with pytest.raises(OptionError, match="expected --convention caffe"):
        weights.import_file(path)
    with pytest.raises(OptionError, match="one of caffe, torchvision, centred; got 'bgr'"):
        weights.import_file(path, convention="bgr")
    stored = weights.import_file(path, convention="torchvision")
    assert (stored.name, stored.architecture, stored.licence) == ("my-network", "small", "unknown")
    assert weights.stored_names() == ["my-network"]
    assert weights.verify("my-network") == stored


def test_what_impasto_wrote_needs_no_convention(tensors: Arrays, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    weights.save_network(
        path, tensors, name="mine", convention="centred", licence="MIT", source="me", padding="reflect"
    )
    stored = weights.import_file(path, "yours")
    assert (stored.name, stored.convention, stored.padding) == ("yours", "centred", "reflect")
    assert (stored.licence, stored.source) == ("MIT", "me")


def test_names_that_cannot_be_used_are_refused(tensors: Arrays, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    safetensors_numpy.save_file(tensors, path)
    for name in ("tiny", "../x", "A"):
        with pytest.raises(OptionError):
            weights.import_file(path, name, convention="caffe")
    with pytest.raises(CorruptWeightsError, match="expected the convolutions of vgg19"):
        weights.import_file(path, "vgg19")


def test_a_network_can_be_imported_again(tensors: Arrays, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    for _ in range(2):
        safetensors_numpy.save_file(tensors, path)
        stored = weights.import_file(path, convention="caffe")
        tensors["conv1_1.bias"] = tensors["conv1_1.bias"] + 1
    assert weights.verify("x") == stored


def test_a_folder_that_cannot_be_made_is_an_output_error(
    tensors: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.safetensors"
    safetensors_numpy.save_file(tensors, path)
    monkeypatch.setenv("IMPASTO_WEIGHTS_DIR", str(path / "inside-a-file"))
    with pytest.raises(OutputError, match="or another in IMPASTO_WEIGHTS_DIR"):
        weights.import_file(path, convention="caffe")
    assert weights.stored_names() == []


def test_a_folder_without_room_for_a_lock_is_an_output_error(
    published: WeightsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("filelock.FileLock.acquire", lambda *_, **__: refuse())
    with pytest.raises(OutputError, match=r"Permission denied; expected .*IMPASTO_WEIGHTS_DIR"):
        weights.ensure(published.name)


def test_the_folder_is_the_users_cache_unless_another_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS_DIR", "~/mine")
    assert weights.folder() == Path.home() / "mine"
    monkeypatch.delenv("IMPASTO_WEIGHTS_DIR")
    assert weights.folder().name == "weights"
    assert "impasto" in weights.folder().parts


def test_the_first_eight_convolutions_are_imported_and_say_how_deep_they_go(tmp_path: Path) -> None:
    path = tmp_path / "eight.safetensors"
    safetensors_numpy.save_file(vgg19(8), path)
    stored = weights.import_file(path, "vgg19-caffe")
    assert (stored.architecture, stored.convolutions, stored.deepest) == ("vgg19", 8, "conv3_4")
    assert stored.convention == "caffe"
    record = json.loads(cache.record_path(weights.path("vgg19-caffe")).read_text())
    assert record["deepest"] == "conv3_4"
    assert weights.verify("vgg19-caffe") == stored
    with pytest.raises(CorruptWeightsError, match="vgg16"):
        weights.import_file(path, "vgg16-caffe")
