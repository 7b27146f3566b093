from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from impasto.errors import InputError, OptionError
from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.jobs.identity import check_unchanged, differences, look_beside, resolve_places, with_digests
from impasto.optimize.options import OptimizeOptions


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a photograph, a painting and a mask that only have bytes."""
    for name in ("photo.jpg", "painting.jpg", "mask.png"):
        (tmp_path / name).write_bytes(name.encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_job_comes_back_from_json_as_it_was() -> None:
    job = Job(
        "photo.jpg",
        ("starry-night", "works/"),
        "out.webp",
        OptimizeOptions(size=(640, 480), style_weights=(3, 1), blend_layers=({"relu1_1": 1.0}, {})),
        content_masks=("a.png", "b.png"),
        style_masks=("c.png", "d.png"),
        protect="e.png",
        quality=80,
        folder="/somewhere",
        network="f" * 64,
    )
    assert Job.from_dict(json.loads(json.dumps(job.to_dict()))) == job


def test_a_fast_job_with_uploads_comes_back_from_json_as_it_was() -> None:
    photo = Reference("/data/5f3e.png", "holiday.jpg", "0" * 64, "v1")
    job = Job(photo, ("starry-night",), "out.png", FastOptions(strength=0.5, style_weights=(1.0,)))
    assert Job.from_dict(json.loads(json.dumps(job.to_dict()))) == job
    assert job.engine == "fast"


def test_a_recipe_calls_inputs_as_people_do_and_makes_the_same_job_again() -> None:
    upload = Reference("/data/5f3e.png", "holiday.jpg")
    recipe = Job(upload, (Reference(name="picture"),), options=OptimizeOptions(size=64)).recipe()
    assert (recipe["content"], recipe["styles"]) == ("holiday.jpg", ["picture"])
    job = Job("photo.jpg", ("a.jpg", "b.jpg"), options=OptimizeOptions(size=64), protect="mask.png")
    assert Job.from_recipe(json.loads(json.dumps(job.recipe()))) == job


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"content": "a.jpg"}, "missing 'styles'"),
        ({"content": "a.jpg", "styles": [], "colour": "red"}, "unknown 'colour'"),
        (
            {"content": 5, "styles": []},
            "expected content of a job to be a string or an object of strings; got 5",
        ),
        ({"content": "a.jpg", "styles": "starry-night"}, "expected styles of a job to be a list"),
        (
            {"content": "a.jpg", "styles": [1]},
            "styles of a job to be a string or .*; got 1",
        ),
        ({"content": "a.jpg", "styles": [], "quality": "high"}, "quality .* whole number"),
        (
            {"content": {"place": 5}, "styles": []},
            "expected content of a job to be a string or an object of strings",
        ),
        (
            {"content": {"where": "a"}, "styles": []},
            "content of a job to be a string or an object of strings",
        ),
        (
            {"content": "a.jpg", "styles": [], "engine": "slow"},
            "engine .* one of optimize, fast; got 'slow'",
        ),
        ({"content": "a.jpg", "styles": [], "options": {"sise": 5}}, "unknown option 'sise'"),
        ({"content": "a.jpg", "styles": [], "options": 5}, "expected options to be a mapping .* 5"),
        ({"content": "a.jpg", "styles": [], "options": {"color_strength": "x"}}, "color_strength|wrong kind"),
        ({"content": "a.jpg", "styles": [], "options": {"content_layers": 5}}, "content_layers|wrong kind"),
        ([], "expected a job, an object; got list"),
    ],
)
def test_what_is_no_job_is_refused_by_name(values: object, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        Job.from_dict(values)  # type: ignore[arg-type]


@pytest.mark.usefixtures("here")
def test_measuring_takes_the_digest_of_everything_that_is_read() -> None:
    job = Job(
        "photo.jpg",
        ("painting.jpg", "starry-night"),
        options=OptimizeOptions(init="mask.png"),
        protect="mask.png",
    )
    measured = with_digests(job, network="abc")
    assert {one.place for one in measured.inputs()} == {
        "photo.jpg",
        "painting.jpg",
        "starry-night",
        "mask.png",
    }
    assert all(one.digest for one in measured.inputs())
    assert measured.content.digest == hashlib.sha256(b"photo.jpg").hexdigest()
    assert measured.start == measured.protect
    assert measured.network == "abc"
    assert measured.folder == str(Path.cwd())


def test_a_folders_digest_is_that_of_its_pictures(here: Path) -> None:
    def digest() -> str:
        return with_digests(Job("photo.jpg", ("works",))).styles[0].digest

    (here / "works").mkdir()
    (here / "works" / "one.png").write_bytes(b"one")
    first = digest()
    (here / "works" / "notes.txt").write_bytes(b"not a picture")
    assert digest() == first
    (here / "works" / "two.png").write_bytes(b"two")
    assert digest() != first


@pytest.mark.usefixtures("here")
def test_an_input_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"no file missing\.jpg"):
        with_digests(Job("missing.jpg", ("painting.jpg",)))


def test_jobs_differ_by_what_files_hold_not_by_where_they_lie(here: Path) -> None:
    job = with_digests(Job("photo.jpg", ("painting.jpg",), "a.png"))
    (here / "moved.jpg").write_bytes(b"photo.jpg")
    moved = with_digests(Job(str(here / "moved.jpg"), ("painting.jpg",), "b.png", quality=5))
    assert differences(job, moved) == []
    (here / "photo.jpg").write_bytes(b"another")
    (found,) = differences(job, with_digests(job))
    assert found.startswith("content was ")


@pytest.mark.usefixtures("here")
def test_an_option_that_differs_is_named_with_both_values() -> None:
    job = with_digests(Job("photo.jpg", ("painting.jpg",)))
    other = replace(job, options=OptimizeOptions(style_weight=3.0), protect="mask.png")
    assert differences(job, with_digests(other)) == [
        "protect was none, is " + hashlib.sha256(b"mask.png").hexdigest()[:16] + "...",
        "style_weight was 8.0, is 3.0",
    ]


@pytest.mark.usefixtures("here")
def test_networks_differ_by_their_weights_and_only_otherwise_by_name() -> None:
    job = with_digests(Job("photo.jpg", ("painting.jpg",)))
    renamed = replace(job, options=OptimizeOptions(encoder="copy.safetensors"))
    assert differences(job, renamed) == ["encoder was tiny, is copy.safetensors"]
    assert differences(replace(job, network="a"), replace(renamed, network="a")) == []
    assert differences(replace(job, network="a"), replace(job, network="b")) == ["network was a, is b"]


def test_a_job_is_found_again_from_another_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = with_digests(Job("photo.jpg", ("starry-night", "painting.jpg"), "out.png", protect="mask.png"))
    assert resolve_places(job) == job
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    found = resolve_places(job)
    assert found.content.place == str(here / "photo.jpg")
    assert [one.place for one in found.styles] == ["starry-night", str(here / "painting.jpg")]
    assert found.output == str(here / "out.png")
    assert found.protect is not None
    assert found.protect.place == str(here / "mask.png")
    assert differences(job, with_digests(found)) == []
    check_unchanged(found, "it")


def test_inputs_that_changed_or_went_are_named(here: Path) -> None:
    job = with_digests(Job("photo.jpg", ("painting.jpg",)))
    (here / "painting.jpg").write_bytes(b"repainted")
    with pytest.raises(
        InputError, match=r"started with another painting\.jpg: its SHA-256 was \w{16}\.\.\., is"
    ):
        check_unchanged(job, "it")
    (here / "painting.jpg").unlink()
    with pytest.raises(InputError, match=r"started with painting\.jpg, which cannot be read"):
        check_unchanged(job, "it")


def test_strokes_are_an_input_like_any_other(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = with_digests(Job("photo.jpg", ("painting.jpg",), strokes="mask.png"))
    (found,) = differences(job, with_digests(replace(job, strokes="photo.jpg")))
    assert found.startswith("strokes was ")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    strokes = resolve_places(job).strokes
    assert strokes is not None
    assert strokes.place == str(here / "mask.png")
    assert differences(job, with_digests(resolve_places(job))) == []


@pytest.mark.usefixtures("here")
def test_memory_and_device_do_not_make_another_painting() -> None:
    job = with_digests(Job("photo.jpg", ("painting.jpg",)))
    other = job.options.replace(max_memory=3.0, tile=256, device="cpu", recoveries=5)
    assert differences(job, with_digests(replace(job, options=other))) == []


def test_inputs_that_are_elsewhere_only_are_found_there(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "elsewhere").mkdir()
    (here / "elsewhere" / "painting.jpg").write_bytes(b"another")
    monkeypatch.chdir(here / "elsewhere")
    job = Job("photo.jpg", ("starry-night", "painting.jpg"), strokes="mask.png", protect="none.png")
    found = look_beside(job, Path(".."))
    places = [one and one.place for one in (found.content, found.strokes, found.protect)]
    assert places == ["../photo.jpg", "../mask.png", "none.png"]
    assert [one.place for one in found.styles] == ["starry-night", "painting.jpg"]


def test_a_name_too_long_for_a_file_is_refused() -> None:
    with pytest.raises(InputError, match=r"cannot read 'xxx.*: File name too long"):
        with_digests(Job("x" * 300, ("starry-night",)))
