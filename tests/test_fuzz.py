"""Every reader refuses damaged files with an error of its own, and lets no number through that is none."""

from __future__ import annotations

import contextlib
import io
import json
import random
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from impasto import imaging
from impasto.catalogue.cards import read_card
from impasto.catalogue.files import read_style
from impasto.catalogue.loader import load_style
from impasto.catalogue.lookup import named_styles
from impasto.cli.stylize import read_recipe
from impasto.encoders import load_extractor
from impasto.errors import ImpastoError
from impasto.inference.any_painting_weights import read_weights as read_decoder
from impasto.inference.one_style import OneStylePainter
from impasto.inspection.logs import read_log
from impasto.jobs import Job, Reference
from impasto.jobs.manifest import Record, manifest, records
from impasto.jobs.unfinished import read_job
from impasto.networks.johnson import JohnsonNetwork, read_johnson
from impasto.optimize.checkpoints import read_checkpoint
from impasto.optimize.options import OptimizeOptions
from impasto.painters.sources import encoder_for
from impasto.parameters import parameters
from impasto.pipelines.photo import paint_job, stylize
from impasto.types import Picture
from impasto.weights import read_network as read_weights
from tests.conftest import blobs, stripes
from tests.fuzzing import Damage, damaged_bytes, damaged_json, damaged_safetensors, damaged_tree
from tests.inference.networks import changed, darker, negative

pytestmark = pytest.mark.slow


def cases(count: int, name: str, damage: Damage, path: Path, read: Callable[[Path], object]) -> None:
    """Read ``count`` damaged files at ``path``; whatever is raised is an ImpastoError of one line."""
    ends: Counter[str] = Counter()
    for number in range(count):
        path.write_bytes(data := damage(random.Random(f"{name} {number}")))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                read(path)
            except ImpastoError as error:
                message = str(error)
                assert message.strip(), f"case {number}: an error without words"
                assert len(message) < 3000, f"case {number}: {len(message)} letters: {message[:300]}"
                ends[type(error).__name__] += 1
            except Exception as error:
                raise AssertionError(f"case {number} of {name} ({len(data)} bytes): {error!r}") from error
            else:
                ends["read"] += 1
    print(name, dict(ends))
    assert ends.total() == count


def finite(*arrays: Any) -> None:
    for array in arrays:
        assert np.isfinite(np.asarray(array, dtype=np.float64)).all(), "a number that is none was read"


@pytest.mark.parametrize("kind", ["png", "png16", "jpg", "webp", "avif", "tif", "tif16", "gif"])
def test_pictures(kind: str, tmp_path: Path) -> None:
    whole = tmp_path / f"whole.{kind.removesuffix('16')}"
    deep = Picture(blobs(24, 20, 1), blobs(24, 20, 2)[..., 0], 16 if kind.endswith("16") else 8)
    if kind == "gif":
        Image.fromarray((blobs(24, 20, 1) * 255).astype(np.uint8)).quantize(16).save(whole)
    else:
        imaging.write(deep, whole, parameters={"options": {"size": 16}, "content": "x"})
    data = whole.read_bytes()

    def read(path: Path) -> None:
        try:
            found = imaging.read(path, imaging.ReadOptions(max_pixels=1_000_000))
            finite(found.pixels, [] if found.alpha is None else found.alpha)
            assert found.pixels.min() >= 0
            assert found.pixels.max() <= 1
        finally:
            imaging.read_parameters(path)

    cases(300, kind, lambda dice: damaged_bytes(data, dice), tmp_path / f"x.{kind.removesuffix('16')}", read)


def test_masks(tmp_path: Path) -> None:
    imaging.write(Picture(stripes(24, 20)), tmp_path / "mask.png")
    data = (tmp_path / "mask.png").read_bytes()
    cases(
        100,
        "mask",
        lambda dice: damaged_bytes(data, dice),
        tmp_path / "x.png",
        imaging.read_mask,
    )


def test_press_profiles(tmp_path: Path) -> None:
    from PIL import ImageCms

    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    cases(200, "icc", lambda dice: damaged_bytes(data, dice), tmp_path / "x.icc", imaging.read_press_profile)


def test_embedded_profiles(tmp_path: Path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = Image.fromarray((stripes(16, 16) * 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "words"

    def damage(dice: random.Random) -> bytes:
        stream = io.BytesIO()
        kind = dice.choice(("PNG", "JPEG", "WEBP", "TIFF"))
        plain.save(
            stream,
            kind,
            icc_profile=damaged_bytes(profile, dice),
            exif=damaged_bytes(b"Exif\0\0" + exif.tobytes(), dice) if kind != "TIFF" else b"",
        )
        return stream.getvalue()

    def read(path: Path) -> None:
        finite(imaging.read(path).pixels)

    cases(400, "profiles", damage, tmp_path / "x", read)


def test_style_files(tmp_path: Path) -> None:
    data = named_styles()["starry-night"].read_bytes()
    network = encoder_for(OptimizeOptions())
    layers = list(OptimizeOptions().style_layers)

    def read(path: Path) -> None:
        with contextlib.suppress(ImpastoError):
            read_card(path)
        style = read_style(path)
        for mean, gram, positions in style.numbers(network.describe(), layers, 256.0).values():
            finite(mean, gram)
            assert positions >= 1
        load_style(str(path))

    cases(1500, "style", lambda dice: damaged_safetensors(data, dice), tmp_path / "x.style", read)


@pytest.mark.parametrize("make", [darker, changed], ids=["whole", "changes"])
def test_networks_refined_for_a_style(make: Callable[[Path], Path], tmp_path: Path) -> None:
    data = make(tmp_path / "whole.style").read_bytes()

    def read(path: Path) -> None:
        with contextlib.suppress(ImpastoError):
            read_style(path)
        finite(*read_decoder(path).values())

    cases(400, "refined", lambda dice: damaged_safetensors(data, dice), tmp_path / "x.style", read)


def test_networks_as_onnx(tmp_path: Path) -> None:
    data = negative(tmp_path / "whole.onnx").read_bytes()
    pixels = blobs(32, 32, 1)

    def damage(dice: random.Random) -> bytes:
        if dice.random() < 0.5:
            return damaged_bytes(data, dice)
        found = bytearray(data)
        for _ in range(dice.choice((1, 40))):
            at = dice.randrange(len(found) // 4) * 4
            found[at : at + 4] = dice.choice((b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\0\x7e\0\x7e"))
        return bytes(found)

    def read(path: Path) -> None:
        finite(OneStylePainter(path, threads=1, device="cpu").paint(pixels))

    cases(400, "onnx", damage, tmp_path / "x.onnx", read)


def test_networks_of_one_style(tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = JohnsonNetwork().state_dict()
    small = {name: t.clone() for name, t in state.items()}

    def damage(dice: random.Random) -> bytes:
        stream = io.BytesIO()
        torch.save(damaged_state(small, dice), stream)
        data = stream.getvalue()
        return damaged_bytes(data, dice) if dice.random() < 0.3 else data

    def read(path: Path) -> None:
        network = read_johnson(path)
        finite(*(t.numpy() for t in network.state_dict().values()))

    cases(150, "johnson", damage, tmp_path / "x.pth", read)


def damaged_state(state: dict[str, torch.Tensor], dice: random.Random) -> Any:
    """Return a state dict with a tensor of another kind, shape or value, or something else in its place."""
    found: dict[Any, Any] = dict(state)
    name = dice.choice(list(found))
    kind = dice.randrange(8)
    if kind == 0:
        found[name] = torch.full_like(found[name], float("nan"))
    elif kind == 1:
        found[name] = found[name].to(dice.choice((torch.int8, torch.bool, torch.complex64, torch.float64)))
    elif kind == 2:
        found[name] = found[name].reshape(-1)
    elif kind == 3:
        del found[name]
    elif kind == 4:
        found[dice.choice((1, "x", ""))] = found[name]
    elif kind == 5:
        found[name] = dice.choice((None, 1, "x", [1.0], {}))
    elif kind == 6:
        return {dice.choice(("state_dict", "model", "x")): found}
    else:
        return dice.choice((None, [], [found], 3, "x", {}, found[name]))
    return found


def test_encoders(tmp_path: Path) -> None:
    from impasto import weights

    data = weights.locate("tiny").read_bytes()

    def read(path: Path) -> None:
        network = read_weights(path)
        finite(*network.tensors.values())
        encoder = load_extractor(path)
        finite(*(t.numpy() for t in encoder.state_dict().values()))

    cases(600, "encoder", lambda d: damaged_safetensors(data, d), tmp_path / "x.safetensors", read)
    state = {n: torch.from_numpy(t) for n, t in read_weights(weights.locate("tiny")).tensors.items()}

    def damage(dice: random.Random) -> bytes:
        stream = io.BytesIO()
        torch.save(damaged_state(state, dice), stream)
        return damaged_bytes(stream.getvalue(), dice) if dice.random() < 0.3 else stream.getvalue()

    cases(300, "encoder.pth", damage, tmp_path / "x.pth", read)


def test_recipes(tmp_path: Path) -> None:
    photo = Picture(blobs(32, 24, 1))
    job = Job(
        Reference("photo.png"),
        (Reference("starry-night"), Reference("art.png", digest="0" * 64)),
        options=OptimizeOptions(style_weights=(1, 2), style_scales=(1, 0.5)),
        content_masks=(Reference("a.png"), Reference("b.png")),
        protect=Reference("c.png"),
    )
    text = json.dumps(job.recipe())
    cases(1500, "recipe", lambda dice: damaged_json(text, dice), tmp_path / "x.json", read_recipe)

    def damage(dice: random.Random) -> bytes:
        stored = damaged_json(text, dice)[:60_000].decode("utf-8", "replace")
        stream = io.BytesIO()
        Image.fromarray((photo.pixels * 255).astype(np.uint8)).save(stream, "PNG")
        return imaging.metadata.insert_png_chunks(stream.getvalue(), imaging.metadata.png_text(stored))

    cases(400, "stored recipe", damage, tmp_path / "x.png", read_recipe)


def test_repeating_a_damaged_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.cli.running import run

    monkeypatch.chdir(tmp_path)
    imaging.write(Picture(blobs(24, 24, 1)), "photo.png")
    made = stylize("photo.png", "starry-night", size=32, iterations=1, min_size=0)
    text = json.dumps(made.parameters())
    for number in range(150):
        Path("x.json").write_bytes(damaged_json(text, random.Random(f"repeated {number}")))
        again = ["--from", "x.json", "-o", "out.png", "--size", "32", "--iterations", "1", "--quiet"]
        result = run("stylize", *again)
        assert result.exit_code in (0, 2), f"{number}: {result.exception!r}"
        assert len(result.stderr.splitlines()) == result.exit_code // 2, result.stderr


def test_manifests(tmp_path: Path) -> None:
    job = Job(Reference("a.jpg", digest="1" * 64), (Reference("starry-night"),), "out/a.png")
    record = Record("a.png", "done", job, (64, 48), 30, 1.5, {"total": 1.0, "content": 0.5})
    text = json.dumps(record.to_dict())
    folder = tmp_path / "out"
    folder.mkdir()

    def read(_: Path) -> None:
        for found in records(manifest(str(folder))).values():
            json.dumps(found.to_dict(), allow_nan=False)
            finite(found.seconds, found.size or (), list(found.losses.values()))
            assert isinstance(found.iterations, int)

    cases(1500, "manifest", lambda d: damaged_json(text, d) + b"\n", folder / "manifest.jsonl", read)


def test_logs(tmp_path: Path) -> None:
    row = {"level": 1, "iteration": 1, "width": 16, "height": 16, "seconds": 0.5}
    lines = [json.dumps(row | {"losses": {"total": 1.0, "content": 0.5}, "saved": None}) for _ in range(3)]

    def damage(dice: random.Random) -> bytes:
        found = [line.encode() for line in lines]
        found[dice.randrange(3)] = damaged_json(lines[0], dice)
        return b"\n".join(found)

    def read(path: Path) -> None:
        log = read_log(path)
        log.table()

    cases(400, "log.jsonl", damage, tmp_path / "x.jsonl", read)
    text = b"iteration,level,width,height,seconds,total\n1,1,16,16,0.5,3\n2,1,16,16,0.9,2\n"
    cases(300, "log.csv", lambda dice: damaged_bytes(text, dice), tmp_path / "x.csv", read)


@pytest.fixture
def unfinished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], dict[str, Any], Job]:
    """The job and the state of an unfinished painting of a photo."""
    monkeypatch.chdir(tmp_path)
    imaging.write(Picture(blobs(32, 32, 1)), "photo.png")
    options = OptimizeOptions(size=32, iterations=3, min_size=0)
    job = Job(Reference("photo.png"), (Reference("starry-night"),), "out.png", options)
    steps = iter((False, True))
    paint_job(job, checkpoint="whole.state", checkpoint_every=0, cancel=lambda: next(steps))
    held, state = read_checkpoint(Path("whole.state"))
    return held, state, job


def test_checkpoints(unfinished: tuple[dict[str, Any], dict[str, Any], Job], tmp_path: Path) -> None:
    held, state, job = unfinished
    none = float("nan")
    odd = (None, -1, 0, 7, 1e308, none, "x", [], {}, [1], torch.zeros(3), torch.full((1, 3), none))

    def damage(dice: random.Random) -> bytes:
        stream = io.BytesIO()
        whole: Any = {"format": 1, "job": held, "state": state}
        kind = dice.randrange(4)
        if kind == 0:
            whole = {**whole, "job": damaged_tree(held, dice)}
        elif kind <= 2:
            whole = {**whole, "state": damaged_tree(state, dice, odd)}
        torch.save(whole, stream)
        return damaged_bytes(stream.getvalue(), dice) if kind == 3 else stream.getvalue()

    def read(path: Path) -> None:
        with contextlib.suppress(ImpastoError):
            read_job(path)
        result = paint_job(replace(job, output=""), checkpoint=path)
        finite(result.picture.pixels, list(result.losses.values()))

    path = tmp_path / "x.state"
    cases(500, "checkpoint", damage, path, read)


def test_extreme_options() -> None:
    photo, style = blobs(32, 32, 1), blobs(32, 32, 2)
    extremes = (0, -1, 1, 1e308, 5e-324, float("nan"), float("inf"), 10**400, 2**63, True, "x", None, [], {})
    start = OptimizeOptions(size=32, iterations=1, min_size=0)
    for name, described, _ in parameters(OptimizeOptions):
        if name in ("iterations", "first_iterations", "coarse_iterations", "history", "samples"):
            continue  # which may take as long as they are told to
        values = [(v,) for v in extremes] if described.kind == "numbers" else list(extremes)
        values += [{"relu1_1": v} for v in extremes] if described.kind == "layers" else []
        for value in values:
            with contextlib.suppress(ImpastoError):
                found = stylize(photo, style, options=start.replace(**{name: value}))
                finite(found.picture.pixels, list(found.losses.values()))
