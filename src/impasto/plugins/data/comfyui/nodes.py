"""The nodes. Pictures are ComfyUI's IMAGE, (pictures, height, width, 3) float32 in [0, 1]; masks its MASK,
(masks, height, width); a style is IMPASTO_STYLE, a tuple of ``StylePart``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import comfy.model_management
import comfy.utils
import folder_paths
import numpy as np
import torch
from PIL import Image

from .client import (
    ChosenStyle,
    ClientSettings,
    FilmRequest,
    PaintingCancelled,
    PaintingError,
    PaintingRequest,
    make_client,
    work_folder,
)

FOLDER = Path(__file__).parent
CATEGORY = "impasto"
STYLE = "IMPASTO_STYLE"
STEPS = 1000
SIZE = (
    "INT",
    {"default": 0, "min": 0, "max": 16384, "tooltip": "Long side in pixels; 0: the picture's own."},
)
STRENGTH = ("FLOAT", {"default": 1.0, "min": 0.0, "max": 2.0, "step": 0.05})
STROKE_SIZE = ("FLOAT", {"default": 1.0, "min": 0.25, "max": 3.0, "step": 0.05})
KEEP_COLOR = ("BOOLEAN", {"default": False})
SEED = ("INT", {"default": 0, "min": 0, "max": 2**31 - 1})


@dataclass(frozen=True)
class StylePart:
    """One of the styles in a mixture: a name or path, or a picture (height, width, 3); weight and mask."""

    place: str = ""
    picture: Any = None
    weight: float = 1.0
    mask: Any = None


def write_picture(picture: Any, path: Path) -> str:
    """Write a tensor (height, width, channels) or (height, width) in [0, 1] as PNG; return the path."""
    values = np.asarray(picture.detach().cpu().float().numpy())
    pixels = np.round(np.clip(np.nan_to_num(values), 0.0, 1.0) * 255).astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    Image.fromarray(pixels).save(path)
    return str(path)


def read_picture(path: Path) -> Any:
    """Return a picture file as a tensor (1, height, width, 3) in [0, 1]."""
    with Image.open(path) as opened:
        pixels = np.asarray(opened.convert("RGB"), dtype=np.float32) / 255.0
    return torch.from_numpy(pixels)[None]


def pick(masks: Any, number: int) -> Any:
    """Return the mask (height, width) of picture ``number``; the last one serves those after it."""
    return masks if masks.ndim == 2 else masks[min(number, masks.shape[0] - 1)]


def settings() -> ClientSettings:
    """Return the plug-in's settings."""
    return ClientSettings.read(FOLDER)


class NodeProgress:
    """The progress bar of a node that paints ``pictures``; also asks ComfyUI whether to stop."""

    def __init__(self, pictures: int = 1) -> None:
        self._pictures = pictures
        self._number = 0
        self._bar = comfy.utils.ProgressBar(STEPS * pictures)

    def report(self, done: float | None, words: str) -> None:  # noqa: ARG002
        """Show the share of the current picture."""
        share = 0.0 if done is None else done
        self._bar.update_absolute(round(STEPS * (self._number + share)), STEPS * self._pictures)

    def finish_picture(self) -> None:
        """Show that one more picture is finished."""
        self._number += 1
        self.report(None, "")

    def cancelled(self) -> bool:
        """Return whether the user stopped the queue."""
        return bool(comfy.model_management.processing_interrupted())


def choices(style: tuple[StylePart, ...], folder: Path, number: int = 0) -> tuple[ChosenStyle, ...]:
    """Return the styles as the client takes them, with pictures and masks as files in ``folder``."""
    found = []
    for index, part in enumerate(style):
        place = part.place
        if part.picture is not None:
            place = write_picture(part.picture, folder / f"style-{index}.png")
        mask = None
        if part.mask is not None:
            mask = write_picture(pick(part.mask, number), folder / f"mask-{index}.png")
        found.append(ChosenStyle(place, part.weight, mask))
    return tuple(found)


def paint(images: Any, style: tuple[StylePart, ...], protect: Any, **options: Any) -> Any:
    """Return ``images`` painted one by one."""
    client, progress, painted = make_client(settings()), NodeProgress(images.shape[0]), []
    for number, image in enumerate(images):
        with work_folder() as folder:
            request = PaintingRequest(
                photo=write_picture(image[..., :3], folder / "photo.png"),
                styles=choices(style, folder, number),
                output=str(folder / "painting.png"),
                protect=None
                if protect is None
                else write_picture(pick(protect, number), folder / "protect.png"),
                **{**options, "size": options["size"] or max(image.shape[:2])},
            )
            stop_with_queue(client.paint, request, progress.report, progress.cancelled)
            painted.append(read_picture(folder / "painting.png"))
        progress.finish_picture()
    return torch.cat(painted)


def stop_with_queue(work: Any, *arguments: Any) -> None:
    """Call ``work``; when the user stops it, stop as ComfyUI's own nodes do."""
    try:
        work(*arguments)
    except PaintingCancelled:
        comfy.model_management.throw_exception_if_processing_interrupted()
        raise


class NamedStyleNode:
    """One of the styles that come with Impasto."""

    CATEGORY, FUNCTION, RETURN_TYPES = CATEGORY, "choose", (STYLE,)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        """Return the node's inputs."""
        names = list(settings().styles)
        return {"required": {"style": (names, {"default": "starry-night"})}}

    def choose(self, style: str) -> tuple[Any]:
        """Return the style."""
        return ((StylePart(place=style),),)


class PaintingStyleNode:
    """The style of a picture."""

    CATEGORY, FUNCTION, RETURN_TYPES = CATEGORY, "take", (STYLE,)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """Return the node's inputs."""
        return {"required": {"painting": ("IMAGE",)}}

    def take(self, painting: Any) -> tuple[Any]:
        """Return the style of the picture."""
        if painting.shape[0] != 1:
            raise PaintingError(
                f"expected one painting; got {painting.shape[0]}: Impasto Measure Style takes several as one "
                "style"
            )
        return ((StylePart(picture=painting[0, ..., :3]),),)


class StyleFileNode:
    """A style file, as written by ``impasto style`` or ``impasto train``."""

    CATEGORY, FUNCTION, RETURN_TYPES = CATEGORY, "read", (STYLE,)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """Return the node's inputs."""
        return {"required": {"file": ("STRING", {"default": "mine.style"})}}

    @classmethod
    def IS_CHANGED(cls, file: str) -> float:  # noqa: N802
        """Return what changes when the file does."""
        path = cls._path(file)
        return path.stat().st_mtime if path.is_file() else float("nan")

    @staticmethod
    def _path(file: str) -> Path:
        return Path(folder_paths.get_output_directory()) / Path(file).expanduser()

    def read(self, file: str) -> tuple[Any]:
        """Return the style in the file; a relative path is one in ComfyUI's folder of outputs."""
        path = self._path(file)
        if not path.is_file() or path.suffix != ".style":
            raise PaintingError(f"expected a .style file; got {path}")
        return ((StylePart(place=str(path)),),)


class MeasureStyleNode:
    """Several paintings as one style, written to a style file in ComfyUI's folder of outputs."""

    CATEGORY, FUNCTION, RETURN_TYPES = CATEGORY, "measure", (STYLE, "STRING")
    RETURN_NAMES = ("style", "file")
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """Return the node's inputs."""
        name = ("STRING", {"default": "mine"})
        return {"required": {"paintings": ("IMAGE",), "name": name}}

    def measure(self, paintings: Any, name: str) -> tuple[Any, str]:
        """Measure the paintings."""
        if not name or Path(name).name != name or name.startswith("."):
            raise PaintingError(f"expected the name of a file without folders; got {name!r}")
        output = Path(folder_paths.get_output_directory()) / f"{name.removesuffix('.style')}.style"
        client, progress = make_client(settings()), NodeProgress()
        with work_folder() as folder:
            files = [
                write_picture(picture[..., :3], folder / f"{number:04}.png")
                for number, picture in enumerate(paintings)
            ]
            written, title = str(folder / "new.style"), output.stem
            stop_with_queue(client.measure_style, files, written, title, progress.report, progress.cancelled)
            output.write_bytes(Path(written).read_bytes())
        return (StylePart(place=str(output)),), str(output)


class BlendNode:
    """A mixture of two styles, or of mixtures."""

    CATEGORY, FUNCTION, RETURN_TYPES = CATEGORY, "blend", (STYLE,)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """Return the node's inputs."""
        share = ("FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.01})
        return {"required": {"first": (STYLE,), "second": (STYLE,), "share_of_second": share}}

    def blend(self, first: Any, second: Any, share_of_second: float) -> tuple[Any]:
        """Return the mixture."""
        found = []
        for style, share in ((first, 1.0 - share_of_second), (second, share_of_second)):
            whole = sum(part.weight for part in style)
            found += [replace(part, weight=share * part.weight / whole) for part in style]
        return (tuple(part for part in found if part.weight > 0),)


class MaskedStyleNode:
    """A style for a region: a blend of masked styles paints each where its mask is white."""

    CATEGORY, FUNCTION, RETURN_TYPES = CATEGORY, "limit", (STYLE,)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """Return the node's inputs."""
        return {"required": {"style": (STYLE,), "mask": ("MASK",)}}

    def limit(self, style: Any, mask: Any) -> tuple[Any]:
        """Return the style with its mask."""
        if len(style) != 1:
            raise PaintingError("expected a single style to mask; got a blend: mask first, then blend")
        return ((replace(style[0], mask=mask),),)


class FastNode:
    """One pass of the network for any painting: a fraction of a second a picture."""

    CATEGORY, FUNCTION, RETURN_TYPES = CATEGORY, "paint", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """Return the node's inputs."""
        options = {"strength": STRENGTH, "stroke_size": STROKE_SIZE, "keep_color": KEEP_COLOR}
        return {
            "required": {"images": ("IMAGE",), "style": (STYLE,), "size": SIZE, **options},
            "optional": {"protect": ("MASK",)},
        }

    def paint(self, images: Any, style: Any, protect: Any = None, **options: Any) -> tuple[Any]:
        """Return the paintings."""
        return (paint(images, style, protect, engine="fast", **options),)


class StylizeNode:
    """Painting by optimisation: slower than the fast network, and closer to the style."""

    CATEGORY, FUNCTION, RETURN_TYPES = CATEGORY, "paint", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """Return the node's inputs."""
        options = {"strength": STRENGTH, "stroke_size": STROKE_SIZE, "keep_color": KEEP_COLOR}
        presets = list(settings().style_weights)
        return {
            "required": {
                "images": ("IMAGE",),
                "style": (STYLE,),
                "size": SIZE,
                **options,
                "preset": (presets, {"default": "default"}),
                "seed": SEED,
            },
            "optional": {"protect": ("MASK",)},
        }

    def paint(self, images: Any, style: Any, protect: Any = None, **options: Any) -> tuple[Any]:
        """Return the paintings."""
        return (paint(images, style, protect, engine="stylize", **options),)


class FilmNode:
    """A batch of pictures as the frames of a film, painted so that they do not flicker."""

    CATEGORY, FUNCTION, RETURN_TYPES = CATEGORY, "paint", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """Return the node's inputs."""
        steadiness = ("FLOAT", {"default": 0.99, "min": 0.0, "max": 0.99, "step": 0.01})
        options = {"strength": STRENGTH, "stroke_size": STROKE_SIZE, "keep_color": KEEP_COLOR}
        return {
            "required": {
                "frames": ("IMAGE",),
                "style": (STYLE,),
                "size": SIZE,
                **options,
                "steadiness": steadiness,
                "optimize": ("BOOLEAN", {"default": False}),
            }
        }

    def paint(self, frames: Any, style: Any, size: int, **options: Any) -> tuple[Any]:
        """Return the painted frames."""
        if any(part.mask is not None for part in style):
            raise PaintingError("films take no masks; expected styles without")
        client, progress = make_client(settings()), NodeProgress()
        with work_folder() as folder:
            source, output = folder / "frames", folder / "painted"
            source.mkdir()
            for number, frame in enumerate(frames):
                write_picture(frame[..., :3], source / f"{number:06}.png")
            request = FilmRequest(
                frames=str(source),
                styles=choices(style, folder),
                output=str(output),
                size=size or max(frames.shape[1:3]),
                **options,
            )
            stop_with_queue(client.film, request, progress.report, progress.cancelled)
            painted = sorted(output.glob("*.png"))
            if len(painted) != frames.shape[0]:
                raise PaintingError(f"expected {frames.shape[0]} painted frames; got {len(painted)}")
            return (torch.cat([read_picture(path) for path in painted]),)


NODE_CLASS_MAPPINGS = {
    "ImpastoNamedStyle": NamedStyleNode,
    "ImpastoPaintingStyle": PaintingStyleNode,
    "ImpastoStyleFile": StyleFileNode,
    "ImpastoMeasureStyle": MeasureStyleNode,
    "ImpastoBlend": BlendNode,
    "ImpastoMaskedStyle": MaskedStyleNode,
    "ImpastoFast": FastNode,
    "ImpastoStylize": StylizeNode,
    "ImpastoFilm": FilmNode,
}

NODE_DISPLAY_NAME_MAPPINGS = {
    "ImpastoNamedStyle": "Impasto Named Style",
    "ImpastoPaintingStyle": "Impasto Style of a Picture",
    "ImpastoStyleFile": "Impasto Style File",
    "ImpastoMeasureStyle": "Impasto Measure Style",
    "ImpastoBlend": "Impasto Blend Styles",
    "ImpastoMaskedStyle": "Impasto Style in a Mask",
    "ImpastoFast": "Impasto Fast",
    "ImpastoStylize": "Impasto Stylize",
    "ImpastoFilm": "Impasto Film",
}
