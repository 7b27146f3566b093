"""The commands, and how what they make is read: by their files, their output and their HTTP answers only."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file

from tests import killing
from tests.golden import inputs
from tests.golden.outcome import Outcome
from tests.waiting import until

PROCESSOR = ("--device", "cpu", "--precision", "float32")
# One level and three steps: what they make is determined, up to rounding, on every processor.
STEPS = ("--size", "64", "--min-size", "0", "--iterations", "3", *PROCESSOR)
MINUTES = 15 * 60.0  # with the slowest kernels, on a busy machine
ENVIRONMENT = {
    "IMPASTO_FORCE": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "IMPASTO_OFFLINE": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "COLUMNS": "160",
    "NO_COLOR": "1",
    "PYTHONUTF8": "1",
}


@dataclass(frozen=True)
class Place:
    """The inputs' folder, and a home that holds no weights or settings of anybody's."""

    root: Path

    @staticmethod
    def make(root: Path) -> Place:
        for name in ("home", "inputs"):
            (root / name).mkdir()
        inputs.make(root / "inputs")
        return Place(root)

    def folder(self, name: str) -> Path:
        """Return a new folder for what NAME makes."""
        path = self.root / name
        path.mkdir()
        return path

    def environment(self) -> dict[str, str]:
        """Return today's environment without what could change a result."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("IMPASTO_", "XDG_", "OMP_", "MKL_"))
        }
        home = str(self.root / "home")
        return kept | ENVIRONMENT | {"HOME": home, "USERPROFILE": home, "MPLCONFIGDIR": home}

    def start(self, *arguments: str | Path, **how: Any) -> subprocess.Popen[str]:
        """Start Python with ARGUMENTS in the inputs' folder."""
        return subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            cwd=self.root / "inputs",
            env=self.environment(),
            text=True,
            **how,
        )

    def impasto(self, *arguments: str | Path) -> str:
        """Run a command to its end and return what it printed."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = self.start("-m", "impasto", *arguments, **pipes)
        printed, complaints = process.communicate(timeout=600)
        if process.returncode:
            raise AssertionError(f"impasto {' '.join(map(str, arguments))}: {complaints or printed}")
        return printed


@dataclass(frozen=True)
class Command:
    """How an outcome is made, and how far it may be off on another kind of machine."""

    run: Callable[[Place], Outcome]
    mean: float = 0.001
    largest: float = 0.02


COMMANDS: dict[str, Command] = {}


def command(name: str, **tolerance: float) -> Callable[[Callable[[Place, Path], Outcome]], None]:
    """Enter the decorated function as command NAME; it is given a new folder to write to."""

    def enter(make: Callable[[Place, Path], Outcome]) -> None:
        COMMANDS[name] = Command(lambda place: make(place, place.folder(name)), **tolerance)

    return enter


def picture(path: Path) -> NDArray[Any]:
    """Return the pixels of a picture as they are stored, (height, width, channels)."""
    if path.suffix in (".png", ".tiff"):
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert pixels is not None, path
        return np.atleast_3d(pixels)
    return np.atleast_3d(np.asarray(Image.open(path)))


def pictures(folder: Path) -> Outcome:
    """Return all pictures in FOLDER by name."""
    return {path.name: picture(path) for path in sorted(folder.iterdir()) if path.suffix in (".png", ".jpg")}


def frames(path: Path) -> NDArray[Any]:
    """Return a film's frames, one below the other."""
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


ABOUT = ("event", "command", "figure", "figures", "cancelled")


def result(told: str) -> dict[str, Any]:
    """Return the last line of ``--json``, without what it is and the figures' names."""
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return {k: v for k, v in found.items() if k not in ABOUT}


def numbers(tree: Any) -> Outcome:
    """Return JSON as its shape, names and texts, and its numbers in order."""
    values: list[float] = []

    def shape(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: shape(node[key]) for key in sorted(node)}
        if isinstance(node, list):
            return [shape(part) for part in node]
        if isinstance(node, float):
            values.append(node)
            return "number"
        return node

    text = json.dumps(shape(tree))
    return {"shape": text, "numbers": np.array(values, np.float64)}


def stylize(*arguments: str, suffix: str = ".png", **tolerance: float) -> Callable[[str], None]:
    """Enter a painting of `impasto stylize`."""

    def enter(name: str) -> None:
        @command(f"stylize-{name}", **tolerance)
        def _(place: Place, folder: Path) -> Outcome:
            out = folder / f"out{suffix}"
            place.impasto("stylize", *arguments, "-o", out, "-q")
            return {"picture": picture(out)}

    return enter


TWO = ("photo.png", "painting.png", "other.png")
ONE = ("photo.png", "painting.png")

stylize(
    *ONE, "--size", "80", "--min-size", "48", "--iterations", "2", "--coarse-iterations", "2", *PROCESSOR
)("pyramid")
stylize("photo.png", "starry-night", "--preset", "draft", *STEPS)("draft-named-style")
stylize(*ONE, "--preset", "gatys2016", "--encoder", "tiny", *STEPS)("gatys2016")
stylize(*ONE, "--preset", "style-transfer-pytorch", "--encoder", "tiny", *STEPS)("style-transfer-pytorch")
stylize(TWO[0], f"{TWO[1]}:3", TWO[2], "--style-scales", "1,0.5", *STEPS)("two-styles")
stylize(*TWO, "--blend-layers", "relu1_1,relu2_1/relu3_1:0.5,relu4_1,relu5_1", *STEPS)("blend-layers")
stylize(*ONE, "--strokes", "other.png", *STEPS)("strokes")
MASKS = ("--content-mask", "left.png", "--content-mask", "right.png")
stylize(*TWO, *MASKS, "--mask-feather", "4", *STEPS)("regions")
stylize(
    *TWO,
    *MASKS,
    *("--style-mask", "painting-left.png", "--style-mask", "other-right.png"),
    *("--guidance", "sum", "--guidance-propagation", "all"),
    *("--style-loss", "gram"),
    *STEPS,
)("guided-sums")
stylize(*ONE, "--protect", "left.png", *STEPS)("protect")
stylize(*ONE, "--color", "luminance", *STEPS)("luminance")
stylize(*ONE, "--color", "match-style", "--color-method", "cholesky", *STEPS)("match-style")
stylize(*ONE, "--color", "match-result", "--color-method", "histogram", *STEPS)("match-result")
stylize(*ONE, "--init", "noise", "--seed", "7", "--tv-weight", "0.01", "--tv-loss", "l1", *STEPS)("noise")
stylize(*ONE, "--optimizer", "adam", "--average-decay", "0.9", "--style-loss", "gram", *STEPS)("adam")
stylize(*ONE, "--style-loss", "strotss", "--content-loss", "self-similarity", *STEPS)("strotss")
stylize(*ONE, "--style-loss", "mrf", *STEPS)("mrf")
stylize("large.png", "painting.png", "--tile", "96", *STEPS, "--size", "192", "--iterations", "2")("parts")
stylize("deep.png", "painting.png", *STEPS, suffix=".tiff")("16-bit")
stylize("alpha.png", "painting.png", *STEPS)("alpha")
stylize("turned.png", "painting.png", *STEPS, suffix=".jpg")("turned-jpeg")


@command("stylize-style-file")
def _(place: Place, folder: Path) -> Outcome:
    style = folder / "both.style"
    place.impasto("style", "painting.png", "other.png", "-o", style, "--title", "Both")
    place.impasto("stylize", "photo.png", style, "-o", folder / "out.png", *STEPS, "-q")
    tensors = load_file(style)
    measured = {name: tensors[name] for name in sorted(tensors)}
    return {**measured, "picture": picture(folder / "out.png")}


@command("stylize-from")
def _(place: Place, folder: Path) -> Outcome:
    first, again = folder / "first.png", folder / "again.png"
    place.impasto("stylize", *ONE, "-o", first, "--seed", "3", "--init", "noise", *STEPS, "-q")
    place.impasto("stylize", "--from", first, "-o", again, "--style-weight", "20", "-q")
    return {"first": picture(first), "again": picture(again)}


@command("stylize-checkpoint")
def _(place: Place, folder: Path) -> Outcome:
    """Kill a painting after its third step; it must become the picture it would have become."""
    state, out = folder / "it.state", folder / "out.png"
    slow = ("--size", "512", "--min-size", "0", "--iterations", "6", *PROCESSOR)
    saving = ("--checkpoint", str(state), "--checkpoint-every", "0", "-q")
    painting = place.start(
        *(killing.__file__, state.name, "3", "after"),
        *("stylize", "large.png", "painting.png", "-o", out, *slow, *saving),
    )
    assert painting.wait() == -signal.SIGKILL, "ended before its third step"
    assert state.exists()
    assert not out.exists()
    place.impasto("resume", state, "-q")
    return {"picture": picture(out)}


@command("python-stylize")
def _(place: Place, folder: Path) -> Outcome:
    settings = {"size": 64, "min_size": 0, "iterations": 3, "device": "cpu", "precision": "float32"}
    script = f"""import impasto
result = impasto.stylize("photo.png", ["painting.png", "other.png"], style_weights=(2, 1), **{settings})
result.save({str(folder / "out.png")!r})"""
    assert place.start("-c", script).wait() == 0
    return {"picture": picture(folder / "out.png")}


def fast(name: str, *arguments: str) -> None:
    """Enter a painting of `impasto fast`."""

    @command(f"fast-{name}")
    def _(place: Place, folder: Path) -> Outcome:
        place.impasto("fast", *arguments, "-o", folder / "out.png", "--threads", "1", "--device", "cpu", "-q")
        return {"picture": picture(folder / "out.png")}


fast("one", "photo.png", "starry-night")
fast("painting", "photo.png", "painting.png")
fast("two", "photo.png", "starry-night:0.7", "great-wave:0.3", "--strength", "0.8")
fast("strokes-and-color", "photo.png", "the-kiss", *("--stroke-size", "0.6", "--keep-color"))
fast("alpha", "alpha.png", "water-lilies", "--size", "64")


@command("fast-folder")
def _(place: Place, folder: Path) -> Outcome:
    place.impasto("fast", "photos", "grande-jatte", "-o", folder / "out", "--threads", "1", "-q")
    return pictures(folder / "out")


def batch(name: str, *arguments: str) -> None:
    """Enter the paintings of `impasto batch`."""

    @command(f"batch-{name}")
    def _(place: Place, folder: Path) -> Outcome:
        out = folder / "out"
        place.impasto("batch", "photos", *arguments, "-o", out, "-q")
        written = [path.name for path in out.iterdir()]
        time_of_first = max(path.stat().st_mtime_ns for path in out.glob("*.*g"))
        place.impasto("batch", "photos", *arguments, "-o", out, "-q")
        assert sorted(written) == sorted(path.name for path in out.iterdir())
        assert time_of_first == max(path.stat().st_mtime_ns for path in out.glob("*.*g")), "painted twice"
        return pictures(out)


batch("one-worker", "--style", "painting.png", "great-wave", "--workers", "1", *STEPS)
batch("two-workers", "--style", "painting.png", "great-wave", "--workers", "2", *STEPS)
batch("fast", "--fast", "--style", "starry-night", "--workers", "1", "--format", "jpg", "--size", "64")


@command("texture")
def _(place: Place, folder: Path) -> Outcome:
    place.impasto("texture", "painting.png", "-o", folder / "out.png", *STEPS, "--size", "80x48", "-q")
    return {"picture": picture(folder / "out.png")}


@command("inspect-features")
def _(place: Place, folder: Path) -> Outcome:
    told = place.impasto(
        "inspect", "features", "photo.png", "--size", "64", "-o", folder / "out.png", "--json"
    )
    return numbers(result(told)["layers"]) | {"size": str(picture(folder / "out.png").shape)}


@command("inspect-style")
def _(place: Place, folder: Path) -> Outcome:
    styles = ("painting.png", "other.png", "starry-night")
    told = place.impasto("inspect", "style", *styles, "--size", "64", "-o", folder / "out.png", "--json")
    return numbers(result(told)) | {"size": str(picture(folder / "out.png").shape)}


@command("inspect-reconstruct")
def _(place: Place, folder: Path) -> Outcome:
    asked = (
        "--style",
        "painting.png",
        "--content-layers",
        "relu2_1,relu4_1",
        "--style-layers",
        "relu1_1,relu2_1",
    )
    small = ("--size", "48", "--iterations", "1", "-q")
    kept = folder / "kept"
    place.impasto(
        "inspect", "reconstruct", "photo.png", *asked, *small, "--keep", kept, "-o", folder / "out.png"
    )
    return pictures(kept)


@command("inspect-layers")
def _(place: Place, folder: Path) -> Outcome:
    axes = ("--rows", "style_scale=0.5/1", "--columns", "style_weight=2/8")
    out = folder / "out"
    place.impasto("inspect", "layers", *ONE, *axes, *STEPS, "--folder", out, "-o", folder / "out.png", "-q")
    return pictures(out)


@command("inspect-losses")
def _(place: Place, folder: Path) -> Outcome:
    log = folder / "run.jsonl"
    saving = ("--log", str(log), "--save-every", "1")
    place.impasto("stylize", *ONE, "-o", folder / "out.png", *STEPS, *saving, "-q")
    strip = folder / "strip.png"
    told = place.impasto(
        "inspect", "losses", log, "--strip", strip, "-o", folder / "losses.png", "--json", "-q"
    )
    return {"losses": totals(result(told)), "strip": picture(strip)}


def totals(tree: Any) -> NDArray[np.float64]:
    """Return the numbers of JSON in order, but for those that are times."""
    if isinstance(tree, dict):
        parts = [
            totals(value) for key, value in sorted(tree.items()) if not re.search("second|elapsed|pace", key)
        ]
    elif isinstance(tree, list):
        parts = [totals(value) for value in tree]
    else:
        return np.array([tree] if isinstance(tree, (int, float)) else [], np.float64)
    return np.concatenate([np.zeros(0), *parts])


@command("inspect-encoders")
def _(place: Place, folder: Path) -> Outcome:
    networks = ("--networks", "tiny,untrained")
    told = place.impasto("inspect", "encoders", *ONE, *networks, *STEPS, "-o", folder / "out.png", "--json")
    return {"numbers": totals(result(told)), "size": str(picture(folder / "out.png").shape)}


class Outline(HTMLParser):
    """How many of some elements a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = dict.fromkeys(("h1", "h2", "img", "figure", "table", "script"), 0)

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        if tag in self.counts:
            self.counts[tag] += 1


def outline(page: str) -> str:
    """Return how many pictures, figures, tables and headings a page has."""
    read = Outline()
    read.feed(page)
    return json.dumps(read.counts)


@command("explain")
def _(place: Place, folder: Path) -> Outcome:
    place.impasto("explain", *ONE, *STEPS, "-o", folder / "out.html", "-q")
    return {"outline": outline((folder / "out.html").read_text())}


def video(name: str, film: str, *arguments: str) -> None:
    """Enter the frames of `impasto video`, written without loss."""

    @command(f"video-{name}", mean=0.005, largest=0.06)
    def _(place: Place, folder: Path) -> Outcome:
        place.impasto("video", film, *arguments, "-o", folder / "out.mkv", "--codec", "ffv1", "-q")
        return {"frames": frames(folder / "out.mkv")}


FILM = ("--size", "48", "--min-size", "0", "--iterations", "2", "--next-iterations", "2", "--long-term", "1")
video("fast", "film.mkv", "--style", "starry-night")
video("fast-two-styles", "frames", *("--rate", "12", "--style", "starry-night", "--style", "great-wave"))
video("fast-two-workers", "film.mkv", *("--style", "starry-night", "--segment", "3", "--workers", "2"))
video("optimised", "film.mkv", "--optimize", "--style", "painting.png", *FILM, *PROCESSOR)
video(
    "optimised-passes",
    "film.mkv",
    *("--style", "painting.png", "--optimize", "--passes", "2", "--end", "0.25"),
    *FILM,
    *PROCESSOR,
)


@command("video-pictures")
def _(place: Place, folder: Path) -> Outcome:
    out = folder / "out"
    out.mkdir()
    cut = ("--start", "0.1", "--end", "0.4")
    place.impasto("video", "film.mkv", "--style", "the-kiss", *cut, "-o", out / "%03d.png", "-q")
    return pictures(out)


RUN_ONNX = """
import sys
import numpy as np, onnxruntime
path, photo, out = sys.argv[1:]
settings = onnxruntime.SessionOptions()
settings.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
fed = {}
for value in session.get_inputs():
    fed[value.name] = np.load(photo)
    if value.name == "strength":
        fed[value.name] = np.ones(1, np.float32)
np.save(out, session.run(None, fed)[0].astype(np.float32))
"""


def run_onnx(place: Place, path: Path) -> NDArray[Any]:
    """Return what an exported network makes of a picture in its style."""
    photo, out = path.with_suffix(".photo.npy"), path.with_suffix(".npy")
    np.save(photo, np.asarray(inputs.blobs(64, 48, 1, 6), np.float32).transpose(2, 0, 1)[None] / 255)
    assert place.start("-c", RUN_ONNX, path, photo, out).wait() == 0
    return np.load(out)


def export(precision: str) -> None:
    """Enter what `impasto export` writes, by what it computes."""

    @command(f"export-{precision}")
    def _(place: Place, folder: Path) -> Outcome:
        out = folder / "out.onnx"
        place.impasto("export", "--style", "painting.png", "-o", out, "--precision", precision, "-q")
        return {"output": run_onnx(place, out)}


export("fp32")
export("fp16")


def train(place: Place, network: Path, *arguments: str) -> Outcome:
    """Train one step; return the norms of the tensors."""
    small = ("--content-dir", "photos", "--steps", "1", "--batch", "2", "--size", "64", *PROCESSOR)
    place.impasto("train", "painting.png", *small, *arguments, "-o", network, "-q")
    trained = load_file(network)
    # Without BLAS, whose sums depend on its threads.
    return {
        "norms": np.array([np.square(trained[n].astype(np.float64)).sum() ** 0.5 for n in sorted(trained)])
    }


@command("train-refined")
def _(place: Place, folder: Path) -> Outcome:
    refined = folder / "mine.style"
    norms = train(place, refined)
    place.impasto("fast", "photo.png", refined, "--threads", "1", "-o", folder / "out.png", "-q")
    return norms | {"picture": picture(folder / "out.png")}


# From random filters, where the first step is the gradient's sign: near 0 it is either.
@command("train-johnson", mean=0.01, largest=0.05)
def _(place: Place, folder: Path) -> Outcome:
    network = folder / "mine.safetensors"
    norms = train(place, network, "--architecture", "johnson2016")
    place.impasto("export", network, "-o", folder / "out.onnx", "-q")
    return norms | {"output": run_onnx(place, folder / "out.onnx")}


def neural_style(name: str, *arguments: str) -> None:
    """Enter a painting of neural-style's command line."""

    @command(f"neural-style-{name}")
    def _(place: Place, folder: Path) -> Outcome:
        inputs_ = ("-content_image", "photo.png", "-style_image", "painting.png", "-model_file", "tiny")
        small = ("-gpu", "c", "-image_size", "64", "-num_iterations", "3", "-seed", "1")
        out = ("-output_image", folder / "out.png", "-print_iter", "1", "-save_iter", "0")
        printed = place.impasto("neural-style", *arguments, *inputs_, *small, *out)
        losses = [float(found) for found in re.findall(r"(?:[Ll]oss)\D*?: *([-+.\de]+)", printed)]
        assert losses
        return {"picture": picture(folder / "out.png"), "losses": np.array(losses)}


neural_style("pt", "-init", "image")
neural_style("lua", "--dialect", "lua", "-init", "image", "-optimizer", "adam")


@command("style-transfer")
def _(place: Place, folder: Path) -> Outcome:
    small = ("--model", "tiny", "-s", "64", "-ms", "48", "-ii", "3", "-i", "2", "--devices", "cpu")
    printed = place.impasto("style-transfer", *ONE, *small, "-o", folder / "out.png")
    losses = [float(found) for found in re.findall(r"loss: ([-+.\de]+)", printed)]
    assert losses
    return {"picture": picture(folder / "out.png"), "losses": np.array(losses)}


@command("measure")
def _(place: Place, _folder: Path) -> Outcome:
    return numbers(result(place.impasto("measure", "alpha.png", "photo.png", "painting.png", "--json")))


@command("models")
def _(place: Place, _folder: Path) -> Outcome:
    rows = [line.split() for line in place.impasto("models", "list").splitlines()]
    return {"table": json.dumps([row for row in rows if row and "─" not in row[0]])}


@command("styles")
def _(place: Place, _folder: Path) -> Outcome:
    return {"styles": json.dumps(result(place.impasto("styles", "--json"))["styles"], sort_keys=True)}


@contextmanager
def studio(place: Place, folder: Path) -> Any:
    """Run a studio of its own; yield a client of its HTTP API."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (folder / "log.txt").open("w")
    server = place.start(
        *("-m", "impasto", "studio", "--no-browser", "--port", str(port), "--data-dir", folder / "data"),
        stdout=log,
        stderr=log,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            until(lambda: ready(client, server))
            yield client
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
        log.close()


def ready(client: httpx.Client, server: subprocess.Popen[str]) -> bool:
    assert server.poll() is None, "the studio ended"
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


# The studio paints in bfloat16 where the processor multiplies it, further off than kernels are.
@command("studio", mean=0.02, largest=0.2)
def _(place: Place, folder: Path) -> Outcome:
    with studio(place, folder) as client:

        def upload(name: str, role: str) -> str:
            path = place.root / "inputs" / name
            answer = client.post("/api/v1/pictures", files={"file": path.read_bytes()}, data={"role": role})
            return str(answer.raise_for_status().json()["id"])

        def finish(job: str) -> dict[str, Any]:
            told: dict[str, Any] = client.get(f"/api/v1/jobs/{job}").raise_for_status().json()
            assert told["status"] not in ("failed", "cancelled"), told["error"]
            return told if told["status"] == "done" else {}

        def save(url: str, path: Path) -> Path:
            path.write_bytes(client.get(url).raise_for_status().content)
            return path

        photo, painting = upload("photo.png", "photo"), upload("painting.png", "painting")
        protect = upload("left.png", "mask")
        settings = {
            "photo": photo,
            "styles": [{"picture": painting, "weight": 2}, {"name": "starry-night", "weight": 1}],
            "size": 64,
            "strength": 1.5,
            "keep_color": 0.5,
            "protect": protect,
            "mask_feather": 2,
            "seed": 5,
            "options": {"iterations": 3, "min_size": 0},
        }
        submitted = client.post("/api/v1/jobs", json=settings)
        assert submitted.status_code == 202, submitted.text
        job = submitted.json()["id"]
        until(lambda: finish(job), MINUTES)
        out = save(f"/api/v1/jobs/{job}/result", folder / "out.png")
        explained = client.post(f"/api/v1/jobs/{job}/explanation").raise_for_status().json()["id"]
        until(lambda: finish(explained), MINUTES)
        page = client.get(f"/api/v1/jobs/{job}/explanation").raise_for_status().text
        quick = {"photo": photo, "styles": [{"name": "great-wave"}]}
        preview = client.post("/api/v1/preview", json=quick).raise_for_status()
        (folder / "preview.jpg").write_bytes(preview.content)
        return {
            "picture": picture(out),
            "preview": picture(folder / "preview.jpg"),
            "explanation": outline(page),
            "routes": json.dumps(sorted(client.get("/openapi.json").json()["paths"])),
        }
