"""The output of a film, a file or pictures, and its checks before any work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from impasto import imaging
from impasto.clips import Clip, ClipInfo, Request, open_clip
from impasto.clips.codecs import CODECS, VIDEO_SUFFIXES, WITHOUT_TRACKS, VideoOutput, find_target
from impasto.clips.colour import LINEAR, PQ
from impasto.clips.concatenation import join
from impasto.clips.frame_files import WRITABLE, has_timecode, is_exr, write_frame
from impasto.clips.pictures import PictureSequence, is_numbered, is_pattern, numbered, numbers_of
from impasto.clips.reader import VideoFile
from impasto.clips.track_writer import check_tracks
from impasto.clips.tracks import Tracks, left_out
from impasto.clips.writer import Segment, SegmentWriter, check_encoder
from impasto.errors import InputError, OptionError
from impasto.files import local, make_folder
from impasto.jobs import Job
from impasto.pipelines.video.options import FilmOptions, size_of_frames
from impasto.types import Pixels, Plane


@dataclass(frozen=True)
class FilmOutput:
    """The output of a film: its ``target``, the properties of its frames (``info``), the ``tracks`` beside
    them, and the ``pictures`` of the clip, if it is not a video."""

    target: VideoOutput
    info: ClipInfo
    tracks: Tracks | None
    pictures: tuple[Path, ...] = ()

    @property
    def path(self) -> Path:
        return self.target.path

    @property
    def is_frames(self) -> bool:
        """True if the film is written as pictures, which need no joining."""
        return self.target.kind == "frames"

    @property
    def segment_suffix(self) -> str:
        """The suffix of segment files; "" for pictures."""
        return "" if self.is_frames else self.target.segment_suffix

    @property
    def last_ticks(self) -> int:
        """The duration of the last frame."""
        shown = 1 / self.info.rate if self.info.last is None else self.info.last
        return max(1, round(shown / self.info.time_base))

    def segment_writer(self, path: Path) -> SegmentWriter:
        """Return a writer for one segment."""
        info = self.info
        return SegmentWriter(path, self.target, info.width, info.height, info.rate)

    def write_picture(self, number: int, pixels: Pixels, alpha: Plane | None, headroom: Plane | None) -> None:
        """Write frame ``number`` as a picture."""
        first = self.info.timecode
        write_frame(
            self.frame_path(number),
            pixels,
            bits=self.target.bits,
            alpha=alpha,
            headroom=headroom,
            timecode=None if first is None else first.after(number),
            rate=self.info.rate,
        )

    def frame_path(self, number: int) -> Path:
        """Return the path of a frame's picture; it keeps the number or the name of a sequence's picture."""
        path = self.path
        if is_numbered(path.name) and not path.is_dir():
            own = self._numbers
            return path.with_name(numbered(path.name, own[number] if own else number))
        return path / f"{self._names[number] if self._names else f'{number:06d}'}.png"

    @cached_property
    def _numbers(self) -> list[int]:
        """The numbers in the names of the pictures; empty if they are not numbered."""
        return numbers_of(self.pictures) or []

    @cached_property
    def _names(self) -> list[str]:
        """The names of the pictures, without suffixes if they differ without them."""
        stems = [picture.stem for picture in self.pictures]
        return stems if len(set(stems)) == len(stems) else [picture.name for picture in self.pictures]

    def finish(self, segments: list[Segment], frames: int) -> list[str]:
        """Join ``segments`` and return notes for the user. Raises OutputError."""
        if not self.is_frames:
            info = self.info
            times = info.time_base, self.last_ticks, info.rate
            lost = join(segments, self.target, *times, self.tracks, info.timecode)
            if self.target.transfer and info.mastering is not None and self.target.mastering is None:
                lost.append(
                    f"the mastering display of HDR10 was left out: {self.path.suffix} does not support it"
                )
            return lost + self._lost_timecode()
        local.sweep(self.frame_path(0).parent)  # files of workers that died
        lost = [] if self.tracks is None else left_out(self.tracks, self.target.kind)
        return lost + self._lost_timecode() + self._older_frames(frames)

    def _lost_timecode(self) -> list[str]:
        """Return a note on a timecode that the output cannot store."""
        if self.info.timecode is None or self.target.kind == "file" or has_timecode(self.frame_path(0)):
            return []
        have = f"{WITHOUT_TRACKS[self.target.kind]} none"
        have = "frames have it in OpenEXR and DPX only" if self.is_frames else have
        return [f"the timecode {self.info.timecode} was left out: {have}"]

    def _older_frames(self, count: int) -> list[str]:
        """Return a note on older frames in the folder, numbered after the ``count`` of this film."""
        path = self.path
        if is_numbered(path.name) and not path.is_dir():
            count = max(self._numbers[:count]) + 1 if self._numbers else count
        elif self.pictures:
            return []
        plain = replace(self, pictures=())
        more = count
        while plain.frame_path(more).exists():
            more += 1
        if more == count:
            return []
        first = plain.frame_path(count)
        return [f"{more - count} older frames, from {first} on, do not belong to this film and were kept"]

    def check(self, source: Path, *, make_folder: bool = True) -> None:
        """Raise if the film cannot be written or would overwrite its ``source``. ``make_folder``: create a
        missing folder of frames.

        Raises OutputError and InputError for its path, OptionError and InputError for a frame size or sound
        that cannot be encoded.
        """
        path = self.path
        if self.is_frames:
            self._check_folder(source, make=make_folder)
            return
        imaging.check_writable(path, suffixes=VIDEO_SUFFIXES)
        if path.exists() and source.exists() and path.samefile(source):
            raise InputError(f"the output {path} is also the input; it would be overwritten")
        info = self.info
        check_encoder(self.target, info.width, info.height, info.rate)
        if self.tracks is not None:
            check_tracks(self.target, self.tracks)

    def _check_folder(self, source: Path, *, make: bool) -> None:
        folder = self.frame_path(0).parent
        if not make and not folder.exists():
            above = next(place for place in folder.absolute().parents if place.exists())
            imaging.check_writable(above / self.frame_path(0).name, suffixes=WRITABLE)
            return
        make_folder(folder, "the frames")
        imaging.check_writable(self.frame_path(0), suffixes=WRITABLE)
        sources = source if source.is_dir() else source.parent
        if sources.is_dir() and folder.samefile(sources) and (source.is_dir() or is_pattern(source.name)):
            raise InputError(
                f"the output folder {folder} has the frames of the clip; expected another folder"
            )


def clip_request(film: FilmOptions) -> Request:
    """Return the request for a clip at its own size."""
    return Request(
        start=film.start, end=film.end, even=False, damage=film.damage, rate=film.rate, hdr=film.hdr
    )


def open_film(job: Job, film: FilmOptions) -> tuple[Clip, FilmOutput]:
    """Return the clip at the requested size, and the output.

    The size is that of ``film``, or else of the job's options, which for the optimiser is limited to the
    clip's. Raises InputError for an unreadable clip, OutputError and OptionError for an unusable output.
    """
    source, output, options = Path(job.content.place), Path(job.output), job.options
    request = clip_request(film)
    if is_exr(output):
        request = replace(request, hdr=True)
    own = open_clip(source, replace(request, alpha=True)).info
    codec, quality = film.codec, film.quality
    target = find_target(output, film.bits or own.bits, codec=codec, quality=quality, alpha=own.alpha)
    least = 10 if film.hdr else film.bits
    if least is not None and target.bits < least:
        target = find_target(output, least, codec=codec, quality=quality)
    if film.hdr and not is_exr(output):
        target = _hdr(target, own, source)
    if film.bits is not None and target.bits < film.bits:
        by = f" with {film.codec}" if film.codec else ""
        raise OptionError(
            f"{output.name}{by} has {target.bits} bits per sample; expected another codec or suffix for "
            f"{film.bits}"
        )
    size = size_of_frames(film, options, own.width, own.height)
    clip = open_clip(source, replace(request, size=size, even=target.even, alpha=target.alpha))
    pictures = clip.paths if isinstance(clip, PictureSequence) else ()
    wanted = replace(request, size=size).fit(own.width, own.height)
    remarks = (*clip.info.remarks, *_uneven(wanted, (own.width, own.height), target, size))
    return clip, FilmOutput(target, replace(clip.info, remarks=remarks), _tracks(clip, film), pictures)


def _uneven(
    wanted: tuple[int, int], own: tuple[int, int], target: VideoOutput, size: int | tuple[int, int] | None
) -> list[str]:
    """Return a remark on frames that are a pixel smaller than ``wanted``, unless that is the short side of
    frames that are resized anyway."""
    width, height = (side - side % 2 for side in wanted)
    follows = isinstance(size, int) and wanted != own and max(wanted) % 2 == 0
    if not target.even or follows or (width, height) == wanted:
        return []
    name = next(name for name, codec in CODECS.items() if codec is target.codec).upper()
    name = f"{name[0]}.{name[1:]}"
    return [
        f"the frames are {width} x {height}, not {wanted[0]} x {wanted[1]}: {name} supports even sides only "
        "(VP9, AV1, ProRes and FFV1 support all)"
    ]


def _hdr(target: VideoOutput, clip: ClipInfo, source: Path) -> VideoOutput:
    """Return ``target`` in HDR. Raises OptionError if the clip is not HDR, or if the format does not support
    it."""
    if not clip.transfer:
        raise OptionError(f"--hdr keeps HDR (PQ, HLG, OpenEXR); {source.name} is SDR")
    if target.kind != "file" or target.bits < 10 or "yuv" not in target.pixel_format:
        raise OptionError(
            f"--hdr needs a 10-bit video in H.265, AV1 or ProRes; {target.path.name} would have "
            f"{target.bits} bits of another kind"
        )
    mastering = clip.mastering if target.codec is not None and target.codec.parameters else None
    return replace(target, transfer=PQ if clip.transfer == LINEAR else clip.transfer, mastering=mastering)


def _tracks(clip: Clip, film: FilmOptions) -> Tracks | None:
    """Return the tracks beside the pictures of a video."""
    if not isinstance(clip, VideoFile):
        return None
    info = clip.info
    start, end = (None if t is None else t + info.begin for t in (film.start, film.end))
    return Tracks(clip.path, clip.index, info.origin, start, end, film.sound)
