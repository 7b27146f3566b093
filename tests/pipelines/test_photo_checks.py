"""What ``impasto.stylize`` makes of arguments before it paints: names understood, mistakes refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import impasto
from impasto import imaging
from impasto.catalogue.measured import PictureStyle
from impasto.encoders import ModuleEncoder
from impasto.encoders.network import CENTRED
from impasto.errors import InputError, LayerError, OptionError, OutputError, PictureError, StyleError
from impasto.jobs import Job
from impasto.types import Picture
from tests.conftest import blobs, stripes

FAST: dict[str, Any] = {"size": 48, "iterations": 1, "min_size": 0, "coarse_iterations": None}
PHOTO = 0.2 + 0.6 * blobs(48, 32, seed=1)
PAINTING = stripes(48, 48)
LEFT = np.zeros((32, 48), np.float32)
LEFT[:, :24] = 1


def own(**more: Any) -> ModuleEncoder:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, padding=1))
    return ModuleEncoder(module, CENTRED, name="Small", **more)


OWN_LAYERS = {"content_layers": {"2": 1.0}, "style_layers": {"0": 1.0, "2": 1.0}}


def never(*_: object) -> None:
    raise AssertionError("painting began")


def refuses(error: type[Exception], words: str, *arguments: Any, **more: Any) -> None:
    """``stylize`` raises ``error`` in one line, and paints nothing before."""
    with pytest.raises(error, match=words) as caught:
        impasto.stylize(*arguments, **FAST | {"on_progress": never} | more)
    assert "\n" not in str(caught.value)


def save(path: Path, pixels: np.ndarray, alpha: np.ndarray | None = None) -> Path:
    imaging.write(Picture(pixels, alpha), path)
    return path


def test_kerass_names_of_layers_and_capitals_mean_what_the_papers_do() -> None:
    keras = {
        "content_layers": {"block4_conv2": 1},
        "style_layers": {"Block1_Conv1": 1, "relu2_1 ": 1},
        "blend_layers": ({"Block1_Conv1": 1}, {"relu2_1 ": 1}),
    }
    ours = {
        "content_layers": {"relu4_2": 1},
        "style_layers": {"relu1_1": 1, "relu2_1": 1},
        "blend_layers": ({"relu1_1": 1}, {"relu2_1": 1}),
    }
    styles = [PAINTING, blobs(48, 48, seed=2)]
    results = [impasto.stylize(PHOTO, styles, **names, **FAST) for names in (keras, ours)]  # type: ignore[arg-type]
    assert np.array_equal(results[0].picture.pixels, results[1].picture.pixels)
    assert results[0].options == results[1].options


def test_layers_a_network_of_ones_own_lacks_are_refused_before_painting() -> None:
    refuses(LayerError, "relu3_1", PHOTO, PAINTING, encoder=own())
    refuses(
        LayerError, "expected each layer once", PHOTO, PAINTING, style_layers={"relu1_1": 1, "RELU1_1": 1}
    )


def test_a_style_can_be_measured_at_layers_called_as_keras_does(tmp_path: Path) -> None:
    impasto.make_style(PAINTING, tmp_path / "a.style", layers=["block1_conv1"])
    impasto.stylize(PHOTO, tmp_path / "a.style", style_layers={"relu1_1": 1}, **FAST)


@pytest.mark.parametrize("color", ["style", "luminance", "luminance-first", "match-result"])
def test_what_is_protected_keeps_its_colours_whatever_the_others_get(color: str) -> None:
    seen: list[np.ndarray] = []
    result = impasto.stylize(
        PHOTO,
        PAINTING,
        protect=LEFT,
        color=color,
        init="noise",
        on_progress=lambda event: seen.append(event.preview()),  # type: ignore[misc]
        **FAST,
    )
    for pixels in (result.picture.pixels, seen[-1]):
        assert np.array_equal(pixels[:, :24], PHOTO[:, :24])
    assert np.abs(result.picture.pixels[:, 30:] - PHOTO[:, 30:]).mean() > 0.01


def test_where_the_result_cannot_go_is_said_before_painting(tmp_path: Path) -> None:
    photo = save(tmp_path / "photo.png", PHOTO)
    refuses(OutputError, "no suffix|ending in", photo, PAINTING, output=tmp_path / "out")
    refuses(OutputError, "existing folder", photo, PAINTING, output=tmp_path / "not there" / "out.png")
    refuses(InputError, "photo.png is also an input", photo, PAINTING, output=photo)
    refuses(InputError, "photo.png is also an input", photo, PAINTING, checkpoint=photo)
    refuses(
        OptionError, "expected quality to be a whole number from 1 to 100; got 0", photo, PAINTING, quality=0
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((None, PAINTING), "expected a picture.*got None"),
        ((PHOTO, None), "expected a style.*got None"),
        ((PHOTO, [PAINTING, 5]), "expected a style.*type int"),
        ((5, PAINTING), "expected a picture.*type int"),
    ],
)
def test_what_is_no_picture_at_all_is_refused(arguments: tuple[Any, Any], words: str) -> None:
    refuses(InputError, words, *arguments)


def test_no_masks_may_be_said_as_none() -> None:
    assert (
        impasto.stylize(PHOTO, PAINTING, content_masks=None, style_masks=None, **FAST).job.content_masks == ()
    )
    refuses(InputError, "expected a mask.*type int", PHOTO, PAINTING, content_masks=5)
    refuses(InputError, "expected a mask.*type dict", PHOTO, PAINTING, protect={})
    refuses(InputError, "expected a mask in black", PHOTO, PAINTING, protect=Picture(PHOTO))
    refuses(OptionError, "expected options to be of type", PHOTO, PAINTING, options={"size": 64})


@pytest.mark.parametrize(
    "change",
    [
        {"pooling": "average"},
        {"rescale_pooling": True},
        {"padding": "zeros"},
        {"normalise_activations": True},
    ],
)
def test_a_network_of_ones_own_is_not_set_up_by_options(change: dict[str, Any]) -> None:
    refuses(
        OptionError, f"{next(iter(change))} .*not one of your own", PHOTO, PAINTING, encoder=own(), **change
    )
    refuses(OptionError, "expected as encoder", PHOTO, PAINTING, encoder=nn.Identity())


def test_what_a_network_of_ones_own_already_is_may_be_said() -> None:
    impasto.stylize(PHOTO, PAINTING, encoder=own(pooling="average"), pooling="average", **OWN_LAYERS, **FAST)


def test_a_network_of_ones_own_is_called_so_in_the_parameters(tmp_path: Path) -> None:
    result = impasto.stylize(PHOTO, PAINTING, encoder=own(), output=tmp_path / "o.png", **OWN_LAYERS, **FAST)
    stored = result.parameters()
    assert stored["options"]["encoder"] == "custom: Small"
    options = impasto.OptimizeOptions.from_dict(stored["options"])
    again = impasto.stylize(PHOTO, PAINTING, options=options, encoder=own())
    assert np.array_equal(again.picture.pixels, result.picture.pixels)
    refuses(OptionError, "'custom: Small' was a network passed from Python", PHOTO, PAINTING, options=options)


def test_a_network_that_is_loaded_already_keeps_its_name(tmp_path: Path) -> None:
    from impasto.painters import make_painter
    from impasto.pipelines.photo import paint_job

    options = impasto.OptimizeOptions(pooling="average", **FAST)
    photo, painting = save(tmp_path / "p.png", PHOTO), save(tmp_path / "a.png", PAINTING)
    job = Job(str(photo), (str(painting),), str(tmp_path / "o.png"), options)
    painter = make_painter(job, like=make_painter(job))
    result = paint_job(job, painter=painter)
    assert result.parameters()["options"]["encoder"] == "tiny"


@pytest.mark.parametrize(
    "change",
    [
        {"pooling": "average"},
        {"padding": "zeros"},
        {"convention": "caffe"},
        {"style_layers": {"relu1_1": 1.0}},
    ],
)
def test_a_network_that_is_loaded_already_is_used_only_with_its_own_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    from impasto.painters import make_painter, optimised

    loaded: list[impasto.OptimizeOptions] = []
    load = optimised.encoder_for

    def load_and_note(options: impasto.OptimizeOptions) -> Any:
        loaded.append(options)
        return load(options.replace(convention=None))  # which only networks of one's own take

    monkeypatch.setattr(optimised, "encoder_for", load_and_note)
    photo, painting = save(tmp_path / "p.png", PHOTO), save(tmp_path / "a.png", PAINTING)
    job = Job(str(photo), (str(painting),), str(tmp_path / "o.png"), impasto.OptimizeOptions(**FAST))
    first = make_painter(job)
    make_painter(job, like=first)
    assert len(loaded) == 1
    make_painter(replace(job, options=job.options.replace(**change)), like=first)
    assert len(loaded) == 2


def test_grey_masks_leave_nothing_to_share_out() -> None:
    masks, styles = [LEFT, 1 - LEFT], [PAINTING, blobs(48, 48, seed=2)]
    refuses(OptionError, "style_weights divide", PHOTO, styles, content_masks=masks, style_weights=(2, 1))
    layers = ({"relu1_1": 1}, {"relu2_1": 1})
    refuses(OptionError, "blend_layers divide", PHOTO, styles, content_masks=masks, blend_layers=layers)
    impasto.stylize(PHOTO, styles, content_masks=masks, style_weights=(1, 1.0), **FAST)


def test_weights_stand_behind_the_names_of_styles_or_in_an_option() -> None:
    calls: list[tuple[Any, dict[str, Any]]] = [(impasto.stylize, FAST), (impasto.fast, {})]
    for paint, more in calls:
        painted = paint(PHOTO, ["great-wave:2", PAINTING], **more)
        apart = paint(PHOTO, ["great-wave", PAINTING], style_weights=(2, 1), **more)
        assert painted.options.style_weights == (2.0, 1.0)
        assert painted.job.styles[0].place == "great-wave"
        np.testing.assert_array_equal(painted.picture.pixels, apart.picture.pixels)
    refuses(OptionError, "got both", PHOTO, ["great-wave:2", PAINTING], style_weights=(1, 2))


def test_what_a_styles_transparency_hides_does_not_matter(tmp_path: Path) -> None:
    alpha = np.ones((48, 48), np.float32)
    alpha[:, 20:] = 0
    results = []
    for value in (0.0, 1.0):
        hidden = PAINTING.copy()
        hidden[:, 20:] = value
        folder = tmp_path / str(value)
        folder.mkdir()
        save(folder / "a.png", hidden, alpha)
        impasto.make_style(Picture(hidden, alpha), folder / "a.style")
        for style in (Picture(hidden, alpha), folder, folder / "a.style"):
            results.append(impasto.stylize(PHOTO, style, **FAST).losses["total"])
    assert results[:3] == pytest.approx(results[3:], rel=1e-6)


def test_masks_are_held_to_the_limit_of_pixels_and_called_by_name(tmp_path: Path) -> None:
    big = save(tmp_path / "big.png", np.ones((320, 480, 3), np.float32))
    refuses(PictureError, "big.png.*at most 3,000", PHOTO, PAINTING, content_masks=big, max_pixels=3000)
    refuses(PictureError, "big.png.*at most 3,000", PHOTO, PAINTING, protect=big, max_pixels=3000)
    refuses(PictureError, "big.png.*at most 3,000", PHOTO, PAINTING, style_masks=big, max_pixels=3000)
    tall = save(tmp_path / "tall.png", np.ones((48, 32, 3), np.float32))
    refuses(PictureError, "content mask .*tall.png: .*48 x 32", PHOTO, PAINTING, content_masks=tall)
    refuses(PictureError, "protect .*tall.png: .*48 x 32", PHOTO, PAINTING, protect=tall)


class Wrapped:
    """A style of one's own, which asks another."""

    def __init__(self) -> None:
        self.inner = PictureStyle(Picture(PAINTING))

    def statistics(self, *arguments: Any, **more: Any) -> Any:
        return self.inner.statistics(*arguments, **more)

    def samples(self, *arguments: Any, **more: Any) -> Any:
        return self.inner.samples(*arguments, **more)


def test_a_style_of_ones_own_is_anything_that_can_say_its_statistics() -> None:
    wrapped = impasto.stylize(PHOTO, Wrapped(), **FAST).picture.pixels
    assert np.array_equal(wrapped, impasto.stylize(PHOTO, PAINTING, **FAST).picture.pixels)
    refuses(StyleError, "not a picture .Wrapped. cannot be recoloured", PHOTO, Wrapped(), color="match-style")


def test_a_folder_that_cannot_be_recoloured_is_called_what_it_is(tmp_path: Path) -> None:
    save(tmp_path / "a.png", PAINTING)
    refuses(StyleError, "a style of 1 pictures cannot be recoloured", PHOTO, tmp_path, color="match-style")


def test_strokes_may_be_of_any_style_and_any_network(tmp_path: Path) -> None:
    save(tmp_path / "a.png", blobs(64, 64, seed=7))
    for strokes in ("starry-night", tmp_path):
        impasto.stylize(PHOTO, PAINTING, strokes=strokes, **FAST)
    impasto.stylize(PHOTO, PAINTING, strokes=blobs(48, 48, seed=2), encoder=own(), **OWN_LAYERS, **FAST)


def test_a_preset_that_changes_the_network_asks_for_the_painting_itself() -> None:
    words = "pooling average, normalise_activations.*expected the painting itself"
    refuses(StyleError, words, PHOTO, "starry-night", preset="gatys2016", encoder="tiny")
    refuses(StyleError, "pooling l2", PHOTO, PAINTING, strokes="starry-night", pooling="l2")


@pytest.mark.parametrize("name", ["total", "tv", "content relu4_2", "style relu1_1", "", 5])
def test_a_loss_of_ones_own_takes_no_other_parts_name(name: Any) -> None:
    refuses(OptionError, "expected extra_losses", PHOTO, PAINTING, extra_losses={name: torch.sum})


def test_a_checkpoint_goes_on_with_the_same_pictures_in_memory_only(tmp_path: Path) -> None:
    kept: dict[str, Any] = FAST | {"checkpoint": tmp_path / "it.state", "iterations": 3}
    steps = iter([False, True])
    impasto.stylize(PHOTO, PAINTING, **kept, cancel=lambda: next(steps))
    with pytest.raises(InputError, match="belongs to another painting"):
        impasto.stylize(PHOTO, 1 - PAINTING, **kept, resume=True)
    resumed = impasto.stylize(PHOTO, PAINTING, **kept, resume=True)
    assert resumed.iterations == 3
    assert np.array_equal(
        resumed.picture.pixels, impasto.stylize(PHOTO, PAINTING, **FAST | {"iterations": 3}).picture.pixels
    )


def test_what_cannot_be_compared_cannot_have_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "it.state"
    refuses(InputError, "a checkpoint stores a digest of its inputs", PHOTO, Wrapped(), checkpoint=path)
    losses = {"mine": torch.sum}
    refuses(
        OptionError,
        "not both",
        PHOTO,
        PAINTING,
        checkpoint=path,
        extra_losses=losses,
    )


def test_a_checkpoint_of_another_network_of_ones_own_is_not_gone_on_with(tmp_path: Path) -> None:
    kept: dict[str, Any] = FAST | OWN_LAYERS | {"checkpoint": tmp_path / "it.state", "iterations": 3}
    impasto.stylize(PHOTO, PAINTING, encoder=own(), **kept, cancel=lambda: True)
    with pytest.raises(InputError, match="its network was"):
        impasto.stylize(PHOTO, PAINTING, encoder=own(pooling="average"), **kept, resume=True)
    assert impasto.stylize(PHOTO, PAINTING, encoder=own(), **kept, resume=True).iterations == 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"output": 5}, "expected output to be a path; got 5"),
        ({"output": ""}, "expected output to be a path; got ''"),
        ({"checkpoint": 5}, "expected checkpoint to be a path; got 5"),
        ({"on_progress": 3}, "expected on_progress to be a function; got 3"),
        ({"cancel": True}, "expected cancel to be a function; got True"),
        ({"resume": "yes"}, "expected resume to be True or False; got 'yes'"),
        ({"reading": 3}, "expected reading to be of type ReadOptions; got 3"),
        ({"session": 3}, "expected session to be of type Session; got 3"),
        (
            {"options": impasto.FastOptions()},
            "expected options to be of type OptimizeOptions; got FastOptions",
        ),
        ({"checkpoint_every": "x"}, "expected checkpoint_every to be a number; got 'x'"),
        ({"preset": None}, "expected preset to be a text; got None"),
        ({"size": (64,)}, r"from 16 to 1000000, or \(width, height\); got \(64,\)"),
        ({"extra_losses": [1]}, "expected extra_losses to map names to functions; got \\[1\\]"),
    ],
)
def test_arguments_of_another_type_are_refused_before_painting(given: dict[str, Any], words: str) -> None:
    refuses(OptionError, words, PHOTO, PAINTING, **given)


def test_no_verb_takes_arguments_of_another_type(tmp_path: Path) -> None:
    calls: list[tuple[Any, str]] = [
        (lambda: impasto.fast(PHOTO, PAINTING, output=5), "output to be a path"),
        (lambda: impasto.fast(PHOTO, PAINTING, options=impasto.OptimizeOptions()), "type FastOptions"),
        (lambda: impasto.fast(PHOTO, PAINTING, style_weights=[1, 2]), "one style weight per style"),
        (lambda: impasto.Session().fast(PHOTO, PAINTING, quality="x"), "quality to be a whole number"),
        (lambda: impasto.texture(PAINTING, (64,)), "or \\(width, height\\)"),
        (lambda: impasto.texture(PAINTING, 64, on_progress=3), "on_progress to be a function"),
        (lambda: impasto.make_style([PAINTING], 5), "path to be a path"),
        (lambda: impasto.make_style([PAINTING], tmp_path / "a.style", title=5), "title to be a text"),
        (lambda: impasto.export(5, "a.onnx"), "model to be a path"),
        (lambda: impasto.explain(PHOTO, PAINTING, 5), "output to be a path"),
        (lambda: impasto.batch([], "starry-night", 5), "output to be a path"),
        (lambda: impasto.batch([], "starry-night", tmp_path, on_event=1), "on_event to be a function"),
        (lambda: impasto.video("a.mp4", "starry-night", 5), "output to be a path"),
        (lambda: impasto.video("a.mp4", "starry-night", "b.mp4", tell=1), "tell to be a function"),
        (lambda: impasto.paint_frames([], "starry-night", cancel=1), "cancel to be a function"),
        (lambda: impasto.train(PAINTING, tmp_path / "a.style", minutes="1"), "minutes to be a number"),
        (lambda: impasto.watch(tmp_path, "starry-night", 5, options=impasto.FastOptions()), "be a path"),
    ]
    for call, words in calls:
        with pytest.raises(OptionError, match=words):
            call()
    with pytest.raises(InputError, match="expected at least one painting; got none"):
        impasto.make_style([], tmp_path / "a.style")
    with pytest.raises(InputError, match="expected a path or a name; got an object of type ndarray"):
        impasto.batch([PHOTO], "starry-night", tmp_path / "out")
    with pytest.raises(StyleError, match="got an empty name"):
        impasto.fast(PHOTO, "")
    assert not list(tmp_path.glob("*.style"))


def test_numbers_of_numpy_s_are_numbers() -> None:
    given = {"size": np.int64(48), "iterations": np.int32(1), "style_weight": np.float32(2)}
    found = impasto.stylize(PHOTO, [PAINTING, PAINTING], style_weights=np.array([1.0, 3.0]), **FAST | given)
    assert found.options == impasto.OptimizeOptions(
        style_weights=(1.0, 3.0), **FAST | {"size": 48, "iterations": 1, "style_weight": 2.0}
    )
    assert type(found.options.size) is int
    assert type(found.options.style_weight) is float
    assert impasto.fast(PHOTO, PAINTING, size=np.int64(48), quality=np.uint8(90)).job.quality == 90
    assert impasto.texture(PAINTING, (np.int64(32), 32), iterations=1, min_size=0).pixels.shape == (32, 32, 3)
