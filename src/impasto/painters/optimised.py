"""The optimiser as a painter (Gatys, Ecker and Bethge, CVPR 2016)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from impasto import imaging
from impasto.catalogue.loader import load_style
from impasto.catalogue.lookup import find_style
from impasto.encoders import FeatureExtractor
from impasto.files import digests
from impasto.imaging.inputs import load_picture, opaque
from impasto.imaging.mask_inputs import load_mask
from impasto.imaging.read_options import READING, ReadOptions
from impasto.optimize import colours, memory
from impasto.optimize.engine import Checkpointer, least_side, paint
from impasto.optimize.mixture import mix_scales
from impasto.optimize.options import Initialisation, OptimizeOptions
from impasto.optimize.regions import style_uses
from impasto.painters.painter import Materials
from impasto.painters.sources import (
    LoadedEncoder,
    arrange,
    check_style_encoders,
    check_style_files,
    encoder_for,
    feathered,
    normalised,
    with_encoder,
    with_layer_names,
)
from impasto.progress import Cancel, Progress, ProgressCallback
from impasto.tensors import with_gradients
from impasto.types import Painting, Picture, Pixels, Plane

if TYPE_CHECKING:
    from impasto.painters.painter import Painter


class OptimisedPainter:
    """A painter that optimises the picture itself towards a content and a style."""

    options: OptimizeOptions
    network: str

    @with_gradients()
    def __init__(
        self,
        options: OptimizeOptions,
        materials: Materials,
        *,
        like: Painter | None = None,
        reading: ReadOptions = READING,
    ) -> None:
        """Raises InputError and its subclasses, and WeightsMissingError without the encoder's weights."""
        self._materials = materials
        self._reading = reading
        own = materials.encoder
        if own is not None and not isinstance(own, LoadedEncoder):
            options = with_encoder(own, options)
        sampling = options.style_sampling()
        self._styles = [load_style(s, **sampling, reading=reading) for s in materials.styles]
        strokes = materials.strokes
        self._strokes = None if strokes is None else load_style(strokes, **sampling, reading=reading)
        self._start = None
        if options.init not in get_args(Initialisation):
            self._start = opaque(load_picture(options.init, reading, options.size))
        self._encoder = self._load(options, like)
        self.options = with_layer_names(options, self._encoder)
        self.device = "auto"  # chosen for each painting
        # A size too small for a square picture is too small for any.
        least_side(self._encoder, self.options, *options.sides)

    def _load(self, options: OptimizeOptions, like: Painter | None) -> FeatureExtractor:
        """Return the network, and set ``self.network`` to its digest."""
        own = self._materials.encoder
        if own is not None and not isinstance(own, LoadedEncoder):
            about = sorted((name, str(value)) for name, value in own.describe().items())
            self.network = digests.of_bytes(str(about))
            return own
        every = [*self._styles, *([] if self._strokes is None else [self._strokes])]
        check_style_encoders(every, options)
        if own is not None:
            found = own.network
        elif isinstance(like, OptimisedPainter) and _network_key(like.options) == _network_key(options):
            found = like._encoder
        else:
            found = encoder_for(options)
        self.network = str(found.describe()["sha256"])
        return found

    def check_style(self, style: str) -> None:
        find_style(style)

    def memory(self) -> float:
        options = self.options
        if options.max_memory is not None:
            return options.max_memory * 1e9
        width, height = options.sides
        layers = [*options.content_layers, *options.style_layers]
        at_work = memory.activations(self._encoder, layers) * memory.OVERHEAD * height * width
        return memory.kept(self._encoder, options, height, width) + at_work

    @with_gradients()
    def paint(
        self,
        photo: Picture,
        *,
        checkpointer: Checkpointer | None = None,
        on_progress: ProgressCallback | None = None,
        cancel: Cancel | None = None,
    ) -> Painting:
        """See ``Painter``."""
        given, options, reading = self._materials, self.options, self._reading
        beneath = opaque(photo)
        network, loaded = self._network_for(beneath), self._styles
        guard = None
        if given.protect is not None:
            guard = feathered(load_mask(given.protect, photo, "protect", reading), options)
        masks, inner = given.content_masks, given.style_masks
        if self._strokes is not None:
            arrange(
                photo, style_uses(loaded, options), masks, inner, options, reading
            )  # raises for bad masks
            loaded = [
                mix_scales(layout, self._strokes, network, options, on_progress=on_progress, cancel=cancel)
                for layout in loaded
            ]
        painted, styles = colours.prepare(beneath, loaded, options)
        if on_progress is not None:
            on_progress = _recoloured(on_progress, beneath, painted, options, guard)
        painting = paint(
            painted,
            arrange(photo, style_uses(styles, options), masks, inner, options, reading),
            network,
            options,
            start=self._start,
            protect=guard,
            extra_losses=given.extra_losses or None,
            checkpointer=checkpointer,
            on_progress=on_progress,
            cancel=cancel,
        )
        height, width = painting.pixels.shape[:2]
        kept = None if guard is None else imaging.resize_mask(guard, width, height)
        pixels = colours.finish(painting.pixels, imaging.resize(beneath.pixels, width, height), options, kept)
        return replace(painting, picture=imaging.painted_like(photo, pixels))

    def _network_for(self, photo: Picture) -> FeatureExtractor:
        """Return the network, normalised on ``photo`` and the styles if the options say so."""
        if self._materials.encoder is not None and not isinstance(self._materials.encoder, LoadedEncoder):
            return self._encoder
        found = normalised(self._encoder, self.options, photo, self._styles)
        every = [*self._styles, *([] if self._strokes is None else [self._strokes])]
        check_style_files(every, found, self.options)
        return found


def _network_key(options: OptimizeOptions) -> tuple[object, ...]:
    """Return the options that determine the network and its settings."""
    layers = (*options.content_layers, *options.style_layers)
    return options.encoder, *options.network_settings.values(), *layers


def _recoloured(
    on_progress: ProgressCallback,
    photo: Picture,
    painted: Picture,
    options: OptimizeOptions,
    guard: Plane | None,
) -> ProgressCallback:
    """Return ``on_progress`` with previews in the colours of the result, and the photograph where it is
    protected. ``painted``: the photograph after colour preparation."""

    def report(event: Progress) -> None:
        look = event.preview

        def preview() -> Pixels:
            assert look is not None
            pixels: Pixels = look()
            height, width = pixels.shape[:2]
            kept = None if guard is None else imaging.resize_mask(guard, width, height)
            if kept is not None:
                pixels = imaging.put_back(pixels, imaging.resize(painted.pixels, width, height), kept)
            return colours.finish(pixels, imaging.resize(photo.pixels, width, height), options, kept)

        on_progress(replace(event, preview=preview))

    return report
