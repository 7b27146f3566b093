"""The formats of videos, chosen by the suffix of the output or by the requested codec."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from impasto import files
from impasto.clips.mastering_display import MasteringDisplay
from impasto.errors import OptionError, require_one_of
from impasto.parameters import shown


@dataclass(frozen=True)
class Codec:
    """A video codec and the options of its encoder.

    ``encoder``: FFmpeg's name. ``formats``: bits to pixel format. ``quality``: the encoder's option for
    quality and its default; empty if it has none. ``worst``: the largest value of that option. ``options``:
    all other options. ``alpha``: bits to pixel format with an alpha channel, and ``alpha_options``, the
    options needed for it. ``containers``: suffixes that hold it. ``tag``: its name in MP4 and QuickTime if
    not the default, and ``alpha_tag``, the name with an alpha. ``parameters``: the option with the encoder's
    own parameters, if these can state a mastering display. ``fastest``: the largest number of frames a second
    that the encoder accepts, 0 for any; the times of frames are in the container. ``even``: whether it
    requires even sides.
    """

    encoder: str
    formats: Mapping[int, str]
    quality: tuple[str, int] | None
    options: Mapping[str, str]
    containers: tuple[str, ...]
    tag: str = ""
    worst: int = 63
    alpha: Mapping[int, str] = field(default_factory=dict)
    alpha_options: Mapping[str, str] = field(default_factory=dict)
    alpha_tag: str = ""
    parameters: str = ""
    fastest: int = 0
    even: bool = False


_ANY = (".mp4", ".m4v", ".mov", ".mkv")
CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        # Without mbtree, whose AVX-512 code in x264 is not deterministic: a resumed film must equal an
        # uninterrupted one. Files grow by a quarter.
        "h264": Codec(
            "libx264",
            {8: "yuv420p", 10: "yuv420p10le"},
            ("crf", 17),
            {"preset": "medium", "x264-params": "mbtree=0"},
            _ANY,
            worst=51,
            even=True,
        ),
        "h265": Codec(
            "libx265",
            {8: "yuv420p", 10: "yuv420p10le"},
            ("crf", 20),
            {"preset": "medium", "x265-params": "log-level=error:open-gop=0:pools=none:frame-threads=1"},
            _ANY,
            "hvc1",
            worst=51,
            parameters="x265-params",
            even=True,
        ),
        "vp9": Codec(
            "libvpx-vp9",
            {8: "yuv420p"},
            ("crf", 24),
            {"b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
            (".webm", ".mkv", ".mp4"),
            alpha={8: "yuva420p"},
            alpha_options={"auto-alt-ref": "0"},
        ),
        "av1": Codec(
            "libsvtav1",
            {8: "yuv420p", 10: "yuv420p10le"},
            ("crf", 28),
            {"preset": "8", "svtav1-params": "lp=2"},
            (".webm", ".mkv", ".mp4"),
            parameters="svtav1-params",
            fastest=240,
        ),
        "prores": Codec(
            "prores_ks",
            {10: "yuv422p10le"},
            None,
            {"profile": "3", "vendor": "apl0"},
            (".mov", ".mkv"),
            alpha={10: "yuva444p10le"},
            alpha_options={"profile": "4"},
            alpha_tag="ap4h",
        ),
        "ffv1": Codec(
            "ffv1",
            {8: "bgr0", 16: "gbrp16le"},
            None,
            {"level": "3"},
            (".mkv",),
            alpha={8: "bgra", 16: "gbrap16le"},
        ),
    }
)
"""The supported codecs, by name."""


def describe_quality() -> str:
    """Return the largest quality of each codec, for help texts: "51 (h264, h265) or 63 (vp9, av1)"."""
    codecs: dict[int, list[str]] = {}
    for name, codec in CODECS.items():
        if codec.quality is not None:
            codecs.setdefault(codec.worst, []).append(name)
    return " or ".join(f"{worst} ({', '.join(names)})" for worst, names in sorted(codecs.items()))


_DEFAULTS = {
    ".mp4": {8: "h264", 10: "h265"},
    ".m4v": {8: "h264", 10: "h265"},
    ".mkv": {8: "h264", 10: "h265"},
    ".webm": {8: "vp9", 10: "av1"},
    ".mov": {8: "prores", 10: "prores"},
}
VIDEO_SUFFIXES = (*_DEFAULTS, ".gif", ".y4m")
WITHOUT_TRACKS = {"gif": "a GIF has", "y4m": "Y4M has", "frames": "frames have"}
"""The kinds of outputs that can hold only pictures, in words."""
_Y4M = Codec("ffv1", {8: "yuv420p", 10: "yuv420p10le"}, None, {"level": "3"}, (".mkv",))
"""The codec of a Y4M's segments."""

RATES = (Fraction(1, 3600), Fraction(1000))
"""The smallest and the largest number of frames a second of films made from pictures."""
_RATE = re.compile(r"\d{1,30}(\.\d{1,30})?(/\d{1,30})?")
_PARTS = 100_000
"""The largest denominator of such a rate: one frame is wrong by less than a ten-thousandth in a day."""
FASTEST: Mapping[str, int] = MappingProxyType(
    {".mp4": 10_000, ".m4v": 10_000, ".mov": 10_000, ".y4m": 10_000, ".mkv": 1000, ".webm": 1000}
)
"""The largest number of frames a second in each container: Matroska counts in milliseconds; in the others,
decoders treat higher rates as errors."""

SOUND = {
    ".mp4": ("aac", "mp3", "mp3float", "ac3", "eac3", "alac", "opus", "libopus", "flac"),
    ".mov": ("aac", "mp3", "mp3float", "ac3", "eac3", "alac", "pcm_"),
    ".webm": ("opus", "libopus", "vorbis"),
    ".mkv": ("",),
}
"""The sound that each container can hold without encoding it again: prefixes of FFmpeg's names."""
SOUND[".m4v"] = SOUND[".mp4"]
SUBTITLES: dict[str, tuple[str, ...]] = {
    ".mp4": ("mov_text",),
    ".m4v": ("mov_text",),
    ".mov": ("mov_text",),
    ".webm": ("webvtt",),
    ".mkv": ("subrip", "srt", "ass", "ssa", "webvtt", "text", "pgssub", "dvdsub", "dvbsub"),
}
"""The subtitles that each container can hold without encoding them again: FFmpeg's names of decoders."""
SUBTITLES_INSTEAD = {
    ".mp4": "mov_text",
    ".m4v": "mov_text",
    ".mov": "mov_text",
    ".webm": "webvtt",
    ".mkv": "srt",
}
SOUND_INSTEAD = {".webm": "libopus", ".mp4": "aac", ".m4v": "aac", ".mov": "aac", ".mkv": "flac"}


@dataclass(frozen=True)
class VideoOutput:
    """The path and format of a video to write; ``kind`` is "file", "gif", "y4m" or "frames".

    ``codec``: encodes the segments, None for frames. ``bits``: of each sample. ``quality``: the encoder's own
    number. ``alpha``: whether it has an alpha channel. ``transfer``: that of HDR (ITU-T H.273), 0 for SDR.
    ``mastering``: the display on which HDR was graded, if it is to be stated.
    """

    path: Path
    kind: str
    codec: Codec | None
    bits: int
    quality: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    alpha: bool = False
    transfer: int = 0
    mastering: MasteringDisplay | None = None

    @property
    def tags(self) -> tuple[int, int, int]:
        """The matrix, primaries and transfer of its colours: BT.709, or BT.2020 for HDR."""
        return (9, 9, self.transfer) if self.transfer else (1, 1, 1)

    @property
    def pixel_format(self) -> str:
        assert self.codec is not None
        return (self.codec.alpha if self.alpha else self.codec.formats)[self.bits]

    @property
    def tag(self) -> str:
        """The container's code for the codec; "" for its default."""
        if self.codec is None or self.path.suffix.lower() not in (".mp4", ".m4v", ".mov"):
            return ""
        return self.codec.alpha_tag if self.alpha else self.codec.tag

    @property
    def segment_suffix(self) -> str:
        return ".mkv" if self.kind in ("gif", "y4m") else self.path.suffix.lower()

    @property
    def even(self) -> bool:
        """True if sides must be even, as some encoders require for 4:2:0."""
        return self.codec is not None and self.codec.even


def exact_rate(rate: object, option: str) -> Fraction:
    """Return ``rate``, such as 24, 29.97 (2997/100), 24000 / 1001 or "30000/1001", as a fraction.

    Raises OptionError if it is not a rate or is outside ``RATES``.
    """
    text = str(rate)
    try:
        plain = isinstance(rate, float) or _RATE.fullmatch(text)
        found = Fraction(text if plain else 0).limit_denominator(_PARTS)
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    least, most = RATES
    if not least <= found <= most:
        raise OptionError(
            f"expected {option} to be frames per second, from {least} to {most}, such as 25 or 30000/1001; "
            f"got {shown(rate)}"
        )
    return found


def check_rate(target: VideoOutput, rate: Fraction) -> None:
    """Raise OptionError if the file of ``target`` cannot have ``rate`` frames a second."""
    suffix = target.path.suffix.lower()
    fastest = FASTEST.get(suffix) if target.kind != "gif" else None  # GIF drops frames
    if fastest is not None and rate > fastest:
        other = " (.mp4 and .mov support 10,000)" if fastest < FASTEST[".mp4"] else ""
        raise OptionError(
            f"{suffix} supports at most {fastest:,} frames per second{other}; the film has {float(rate):,g}"
        )


def find_target(
    path: Path, bits: int, *, codec: str | None = None, quality: int | None = None, alpha: bool = False
) -> VideoOutput:
    """Return the format to write at ``path``: 8 or 10 ``bits`` a sample, for pictures also 16, unless the
    codec supports only one depth.

    ``alpha``: with an alpha channel if the format can hold one; WebM then has 8 bits only.

    The suffix of a video decides; a pattern of picture names (``out/%05d.png``), or a name without a suffix,
    is a folder of frames. Raises OutputError, or OptionError for a codec that does not fit.
    """
    # Imported here because they load OpenCV, which the help on codecs does not need.
    from impasto.clips.frame_files import WRITABLE
    from impasto.clips.pictures import is_numbered

    suffix = path.suffix.lower()
    if str(path) == "-":
        why = "a film is assembled from finished parts at the end, in a file"
        raise files.cannot_write(path, why, "its name")
    if codec is not None:
        require_one_of("codec", codec, CODECS)
    if not suffix or path.is_dir() or is_numbered(path.name):
        if codec is not None or quality is not None:
            raise OptionError("codec and quality work with videos only: expected neither for frames")
        if suffix and not path.is_dir() and suffix not in WRITABLE:
            expected = f"frames in one of {', '.join(WRITABLE)}"
            raise files.cannot_write(path, f"it ends in {path.suffix!r}", expected)
        holds = not suffix or path.is_dir() or suffix not in (".jpg", ".jpeg")
        return VideoOutput(path, "frames", None, bits, alpha=alpha and holds)
    bits = min(bits, 10)
    if suffix not in VIDEO_SUFFIXES:
        raise files.cannot_write(
            path,
            f"it ends in {path.suffix!r}",
            f"a name ending in {', '.join(VIDEO_SUFFIXES)}, a pattern such as out/%05d.png, or a folder",
        )
    if suffix in (".gif", ".y4m"):
        if codec is not None or quality is not None:
            what = "a GIF" if suffix == ".gif" else "Y4M"
            raise OptionError(f"codec and quality work with videos only: expected neither for {what}")
        if suffix == ".y4m":
            return VideoOutput(path, "y4m", _Y4M, bits)
        return VideoOutput(path, "gif", CODECS["ffv1"], 8, alpha=alpha)
    name = codec or ("vp9" if alpha and suffix == ".webm" else _DEFAULTS[suffix][bits])
    chosen = CODECS[name]
    if suffix not in chosen.containers:
        raise OptionError(f"expected a {' or '.join(chosen.containers)} file for {name}; got {path.name}")
    if quality is not None and chosen.quality is None:
        raise OptionError(f"{name} has no quality setting: expected no quality")
    if quality is not None and not 0 <= quality <= chosen.worst:
        raise OptionError(f"expected quality of {name} from 0 (best) to {chosen.worst}; got {quality}")
    # MP4 cannot hold the alpha of VP9, which is a separate frame.
    alpha = alpha and bool(chosen.alpha) and suffix != ".mp4"
    formats = chosen.alpha if alpha else chosen.formats
    fitting = bits if bits in formats else min(formats, key=lambda b: (b < bits, b))
    return VideoOutput(path, "file", chosen, fitting, quality, alpha=alpha)
