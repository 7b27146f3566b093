"""The plug-in for GIMP 3 in a stand-in for GIMP: the part of libgimp 3.0's interface that it uses."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from impasto import imaging
from impasto.plugins import hosts, installation
from impasto.types import Picture
from tests.conftest import blobs
from tests.plugins.conftest import StandIn

HOST = hosts.HOSTS["gimp"]


class Layer:
    def __init__(self, pixels: Any, name: str = "", offsets: tuple[int, int] = (0, 0)) -> None:
        self.pixels, self.name, self.offsets, self.mask = pixels, name, offsets, None

    def get_width(self) -> int:
        return int(self.pixels.shape[1])

    def get_height(self) -> int:
        return int(self.pixels.shape[0])

    def get_offsets(self) -> tuple[bool, int, int]:
        return (True, *self.offsets)

    def set_offsets(self, x: int, y: int) -> None:
        self.offsets = (x, y)

    def get_parent(self) -> None:
        return None

    def set_name(self, name: str) -> None:
        self.name = name

    def scale(self, width: int, height: int, local_origin: bool) -> None:
        assert not local_origin
        self.pixels = imaging.resize(self.pixels, width, height)

    def create_mask(self, kind: str) -> str:
        return kind

    def add_mask(self, mask: str) -> None:
        self.mask = mask


class Image:
    alive = 0

    def __init__(self, width: int, height: int, layers: list[Layer]) -> None:
        self.size, self.layers, self.selection, self.undo = (width, height), layers, False, []
        Image.alive += 1

    def get_width(self) -> int:
        return self.size[0]

    def get_height(self) -> int:
        return self.size[1]

    def get_base_type(self) -> str:
        return "RGB"

    def duplicate(self) -> Image:
        return Image(*self.size, list(self.layers))

    def delete(self) -> None:
        Image.alive -= 1

    def merge_visible_layers(self, how: str) -> None:
        assert how == "CLIP_TO_IMAGE"
        self.layers = self.layers[:1]

    def insert_layer(self, layer: Layer, parent: None, position: int) -> None:
        assert parent is None
        self.layers.insert(position, layer)

    def get_item_position(self, layer: Layer) -> int:
        return self.layers.index(layer)

    def undo_group_start(self) -> None:
        self.undo.append("start")

    def undo_group_end(self) -> None:
        self.undo.append("end")


class Procedure:
    """A procedure of the stand-in; ``arguments``: the defaults, as the dialog would show them."""

    def __init__(self, *about: Any) -> None:
        self.about, self.run = about, about[3]
        self.arguments: dict[str, Any] = {}
        self.menu = ""

    def add_choice_argument(self, name: str, *rest: Any) -> None:
        _, _, choice, default, _ = rest
        assert default in choice.names
        self.arguments[name] = default

    def add_file_argument(self, name: str, *rest: Any) -> None:
        _, _, action, none_is_fine, default, _ = rest
        assert (action, none_is_fine) == ("OPEN", True)
        self.arguments[name] = default

    def add_int_argument(self, name: str, *rest: Any) -> None:
        _, _, least, most, default, _ = rest
        assert least <= default <= most
        self.arguments[name] = default

    add_double_argument = add_int_argument

    def add_boolean_argument(self, name: str, *rest: Any) -> None:
        self.arguments[name] = rest[2]

    def add_menu_path(self, path: str) -> None:
        self.menu = path

    def set_image_types(self, types: str) -> None:
        assert types == "RGB*, GRAY*"

    def _take(self, *_: Any) -> None:
        pass

    set_sensitivity_mask = set_menu_label = set_attribution = set_documentation = _take

    def new_return_values(self, status: str, error: Any) -> tuple[str, str]:
        return status, error.message


class Gimp(ModuleType):
    """The stand-in for ``gi.repository.Gimp``, which also keeps what the plug-in showed."""

    def __init__(self) -> None:
        super().__init__("Gimp")
        names = SimpleNamespace
        self.shown: list[Any] = []
        self.plugin: Any = None
        self.RunMode = names(INTERACTIVE="INTERACTIVE", NONINTERACTIVE="NONINTERACTIVE")
        self.PDBProcType = names(PLUGIN="PLUGIN")
        self.PDBStatusType = names(
            SUCCESS="SUCCESS", CANCEL="CANCEL", CALLING_ERROR="CALLING", EXECUTION_ERROR="EXECUTION"
        )
        self.MergeType = names(CLIP_TO_IMAGE="CLIP_TO_IMAGE")
        self.AddMaskType = names(SELECTION="SELECTION")
        self.FileChooserAction = names(OPEN="OPEN")
        self.ProcedureSensitivityMask = names(DRAWABLE=1)
        self.ImageProcedure = names(new=Procedure)
        self.Selection = names(none=lambda _: None, is_empty=lambda image: not image.selection)
        self.Image = names(new=lambda width, height, _: Image(width, height, []))
        self.Layer = names(new_from_drawable=lambda layer, _: Layer(layer.pixels, offsets=layer.offsets))

        class PlugIn:
            @staticmethod
            def error_quark() -> int:
                return 1

            def __init_subclass__(cls) -> None:
                cls.__gtype__ = cls  # type: ignore[attr-defined]

        class Choice:
            def __init__(self) -> None:
                self.names: dict[str, str] = {}

            @staticmethod
            def new() -> Choice:
                return Choice()

            def add(self, name: str, number: int, label: str, help: str) -> None:
                assert number == len(self.names)
                assert help == ""
                self.names[name] = label

        self.PlugIn, self.Choice = PlugIn, Choice

    def main(self, kind: type, arguments: list[str]) -> None:
        assert arguments is sys.argv
        self.plugin = kind()

    def file_save(self, mode: str, image: Image, file: Path, options: None) -> bool:
        assert (mode, options) == ("NONINTERACTIVE", None)
        imaging.write(Picture(image.layers[0].pixels), file)
        return True

    def file_load_layer(self, mode: str, image: Image, file: Path) -> Layer:
        assert mode == "NONINTERACTIVE"
        assert image.layers
        return Layer(imaging.read(file).pixels)

    def progress_init(self, words: str) -> None:
        self.shown.append(words)

    def progress_update(self, share: float) -> None:
        self.shown.append(share)

    def progress_set_text(self, words: str) -> None:
        self.shown.append(words)

    def progress_pulse(self) -> None:
        self.shown.append("pulse")

    def progress_end(self) -> None:
        self.shown.append("end")

    def displays_flush(self) -> None:
        self.shown.append("flush")


class Error(Exception):
    def __init__(self, message: str = "") -> None:
        self.message = message

    @staticmethod
    def new_literal(quark: int, message: str, code: int) -> Error:
        assert (quark, code) == (1, 0)
        return Error(message)


class Dialog:
    agrees = True

    @classmethod
    def new(cls, procedure: Procedure, config: Any, title: str) -> Dialog:
        assert procedure.arguments["style"] == config.get_property("style")
        assert title == "Impasto"
        return cls()

    def fill(self, names: None) -> None:
        pass

    def run(self) -> bool:
        return self.agrees

    def destroy(self) -> None:
        pass


class Loaded:
    """GIMP with the plug-in, a picture of two layers, and its dialog's values."""

    def __init__(self, gimp: Gimp, place: Path) -> None:
        self.gimp, self.place = gimp, place
        (name,) = gimp.plugin.do_query_procedures()
        self.procedure = gimp.plugin.do_create_procedure(name)
        self.config = SimpleNamespace(get_property=self.procedure.arguments.__getitem__)
        self.values = self.procedure.arguments
        self.image = Image(96, 64, [Layer(blobs(96, 64, seed=1)), Layer(blobs(48, 32, seed=2), "", (8, 4))])

    def run(self, mode: str = "NONINTERACTIVE", layer: int = 0) -> tuple[str, str]:
        drawables = [self.image.layers[layer]]
        found: tuple[str, str] = self.procedure.run(
            self.procedure, mode, self.image, drawables, self.config, None
        )
        return found


@pytest.fixture
def gimp(program: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    place = program.install("gimp", tmp_path / "plug-ins")
    gi, repository, stand_in = ModuleType("gi"), ModuleType("gi.repository"), Gimp()
    needed: list[tuple[str, str]] = []
    gi.require_version = lambda *what: needed.append(what)  # type: ignore[attr-defined]
    repository.Gimp = stand_in  # type: ignore[attr-defined]
    repository.Gio = SimpleNamespace(File=SimpleNamespace(new_for_path=Path))  # type: ignore[attr-defined]
    repository.GLib = SimpleNamespace(Error=Error)  # type: ignore[attr-defined]
    flags = SimpleNamespace(READWRITE=3)
    repository.GObject = SimpleNamespace(ParamFlags=flags)  # type: ignore[attr-defined]
    dialogs = SimpleNamespace(init=lambda _: None, ProcedureDialog=Dialog)
    repository.GimpUi = dialogs  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name, module in (("gi", gi), ("gi.repository", repository)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "client", raising=False)
    spec = importlib.util.spec_from_file_location("impasto_for_gimp", place / "impasto.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    monkeypatch.delitem(sys.modules, "client")
    assert needed == [("Gimp", "3.0")]
    Image.alive = 0
    return Loaded(stand_in, place)


def test_the_folder_and_the_file_have_one_name_as_gimp_3_asks(gimp: Loaded) -> None:
    assert (gimp.place.name, gimp.place.parent.name) == ("impasto", "plug-ins")
    assert (gimp.place / "impasto.py").read_text(encoding="utf-8").startswith("#!/usr/bin/env python3\n")
    assert gimp.procedure.menu == "<Image>/Filters/Artistic"


def test_the_visible_image_becomes_a_new_layer_above_the_selected_one(gimp: Loaded, program: StandIn) -> None:
    before = list(gimp.image.layers)
    assert gimp.run() == ("SUCCESS", "")
    new = gimp.image.layers[0]
    assert gimp.image.layers[1:] == before
    assert new.name == "Impasto: The Starry Night (Vincent van Gogh)"
    assert new.mask is None
    assert np.abs(new.pixels - before[0].pixels).max() < 1 / 250  # the stand-in gives the photograph back
    assert gimp.image.undo == ["start", "end"]
    assert program.arguments[0] == "fast"
    assert "starry-night" in program.arguments
    assert not Path(program.arguments[1]).parent.exists(), "temporary files are removed"
    assert Image.alive == 1, "copies are deleted"


def test_a_layer_alone_is_painted_where_it_lies_and_a_selection_becomes_its_mask(gimp: Loaded) -> None:
    gimp.values["source"] = "layer"
    gimp.image.selection = True
    layer = gimp.image.layers[1]
    assert gimp.run(layer=1) == ("SUCCESS", "")
    new = gimp.image.layers[1]
    assert gimp.image.layers[2] is layer
    assert (new.get_width(), new.get_height(), new.offsets) == (48, 32, (8, 4))
    assert new.mask == "SELECTION"


def test_a_painting_of_another_size_is_fitted(gimp: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Layer(blobs(24, 16, seed=3))
    monkeypatch.setattr(gimp.gimp, "file_load_layer", lambda *_: small)
    assert gimp.run() == ("SUCCESS", "")
    assert (small.get_width(), small.get_height()) == (96, 64)


def test_progress_is_shown_in_gimp_s_bar(gimp: Loaded) -> None:
    gimp.run()
    shares = [one for one in gimp.gimp.shown if isinstance(one, float)]
    assert shares == [0.25, 0.5, 0.75, 1.0]
    assert gimp.gimp.shown[:2] == ["Impasto", "pulse"]
    assert "Impasto: strokes, 3 s left" in gimp.gimp.shown
    assert gimp.gimp.shown[-2:] == ["end", "flush"]


def test_the_dialog_s_values_are_the_request(gimp: Loaded, program: StandIn, tmp_path: Path) -> None:
    painting = SimpleNamespace(get_path=lambda: str(tmp_path / "mine.jpg"))
    gimp.values |= {"engine": "stylize", "painting": painting, "size": 200, "strength": 2.0, "seed": 5}
    assert gimp.run("INTERACTIVE") == ("SUCCESS", "")
    words = program.arguments
    assert words[0] == "stylize"
    assert words[2] == str(tmp_path / "mine.jpg")
    for option, value in (("--size", "200"), ("--style-weight", "32"), ("--seed", "5")):
        assert words[words.index(option) + 1] == value
    assert gimp.image.layers[0].name == "Impasto: mine.jpg"


def test_a_dialog_that_is_closed_paints_nothing(
    gimp: Loaded, program: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dialog, "agrees", False)
    assert gimp.run("INTERACTIVE") == ("CANCEL", "")
    assert program.records == []


def test_what_goes_wrong_is_gimp_s_message_and_changes_nothing(gimp: Loaded, program: StandIn) -> None:
    program.behave(refuse="the picture is too small")
    before = list(gimp.image.layers)
    assert gimp.run() == ("EXECUTION", "the picture is too small")
    assert gimp.image.layers == before
    assert gimp.gimp.shown[-1] == "end"
    (gimp.place / "settings.json").write_text("{}")
    status, words = gimp.run()
    assert status == "EXECUTION"
    assert "impasto plugin install" in words
    gimp.gimp.plugin.do_create_procedure("impasto-paint")  # is still listed in the menu
    many = gimp.procedure.run(gimp.procedure, "NONINTERACTIVE", gimp.image, before, gimp.config, None)
    assert many == ("CALLING", "expected one selected layer")


def test_the_styles_are_those_that_were_there_when_it_was_installed(gimp: Loaded) -> None:
    listed = json.loads((gimp.place / "settings.json").read_text())["styles"]
    assert listed == installation.settings()["styles"]
