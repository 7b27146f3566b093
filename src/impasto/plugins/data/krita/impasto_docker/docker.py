"""The docker: choices, a button, progress."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

from krita import DockWidget, InfoObject, Krita
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QWidget,
)

from .client import (
    ChosenStyle,
    ClientSettings,
    PaintingCancelled,
    PaintingError,
    PaintingRequest,
    make_client,
    work_folder,
)

FOLDER = Path(__file__).parent
SRGB = "sRGB-elle-V2-srgbtrc.icc"
POLL_MS = 100
ENGINES = (("Fast: one pass of a network", "fast"), ("Optimised: slower, closer", "stylize"))


def export(document, path):
    """Write the visible ``document`` to the PNG file ``path``, in sRGB of 8 bits, or 16 where it has more."""
    copy = document.clone()
    try:
        copy.setBatchmode(True)
        copy.setColorSpace("RGBA", "U8" if document.colorDepth() == "U8" else "U16", SRGB)
        copy.refreshProjection()
        copy.waitForDone()
        if not copy.exportImage(str(path), InfoObject()):
            raise PaintingError("Krita could not write the document as PNG")
    finally:
        copy.close()


def insert(document, path, name):
    """Insert the painting at ``path`` as the top layer of ``document``, as large as it and in its colours; a
    selection becomes its mask."""
    width, height = document.width(), document.height()
    painting = Krita.instance().openDocument(str(path))
    if painting is None:
        raise PaintingError("Krita could not read the painting")
    try:
        painting.setBatchmode(True)
        if (painting.width(), painting.height()) != (width, height):
            painting.scaleImage(width, height, int(painting.xRes()), int(painting.yRes()), "Bicubic")
        painting.setColorSpace(document.colorModel(), document.colorDepth(), document.colorProfile())
        painting.refreshProjection()
        painting.waitForDone()
        data = painting.pixelData(0, 0, width, height)
    finally:
        painting.close()
    layer = document.createNode(name, "paintlayer")
    document.rootNode().addChildNode(layer, None)
    layer.setPixelData(data, 0, 0, width, height)
    selection = document.selection()
    if selection is not None:
        mask = document.createTransparencyMask("Selection")
        mask.setSelection(selection)
        layer.addChildNode(mask, None)
    document.refreshProjection()


class ImpastoDocker(DockWidget):
    """The docker. Painting runs in a thread that touches neither Krita nor Qt; a timer takes its reports."""

    def __init__(self):
        super().__init__()
        self.setWindowTitle("Impasto")
        self._events = queue.Queue()
        self._cancelled = threading.Event()
        self._thread = None
        self._document = None
        self._painting = ""
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.take_reports)

    def canvasChanged(self, canvas):  # noqa: N802 - Krita calls it so
        """Do nothing: the document is asked for when painting begins."""

    def _build(self):
        content = QWidget(self)
        form = QFormLayout(content)
        self.style, self.engine, self.preset = QComboBox(), QComboBox(), QComboBox()
        self.picture, self.forget = QPushButton("Choose a picture..."), QPushButton("Use the named style")
        self.size, self.seed = QSpinBox(), QSpinBox()
        self.strength, self.stroke_size = QDoubleSpinBox(), QDoubleSpinBox()
        self.keep_color = QCheckBox()
        self.paint_button, self.cancel_button = QPushButton("Paint"), QPushButton("Cancel")
        self.progress, self.message = QProgressBar(), QLabel("")
        self.message.setWordWrap(True)
        try:
            settings = ClientSettings.read(FOLDER)
        except PaintingError as problem:
            self.message.setText(str(problem))
        else:
            for name, title in settings.styles.items():
                self.style.addItem(title, name)
            for name in settings.style_weights:
                self.preset.addItem(name, name)
        for label, name in ENGINES:
            self.engine.addItem(label, name)
        self.size.setRange(0, 16384)
        self.size.setSpecialValueText("the engine's default")
        self.seed.setRange(0, 2**31 - 1)
        for box, least, most in ((self.strength, 0.0, 2.0), (self.stroke_size, 0.25, 3.0)):
            box.setRange(least, most)
            box.setSingleStep(0.1)
            box.setValue(1.0)
        for label, widget in (
            ("Style", self.style),
            ("", self.picture),
            ("", self.forget),
            ("Engine", self.engine),
            ("Long side", self.size),
            ("Strength", self.strength),
            ("Stroke size", self.stroke_size),
            ("Keep colours", self.keep_color),
            ("Preset", self.preset),
            ("Seed", self.seed),
            ("", self.paint_button),
            ("", self.cancel_button),
            ("", self.progress),
            ("", self.message),
        ):
            form.addRow(label, widget)
        self.setWidget(content)
        self.picture.clicked.connect(self.choose_picture)
        self.forget.clicked.connect(self.forget_picture)
        self.paint_button.clicked.connect(self.begin)
        self.cancel_button.clicked.connect(self.cancel)
        self.progress.setRange(0, 1000)
        self._show_busy(False)
        self.forget_picture()

    def _show_busy(self, busy):
        self.paint_button.setEnabled(not busy)
        self.cancel_button.setEnabled(busy)
        self.progress.setVisible(busy)

    def choose_picture(self):
        """Ask for a picture or a style file to paint after."""
        path = QFileDialog.getOpenFileName(self, "A painting, or a style file")[0]
        if path:
            self._painting = path
            self.picture.setText(Path(path).name)
            self.forget.setEnabled(True)
            self.style.setEnabled(False)

    def forget_picture(self):
        """Go back to the named style."""
        self._painting = ""
        self.picture.setText("Choose a picture...")
        self.forget.setEnabled(False)
        self.style.setEnabled(True)

    def request(self, folder):
        """Return the request for the docker's choices, with files in ``folder``."""
        return PaintingRequest(
            photo=str(folder / "photo.png"),
            styles=(ChosenStyle(self._painting or self.style.currentData()),),
            output=str(folder / "painting.png"),
            engine=self.engine.currentData(),
            size=self.size.value() or None,
            strength=self.strength.value(),
            stroke_size=self.stroke_size.value(),
            keep_color=self.keep_color.isChecked(),
            preset=self.preset.currentData(),
            seed=self.seed.value(),
        )

    def begin(self):
        """Export the document and start painting."""
        if self._thread is not None:
            return
        document = Krita.instance().activeDocument()
        if document is None:
            self.message.setText("Open a document first.")
            return
        context = work_folder()
        folder = context.__enter__()
        try:
            client = make_client(ClientSettings.read(FOLDER))
            request = self.request(folder)
            export(document, request.photo)
        except (PaintingError, OSError) as problem:
            context.__exit__(None, None, None)
            self.message.setText(str(problem))
            return
        self._document, self._context, self._request = document, context, request
        self._cancelled.clear()
        self.message.setText("")
        self.progress.setRange(0, 0)
        self._show_busy(True)
        self._thread = threading.Thread(target=self._work, args=(client, request), daemon=True)
        self._thread.start()
        self._timer.start()

    def cancel(self):
        """Stop painting."""
        self._cancelled.set()
        self.message.setText("stopping")

    def _work(self, client, request):
        try:
            client.paint(request, lambda *event: self._events.put(event), self._cancelled.is_set)
        except PaintingCancelled:
            self._events.put("cancelled")
        except Exception as problem:  # whatever it is, the docker must be usable again
            self._events.put(str(problem) or type(problem).__name__)
        else:
            self._events.put(None)

    def take_reports(self):
        """Show what the thread reported, and insert the painting at the end."""
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return
            if isinstance(event, tuple):
                self._show(*event)
            else:
                self._finish(event)
                return

    def _show(self, done, words):
        if done is not None:
            self.progress.setRange(0, 1000)
            self.progress.setValue(round(1000 * done))
        if words and not self._cancelled.is_set():
            self.message.setText(words)

    def _finish(self, problem):
        self._timer.stop()
        self._thread = None
        try:
            if problem is None:
                title = Path(self._painting).name if self._painting else self.style.currentText()
                insert(self._document, self._request.output, "Impasto: " + title)
            self.message.setText(problem or "painted")
        except PaintingError as failure:
            self.message.setText(str(failure))
        finally:
            self._context.__exit__(None, None, None)
            self._document = None
            self._show_busy(False)
