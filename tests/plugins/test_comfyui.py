"""The nodes in a stand-in for ComfyUI: its conventions for nodes, and the steps of its published loader."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from tests.conftest import blobs
from tests.plugins.conftest import StandIn

TYPES = {"IMAGE", "MASK", "STRING", "INT", "FLOAT", "BOOLEAN", "IMPASTO_STYLE"}


class Interrupted(Exception):  # noqa: N818 - as ComfyUI's InterruptProcessingException
    pass


class Comfy:
    """The stand-in: ``nodes`` by name, what progress bars showed, whether the queue was stopped."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.nodes: dict[str, Any] = {}
        self.titles: dict[str, str] = {}
        self.shown: list[tuple[int, int]] = []
        self.asked_before_stop = 10**9

    def modules(self) -> dict[str, ModuleType]:
        comfy, utils, management = (ModuleType(f"comfy{n}") for n in ("", ".utils", ".model_management"))
        stand_in = self

        class ProgressBar:
            def __init__(self, total: int) -> None:
                self.total = total

            def update_absolute(self, value: int, total: int | None = None) -> None:
                stand_in.shown.append((value, total or self.total))

        def interrupted() -> bool:
            stand_in.asked_before_stop -= 1
            return stand_in.asked_before_stop < 0

        def throw() -> None:
            if interrupted():
                raise Interrupted

        utils.ProgressBar = ProgressBar  # type: ignore[attr-defined]
        management.processing_interrupted = interrupted  # type: ignore[attr-defined]
        management.throw_exception_if_processing_interrupted = throw  # type: ignore[attr-defined]
        comfy.utils, comfy.model_management = utils, management  # type: ignore[attr-defined]
        paths = ModuleType("folder_paths")
        paths.get_output_directory = lambda: str(self.output)  # type: ignore[attr-defined]
        found = {"comfy": comfy, "comfy.utils": utils, "comfy.model_management": management}
        return {**found, "folder_paths": paths}

    def load(self, folder: Path) -> None:
        """Load a folder of custom_nodes as ComfyUI does: under its path, with dots replaced."""
        name = str(folder).replace(".", "_x_")
        spec = importlib.util.spec_from_file_location(name, folder / "__init__.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        self.nodes = module.NODE_CLASS_MAPPINGS
        self.titles = module.NODE_DISPLAY_NAME_MAPPINGS

    def run(self, name: str, /, **given: Any) -> Any:
        """Run a node as the executor does: checked inputs, defaults where none is given; its first output."""
        node = self.nodes[name]
        inputs = node.INPUT_TYPES()
        values = {}
        for key, declared in {**inputs["required"], **inputs.get("optional", {})}.items():
            options = declared[1] if len(declared) > 1 else {}
            if key in given:
                values[key] = given[key]
            elif "default" in options:
                values[key] = options["default"]
            else:
                assert key in inputs.get("optional", {}), f"{name} needs {key}"
        assert set(given) <= set(values)
        outputs = getattr(node(), node.FUNCTION)(**values)
        assert isinstance(outputs, tuple)
        assert len(outputs) == len(node.RETURN_TYPES)
        return outputs[0]


@pytest.fixture
def comfy(program: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Comfy]:
    (tmp_path / "output").mkdir()
    stand_in = Comfy(tmp_path / "output")
    for name, module in stand_in.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    before = set(sys.modules)
    stand_in.load(program.install("comfyui", tmp_path / "custom_nodes"))
    yield stand_in
    for name in set(sys.modules) - before:
        if name.startswith(str(tmp_path).replace(".", "_x_")):
            del sys.modules[name]


def images(count: int = 1, width: int = 48, height: int = 32) -> torch.Tensor:
    return torch.stack([torch.from_numpy(blobs(width, height, seed=seed)) for seed in range(count)])


def test_every_node_keeps_comfyui_s_conventions(comfy: Comfy) -> None:
    assert set(comfy.titles) == set(comfy.nodes)
    for node in comfy.nodes.values():
        assert node.CATEGORY == "impasto"
        assert callable(getattr(node, node.FUNCTION))
        assert set(node.RETURN_TYPES) <= TYPES
        inputs = node.INPUT_TYPES()
        assert set(inputs) <= {"required", "optional"}
        for kind, *options in (one for group in inputs.values() for one in group.values()):
            assert kind in TYPES if isinstance(kind, str) else len(kind) == len(set(kind))
            for option in options:
                if isinstance(kind, list):
                    assert option["default"] in kind


def test_each_picture_of_a_batch_is_painted_at_its_own_size(comfy: Comfy, program: StandIn) -> None:
    style = comfy.run("ImpastoNamedStyle", style="great-wave")
    photos = images(2)
    painted = comfy.run("ImpastoFast", images=photos, style=style)
    assert painted.shape == photos.shape
    assert painted.dtype == torch.float32
    assert (painted - photos).abs().max() <= 0.5 / 255 + 1e-6  # the stand-in gives the photograph back
    assert [one["arguments"][0] for one in program.records] == ["fast", "fast"]
    assert program.arguments[program.arguments.index("--size") + 1] == "48"
    assert comfy.shown[0] == (0, 2000)
    assert comfy.shown[-1] == (2000, 2000)
    values = [value for value, _ in comfy.shown]
    assert values == sorted(values)


def test_stopping_the_queue_stops_the_program_as_comfyui_s_own_nodes_do(
    comfy: Comfy, program: StandIn
) -> None:
    program.behave(for_ever=True)
    comfy.asked_before_stop = 5
    style = comfy.run("ImpastoNamedStyle")
    with pytest.raises(Interrupted):
        comfy.run("ImpastoStylize", images=images(), style=style)


def test_styles_blend_with_weights_whatever_they_are(comfy: Comfy, program: StandIn) -> None:
    (comfy.output / "mine.style").write_bytes(b"")
    named = comfy.run("ImpastoNamedStyle", style="great-wave")
    picture = comfy.run("ImpastoPaintingStyle", painting=images())
    file = comfy.run("ImpastoStyleFile", file="mine.style")
    pair = comfy.run("ImpastoBlend", first=named, second=picture, share_of_second=0.25)
    three = comfy.run("ImpastoBlend", first=pair, second=file, share_of_second=0.5)
    comfy.run("ImpastoStylize", images=images(), style=three, size=64)
    words = program.arguments
    assert words[2] == "great-wave:0.375"
    assert words[3].endswith("style-1.png:0.125")
    assert words[4] == f"{comfy.output / 'mine.style'}:0.5"
    alone = comfy.run("ImpastoBlend", first=named, second=picture, share_of_second=0.0)
    assert alone == named


def test_masks_follow_the_pictures_of_a_batch(comfy: Comfy, program: StandIn) -> None:
    written: dict[str, list[str]] = {}
    masks = torch.stack([torch.full((32, 48), 0.2), torch.full((32, 48), 0.8)])
    sea = comfy.run("ImpastoMaskedStyle", style=comfy.run("ImpastoNamedStyle"), mask=masks)
    sky = comfy.run("ImpastoMaskedStyle", style=comfy.run("ImpastoNamedStyle"), mask=1 - masks)
    both = comfy.run("ImpastoBlend", first=sea, second=sky)
    comfy.run("ImpastoFast", images=images(3), style=both, protect=masks[0])
    for one in program.records:
        for option, value in zip(one["arguments"], one["arguments"][1:], strict=False):
            if option in ("--content-mask", "--protect"):
                written.setdefault(option, []).append(Path(value).name)
    assert written == {
        "--content-mask": ["mask-0.png", "mask-1.png"] * 3,
        "--protect": ["protect.png"] * 3,
    }
    with pytest.raises(Exception, match="mask first, then blend"):
        comfy.run("ImpastoMaskedStyle", style=both, mask=masks)


def test_a_batch_is_a_film_whose_frames_keep_their_order(comfy: Comfy, program: StandIn) -> None:
    frames = images(12)
    style = comfy.run("ImpastoNamedStyle")
    painted = comfy.run("ImpastoFilm", frames=frames, style=style, steadiness=0.5)
    assert (painted - frames).abs().max() <= 0.5 / 255 + 1e-6
    assert len(program.records) == 1
    assert program.arguments[0] == "video"
    assert program.arguments[program.arguments.index("--keep") + 1] == "0.5"
    masked = comfy.run("ImpastoMaskedStyle", style=style, mask=torch.ones(32, 48))
    with pytest.raises(Exception, match="films take no masks"):
        comfy.run("ImpastoFilm", frames=frames, style=masked)


def test_several_paintings_are_measured_into_one_style_file(comfy: Comfy, program: StandIn) -> None:
    style = comfy.run("ImpastoMeasureStyle", paintings=images(3), name="mine")
    assert program.arguments[0] == "style"
    assert program.arguments[program.arguments.index("--title") + 1] == "mine"
    assert (comfy.output / "mine.style").exists()
    assert style[0].place == str(comfy.output / "mine.style")
    for wrong in ("", "../mine", "/etc/mine", ".hidden"):
        with pytest.raises(Exception, match="name of a file without folders"):
            comfy.run("ImpastoMeasureStyle", paintings=images(2), name=wrong)
    with pytest.raises(Exception, match="expected one painting; got 2"):
        comfy.run("ImpastoPaintingStyle", painting=images(2))
    with pytest.raises(Exception, match=r"expected a \.style file"):
        comfy.run("ImpastoStyleFile", file="none.style")


def test_pictures_with_alpha_and_values_out_of_range_are_written_as_pictures(comfy: Comfy) -> None:
    style = comfy.run("ImpastoNamedStyle")
    wild = torch.cat([images() * 3 - 1, torch.zeros(1, 32, 48, 1)], dim=-1)
    wild[0, 0, 0, 0] = float("nan")
    painted = comfy.run("ImpastoFast", images=wild, style=style)
    assert painted.shape == (1, 32, 48, 3)
    assert torch.isfinite(painted).all()
