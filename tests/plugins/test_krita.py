"""The docker in a stand-in for Krita and PyQt5: the part of libkis' interface that it uses."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from impasto import imaging
from impasto.types import Picture
from tests.conftest import blobs
from tests.plugins.conftest import StandIn
from tests.waiting import until


class Signal:
    def __init__(self) -> None:
        self._slots: list[Any] = []

    def connect(self, slot: Any) -> None:
        self._slots.append(slot)

    def emit(self) -> None:
        for slot in self._slots:
            slot()


class Widget:
    """Every widget of the stand-in; all calls must come from the thread that made it, as in Qt."""

    def __init__(self, text: Any = "", *_: Any) -> None:
        self._maker = threading.get_ident()
        self.caption, self.items, self.value_, self.enabled = text, [], 0.0, True
        self.limits, self.clicked, self.timeout, self.running = (0, 0), Signal(), Signal(), False

    def __getattribute__(self, name: str) -> Any:
        if name != "_maker" and not name.startswith("__"):
            assert threading.get_ident() == self._maker, f"{name} was used in another thread"
        return super().__getattribute__(name)

    def setText(self, text: str) -> None:  # noqa: N802
        self.caption = text

    def addItem(self, text: str, data: str) -> None:  # noqa: N802
        self.items.append((text, data))

    def currentData(self) -> str:  # noqa: N802
        return str(self.items[0][1])

    def currentText(self) -> str:  # noqa: N802
        return str(self.items[0][0])

    def setRange(self, least: float, most: float) -> None:  # noqa: N802
        self.limits = (least, most)

    def setValue(self, value: float) -> None:  # noqa: N802
        assert self.limits[0] <= value <= self.limits[1]
        self.value_ = value

    def value(self) -> float:
        return self.value_

    def isChecked(self) -> bool:  # noqa: N802
        return False

    def setEnabled(self, enabled: bool) -> None:  # noqa: N802
        self.enabled = enabled

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def _take(self, *_: Any) -> None:
        pass

    addRow = setWidget = setWindowTitle = setWordWrap = setVisible = setInterval = _take  # noqa: N815
    setSpecialValueText = setSingleStep = _take  # noqa: N815


class Node:
    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind, self.children, self.data, self.selection = name, kind, [], b"", None

    def addChildNode(self, node: Node, above: None) -> None:  # noqa: N802
        assert above is None
        self.children.append(node)

    def setPixelData(self, data: bytes, x: int, y: int, width: int, height: int) -> None:  # noqa: N802
        assert (x, y) == (0, 0)
        self.data = np.frombuffer(data, np.float32).reshape(height, width, 3)

    def setSelection(self, selection: Any) -> None:  # noqa: N802
        self.selection = selection


class Document:
    open_ones = 0

    def __init__(self, pixels: Any, colours: tuple[str, str, str] = ("RGBA", "U8", "sRGB")) -> None:
        self.pixels, self.colours, self.root = pixels, colours, Node("root", "grouplayer")
        self.selected: Any = None
        self.batch = False
        Document.open_ones += 1

    def clone(self) -> Document:
        return Document(self.pixels, self.colours)

    def close(self) -> None:
        Document.open_ones -= 1

    def setBatchmode(self, batch: bool) -> None:  # noqa: N802
        self.batch = batch

    def setColorSpace(self, *colours: str) -> None:  # noqa: N802
        self.colours = colours

    def colorModel(self) -> str:  # noqa: N802
        return self.colours[0]

    def colorDepth(self) -> str:  # noqa: N802
        return self.colours[1]

    def colorProfile(self) -> str:  # noqa: N802
        return self.colours[2]

    def width(self) -> int:
        return int(self.pixels.shape[1])

    def height(self) -> int:
        return int(self.pixels.shape[0])

    def xRes(self) -> float:  # noqa: N802
        return 300.0

    yRes = xRes  # noqa: N815

    def scaleImage(self, width: int, height: int, x: int, y: int, how: str) -> None:  # noqa: N802
        assert (x, y, how) == (300, 300, "Bicubic")
        self.pixels = imaging.resize(self.pixels, width, height)

    def exportImage(self, path: str, info: Any) -> bool:  # noqa: N802
        assert self.batch, "Krita would ask"
        assert self.colours[0] == "RGBA"
        assert self.colours[1] in ("U8", "U16")
        assert info is not None
        imaging.write(Picture(self.pixels), path)
        return True

    def pixelData(self, x: int, y: int, width: int, height: int) -> bytes:  # noqa: N802
        assert (x, y, width, height) == (0, 0, self.width(), self.height())
        found: bytes = self.pixels.astype(np.float32).tobytes()
        return found

    def createNode(self, name: str, kind: str) -> Node:  # noqa: N802
        return Node(name, kind)

    def createTransparencyMask(self, name: str) -> Node:  # noqa: N802
        return Node(name, "transparencymask")

    def rootNode(self) -> Node:  # noqa: N802
        return self.root

    def selection(self) -> Any:
        return self.selected

    def _take(self) -> None:
        pass

    refreshProjection = waitForDone = _take  # noqa: N815


class Krita:
    """The stand-in for the program."""

    one: Krita

    def __init__(self) -> None:
        self.factories: list[Any] = []
        self.document: Document | None = Document(blobs(96, 64, seed=1))
        self.opened: list[Document] = []

    @staticmethod
    def instance() -> Krita:
        return Krita.one

    def addDockWidgetFactory(self, factory: Any) -> None:  # noqa: N802
        self.factories.append(factory)

    def activeDocument(self) -> Document | None:  # noqa: N802
        return self.document

    def openDocument(self, path: str) -> Document:  # noqa: N802
        self.opened.append(Document(imaging.read(path).pixels, ("RGBA", "U8", "sRGB")))
        return self.opened[-1]


class Desk:
    """Krita with the docker shown."""

    def __init__(self, krita: Krita, docker: Any) -> None:
        self.krita, self.docker = krita, docker

    def paint(self) -> None:
        """Press Paint and let the timer run until the docker is idle again."""
        self.docker.paint_button.clicked.emit()
        until(self.idle)

    def idle(self) -> bool:
        if self.docker._timer.running:
            self.docker._timer.timeout.emit()
        return not self.docker._timer.running

    @property
    def layers(self) -> list[Node]:
        assert self.krita.document is not None
        return self.krita.document.root.children


@pytest.fixture
def desk(program: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    place = program.install("krita", tmp_path / "pykrita")
    krita, qt, core, widgets = (ModuleType(n) for n in ("krita", "PyQt5", "PyQt5.QtCore", "PyQt5.QtWidgets"))
    Krita.one = Krita()
    Document.open_ones = 0

    class DockWidget:
        def setWindowTitle(self, title: str) -> None:  # noqa: N802
            assert title == "Impasto"

        def setWidget(self, widget: Any) -> None:  # noqa: N802
            assert isinstance(widget, Widget)

    krita.Krita, krita.DockWidget, krita.InfoObject = Krita, DockWidget, SimpleNamespace  # type: ignore[attr-defined]
    krita.DockWidgetFactory = lambda *about: about  # type: ignore[attr-defined]
    krita.DockWidgetFactoryBase = SimpleNamespace(DockRight="right")  # type: ignore[attr-defined]
    core.QTimer = Widget  # type: ignore[attr-defined]
    for name in ("CheckBox", "ComboBox", "DoubleSpinBox", "FormLayout", "Label", "ProgressBar"):
        setattr(widgets, f"Q{name}", Widget)
    for name in ("PushButton", "SpinBox", "Widget"):
        setattr(widgets, f"Q{name}", Widget)
    chosen = lambda *_: (str(tmp_path / "mine.jpg"), "")  # noqa: E731
    widgets.QFileDialog = SimpleNamespace(getOpenFileName=chosen)  # type: ignore[attr-defined]
    for module in (krita, qt, core, widgets):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    before = set(sys.modules)
    spec = importlib.util.spec_from_file_location("impasto_docker", place / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["impasto_docker"] = package
    spec.loader.exec_module(package)
    ((_, where, kind),) = Krita.one.factories
    assert where == "right"
    yield Desk(Krita.one, kind())
    for name in set(sys.modules) - before:
        if name.startswith("impasto_docker"):
            del sys.modules[name]


def test_the_document_is_painted_as_a_new_layer(desk: Desk, program: StandIn) -> None:
    document = desk.krita.document
    assert document is not None
    desk.paint()
    (layer,) = desk.layers
    first = desk.docker.style.currentText()
    assert (layer.name, layer.kind) == (f"Impasto: {first}", "paintlayer")
    assert np.abs(layer.data - document.pixels).max() < 1 / 250  # the stand-in gives the photograph back
    assert layer.children == []
    assert desk.docker.message.caption == "painted"
    assert desk.docker.paint_button.enabled
    assert Document.open_ones == 0, "copies are closed"
    assert not Path(program.arguments[1]).parent.exists(), "temporary files are removed"


def test_the_painting_gets_the_document_s_size_and_colours_and_a_selection_is_its_mask(desk: Desk) -> None:
    document = Document(blobs(96, 64, seed=1), ("CMYKA", "U16", "Coated"))
    document.selected = "a selection"
    desk.krita.document = document
    desk.paint()
    assert desk.krita.opened[0].colours == ("CMYKA", "U16", "Coated")
    (mask,) = desk.layers[0].children
    assert (mask.kind, mask.selection) == ("transparencymask", "a selection")


def test_a_picture_stands_in_for_the_named_style_until_it_is_forgotten(
    desk: Desk, program: StandIn, tmp_path: Path
) -> None:
    desk.docker.picture.clicked.emit()
    desk.paint()
    assert program.arguments[2] == str(tmp_path / "mine.jpg")
    assert desk.layers[0].name == "Impasto: mine.jpg"
    desk.docker.forget.clicked.emit()
    desk.paint()
    assert program.arguments[2] == desk.docker.style.currentData()


def test_cancel_stops_the_program_and_changes_nothing(desk: Desk, program: StandIn) -> None:
    program.behave(for_ever=True)
    desk.docker.paint_button.clicked.emit()
    until(lambda: bool(program.records))
    assert not desk.docker.paint_button.enabled
    desk.docker.cancel_button.clicked.emit()
    until(desk.idle)
    assert desk.layers == []
    assert desk.docker.message.caption == "cancelled"
    program.behave()
    desk.paint()
    assert len(desk.layers) == 1


def test_what_goes_wrong_is_shown_in_the_docker(
    desk: Desk, program: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.behave(refuse="the picture is too small")
    desk.paint()
    assert desk.docker.message.caption == "the picture is too small"
    monkeypatch.setattr(Document, "exportImage", lambda *_: False)
    desk.docker.paint_button.clicked.emit()
    assert desk.docker.message.caption == "Krita could not write the document as PNG"
    desk.krita.document = None
    desk.docker.paint_button.clicked.emit()
    assert desk.docker.message.caption == "Open a document first."
