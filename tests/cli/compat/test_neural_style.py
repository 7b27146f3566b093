from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional
from typer.testing import CliRunner, Result

import impasto
from impasto import imaging
from impasto.cli import app
from impasto.cli.compat import neural_style_pictures
from impasto.cli.compat.neural_style import run as paint
from impasto.cli.compat.neural_style_options import NeuralStyleSettings, help_text, parse
from impasto.cli.painting import Interrupts
from impasto.encoders import load_encoder
from impasto.errors import OptionError
from impasto.types import Picture
from tests.cli.running import refused
from tests.conftest import blobs, stripes

LAYERS = ["-content_layers", "relu2_1", "-style_layers", "relu1_1,relu2_1"]


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A VGG of two blocks with random weights, in torchvision's layout and Caffe's scale."""
    generator = torch.Generator().manual_seed(3)
    state = {}
    for place, (channels_in, channels_out) in {0: (3, 8), 2: (8, 8), 5: (8, 16)}.items():
        weight = torch.randn((channels_out, channels_in, 3, 3), generator=generator)
        state[f"features.{place}.weight"] = weight * math.sqrt(2 / (9 * channels_in))
        state[f"features.{place}.bias"] = torch.randn(channels_out, generator=generator)
    path = tmp_path / "vgg_small.pth"
    torch.save(state, path)
    return path


@pytest.fixture
def files(tmp_path: Path, network: Path) -> list[str]:
    """Photograph, painting and network, as arguments; small and quick."""
    imaging.write(Picture(blobs(60, 40, seed=1)), tmp_path / "photo.png")
    imaging.write(Picture(stripes(50, 50)), tmp_path / "painting.png")
    given = {"content_image": "photo.png", "style_image": "painting.png", "model_file": network.name}
    arguments = [word for name, file in given.items() for word in (f"-{name}", str(tmp_path / file))]
    return [*arguments, "-image_size", "48", "-gpu", "c", "-num_iterations", "4", *LAYERS]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["neural-style", *map(str, arguments)])


# What is printed and saved


def test_prints_the_programs_words(files: list[str], tmp_path: Path) -> None:
    result = run(*files, "-output_image", tmp_path / "out.png", "-print_iter", 2)
    assert (result.exit_code, result.stderr) == (0, "")
    expected = [
        "Setting up style layer 2: relu1_1",
        "Setting up content layer 7: relu2_1",
        "Setting up style layer 7: relu2_1",
        "Capturing content targets",
        "Capturing style target 1",
        "Running optimization with L-BFGS",
    ]
    for iteration in (2, 4):
        expected += [
            f"Iteration {iteration} / 4",
            "  Content 1 loss: NUMBER",
            "  Style 1 loss: NUMBER",
            "  Style 2 loss: NUMBER",
            "  Total loss: NUMBER",
        ]
    assert re.sub(r"(?<=loss: )[0-9.e+-]+", "NUMBER", result.stdout).splitlines() == expected


def test_lua_prints_tabs_and_six_decimals(files: list[str], tmp_path: Path) -> None:
    result = run("--dialect", "lua", *files, "-output_image", tmp_path / "out.png", "-print_iter", 4)
    assert result.exit_code == 0, result.output
    assert "Setting up content layer\t7\t:\trelu2_1\nSetting up style layer  \t7\t:\trelu2_1" in result.stdout
    assert re.search(r"\n  Total loss: \d+\.\d{6}\n", result.stdout)


def test_pictures_are_numbered_and_the_last_is_the_result(files: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    run(*files, "-output_image", folder / "a.b.png", "-save_iter", 2, "-num_iterations", 6, "-print_iter", 0)
    assert sorted(p.name for p in folder.iterdir()) == ["a.b.png", "a.b_2.png", "a.b_4.png"]


def test_a_longer_run_passes_through_the_shorter_ones_result(files: list[str], tmp_path: Path) -> None:
    # Both programs save the picture the printed losses are of, before that iteration's step.
    adam = [*files, "-optimizer", "adam", "-learning_rate", "5", "-init", "image"]
    run(*adam, "-output_image", tmp_path / "long.png", "-save_iter", 3, "-num_iterations", 5)
    run(*adam, "-output_image", tmp_path / "short.png", "-num_iterations", 3)
    run(*adam, "-output_image", tmp_path / "none.png", "-num_iterations", 1)
    pixels = {n: imaging.read(tmp_path / f"{n}.png").pixels for n in ("long_3", "short", "none")}
    assert np.array_equal(pixels["long_3"], pixels["short"])
    photo = imaging.resample(blobs(60, 40, seed=1), 48, 32, "bilinear")
    assert np.abs(pixels["none"] - photo).max() < 1.01 / 255


def test_the_same_seed_paints_the_same_picture(files: list[str], tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        assert run(*files, "-seed", seed, "-output_image", tmp_path / f"{name}.png").exit_code == 0
    a, b, c = (imaging.read(tmp_path / f"{name}.png").pixels for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_random_noise_is_the_programs_own_to_the_digit(files: list[str], tmp_path: Path) -> None:
    # torch.manual_seed(5); torch.randn(3, 32, 48) * 0.001, blue first: grey mean colour, rounded down.
    run(*files, "-seed", 5, "-num_iterations", 1, "-output_image", tmp_path / "out.png")
    torch.manual_seed(5)
    noise = torch.randn(3, 32, 48).mul(0.001).numpy()
    expected = (noise + np.float32([[[103.939]], [[116.779]], [[123.68]]]))[::-1].transpose(1, 2, 0)
    assert np.array_equal(imaging.read(tmp_path / "out.png").pixels * 255, np.floor(expected))


@pytest.mark.parametrize("dialect", ["pt", "lua"])
def test_original_colours_are_in_every_picture_saved(dialect: str, files: list[str], tmp_path: Path) -> None:
    more = ["-original_colors", 1, "-save_iter", 2, "-num_iterations", 5, "-init", "image"]
    adam = ["-optimizer", "adam", "-learning_rate", 2]
    result = run("--dialect", dialect, *files, *more, *adam, "-output_image", tmp_path / "out.png")
    assert result.exit_code == 0, result.output
    photo = Picture(blobs(60, 40, seed=1))
    chroma = imaging.rgb_to_ycbcr(neural_style_pictures.sized(photo, 48, "pt").pixels)[..., 1:]
    for name in ("out.png", "out_2.png", "out_4.png"):
        pixels = imaging.read(tmp_path / name).pixels
        inside = ((pixels > 0.02) & (pixels < 0.98)).all(2)
        difference = np.abs(imaging.rgb_to_ycbcr(pixels)[..., 1:] - chroma)[inside]
        assert difference.mean() < 0.01, name


def test_a_folder_is_all_its_pictures(files: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "paintings"
    folder.mkdir()
    for number, name in enumerate(("b.png", "a.jpg", "c.PNG")):
        imaging.write(Picture(blobs(40, 40, seed=number)), folder / name)
    (folder / "notes.txt").write_text("not a picture")
    out = ["-output_image", tmp_path / "out.png", "-style_blend_weights", "1,2,3"]
    result = run(*files, "-style_image", folder, *out)
    assert result.exit_code == 0, result.output
    assert "Capturing style target 3" in result.stdout
    assert "Capturing style target 4" not in result.stdout


def test_ctrl_c_keeps_the_picture_so_far(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Interrupts, "__enter__", lambda self: setattr(self, "seen", True) or self)
    monkeypatch.setattr(Interrupts, "__exit__", lambda *_: None)
    result = run(*files, "-output_image", tmp_path / "out.png")
    assert result.exit_code == 130
    assert "the picture so far" in result.stderr
    assert imaging.read(tmp_path / "out.png").width == 48


def test_the_network_that_comes_along_needs_no_file(files: list[str], tmp_path: Path) -> None:
    tiny = ["-model_file", "tiny", "-content_layers", "relu4_2", "-style_layers", "relu1_1,relu3_1"]
    result = run(*files, *tiny, "-output_image", tmp_path / "out.png", "-print_iter", 1)
    assert result.exit_code == 0, result.output
    totals = [float(x) for x in re.findall(r"Total loss: (\S+)", result.stdout)]
    assert totals[-1] < totals[0]


# What the numbers are: the two programs written out plainly


class Plain:
    """Either program as its source reads, on the small network: no engine, no options of ours."""

    def __init__(self, network: Path, *, lua: bool = False, normalize: str = "") -> None:
        self.state = torch.load(network)
        self.lua = lua
        self.normalize = normalize
        self.mean = torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)

    def enter(self, pixels: np.ndarray) -> Tensor:
        image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]
        return image.flip(1) * (256 if self.lua else 255) - self.mean

    def features(self, image: Tensor) -> dict[str, Tensor]:
        found = {}
        for place, name in {0: "relu1_1", 2: "relu1_2", 5: "relu2_1"}.items():
            weight, bias = self.state[f"features.{place}.weight"], self.state[f"features.{place}.bias"]
            image = found[name] = functional.relu(functional.conv2d(image, weight, bias, padding=1))
            if name == "relu1_2":
                image = functional.max_pool2d(image, 2)
        return found

    def gram(self, features: Tensor) -> Tensor:
        flat = features[0].flatten(1)
        return flat @ flat.T / features.numel()

    def totals(self, photo: Tensor, painting: Tensor, start: Tensor, count: int) -> list[float]:
        """The total losses of ``count`` iterations of Adam, learning rate 5."""
        content = self.features(photo)["relu2_1"]
        style = {n: self.gram(f) for n, f in self.features(painting).items() if n != "relu1_2"}
        image = start.clone().requires_grad_()
        adam = torch.optim.Adam([image], lr=5)
        found = []
        for _ in range(count):
            features = self.features(image)
            rows: list[tuple[str, float, Tensor]] = [
                ("relu2_1", 5.0, functional.mse_loss(features["relu2_1"], content))
            ]
            rows += [(n, 100.0, functional.mse_loss(self.gram(features[n]), g)) for n, g in style.items()]
            if self.normalize == "weights":
                sides = [max(content.shape), 8, 16]
                rows = [(n, w / side, loss) for (n, w, loss), side in zip(rows, sides, strict=True)]
            total = sum(w * loss for _, w, loss in rows)
            gradient = torch.zeros_like(image)
            for name, weight, loss in rows:
                (there,) = torch.autograd.grad(loss, features[name], retain_graph=True)
                if self.normalize == "l1":
                    there = there / (there.abs().sum() + 1e-8)
                gradient += torch.autograd.grad(features[name], image, there * weight, retain_graph=True)[0]
            smooth, of_it = self.smoothness(image)
            found.append((total + smooth).item())
            image.grad = gradient + of_it
            adam.step()
        return found

    def smoothness(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """What smoothness adds to the total, and to the gradient."""
        down, across = image[:, :, 1:] - image[:, :, :-1], image[..., 1:] - image[..., :-1]
        if not self.lua:
            loss = 1e-3 * (down.abs().sum() + across.abs().sum())
            return loss, torch.autograd.grad(loss, image)[0]
        corner, below, right = image[..., :-1, :-1], image[..., 1:, :-1], image[..., :-1, 1:]
        gradient = torch.zeros_like(image)
        gradient[..., :-1, :-1] += (corner - right) + (corner - below)
        gradient[..., :-1, 1:] -= corner - right
        gradient[..., 1:, :-1] -= corner - below
        return torch.zeros(()), 1e-3 * gradient.detach()


@pytest.mark.parametrize(
    ("dialect", "options", "normalize"),
    [
        ("pt", [], ""),
        ("pt", ["-normalize_weights"], "weights"),
        ("lua", [], ""),
        ("lua", ["-normalize_gradients"], "l1"),
    ],
)
def test_the_losses_are_those_of_the_program_written_out(
    dialect: str, options: list[str], normalize: str, files: list[str], network: Path, tmp_path: Path
) -> None:
    adam = ["-optimizer", "adam", "-learning_rate", 5, "-init", "image", "-num_iterations", 8]
    out = ["-output_image", tmp_path / "out.png", "-print_iter", 1, "-style_scale", 0.77]
    result = run("--dialect", dialect, *files, *adam, *out, *options)
    assert result.exit_code == 0, result.output
    plain = Plain(network, lua=dialect == "lua", normalize=normalize)
    # 48 * 0.77 = 36.96: rounded down there, up here.
    photo, painting = (imaging.read(tmp_path / f"{name}.png") for name in ("photo", "painting"))
    sized = neural_style_pictures.at_size
    if dialect == "lua":
        small, side = sized(photo, 48, 32, "lua"), sized(painting, 37, 37, "lua")
    else:
        small, side = sized(photo, 48, 32, "pt"), sized(painting, 36, 36, "pt")
    start = plain.enter(small.pixels)
    expected = plain.totals(start, plain.enter(side.pixels), start, 8)
    totals = [float(x) for x in re.findall(r"Total loss: (\S+)", result.stdout)]
    np.testing.assert_allclose(totals, expected, rtol=1e-4)


def test_lua_scales_as_torch7_does() -> None:
    row = np.float32([[0.0], [0.4], [1.0]]) * np.ones(3, np.float32)
    # Grows: the ends stay, between them straight lines. Shrinks 3 to 2: each new pixel covers 1.5 old ones.
    grown = neural_style_pictures.scale_linearly(row[None], 5, 1)[0, :, 0]
    np.testing.assert_allclose(grown, [0, 0.2, 0.4, 0.7, 1.0], atol=1e-6)
    shrunk = neural_style_pictures.scale_linearly(row[None], 2, 1)[0, :, 0]
    np.testing.assert_allclose(shrunk, [0.2 / 1.5, 1.2 / 1.5], atol=1e-6)


def test_sides_are_cut_as_the_programs_cut_them() -> None:
    picture = Picture(np.zeros((200, 501, 3), np.float32))
    # 512 / 501 * 501 is 511.99999999999994 in floating point.
    assert 512 / 501 * 501 < 512
    assert neural_style_pictures.sized(picture, 512, "pt").width == 511
    lua = neural_style_pictures.sized(picture, 512, "lua")
    assert (lua.width, lua.height) == (512, 204)
    assert neural_style_pictures.style_size(100, 0.505, "pt") == 50
    assert neural_style_pictures.style_size(100, 0.505, "lua") == 51


# What is understood and what is refused


def test_the_defaults_are_the_programs() -> None:
    theirs = {
        "style_image": "examples/inputs/seated-nude.jpg",
        "content_image": "examples/inputs/tubingen.jpg",
        "image_size": 512,
        "content_weight": 5.0,
        "style_weight": 100.0,
        "tv_weight": 0.001,
        "num_iterations": 1000,
        "normalize_gradients": False,
        "init": "random",
        "optimizer": "lbfgs",
        "print_iter": 50,
        "save_iter": 100,
        "output_image": "out.png",
        "style_scale": 1.0,
        "original_colors": 0,
        "pooling": "max",
        "backend": "nn",
        "seed": -1,
        "content_layers": "relu4_2",
        "style_layers": "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1",
    }
    pt = {"learning_rate": 1.0, "lbfgs_num_correction": 100, "model_file": "models/vgg19-d01eb7cb.pth"}
    caffe = "models/VGG_ILSVRC_19_layers"
    lua = {"learning_rate": 10.0, "lbfgs_num_correction": 0, "model_file": f"{caffe}.caffemodel"}
    for settings, own in (
        (parse([]), pt | {"multidevice_strategy": "4,7,29"}),
        (parse([], "lua"), lua | {"proto_file": f"{caffe}_deploy.prototxt"}),
    ):
        assert {name: getattr(settings, name) for name in theirs | own} == theirs | own


def test_flags_numbers_and_short_forms_are_read_as_argparse_does() -> None:
    settings = parse(
        ["-normalize_weights", "-num_it", "20", "-content_weight=0", "-gpu", "-1", "-tv_weight", "1e-4"]
    )
    assert settings.normalize_weights is True
    assert (settings.num_iterations, settings.content_weight) == (20, 0.0)
    assert (settings.gpu, settings.tv_weight) == ("-1", 1e-4)


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_the_help_has_every_option_and_both_dialects_defaults(word: str) -> None:
    result = run(word)
    assert result.exit_code == 0
    assert result.stdout == help_text() + "\n"
    for name in NeuralStyleSettings.__dataclass_fields__:
        assert name in ("dialect", "given") or f"  -{name}" in result.stdout
    assert "[1; lua: 10]" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_options_without_effect_say_so_in_one_line(files: list[str], tmp_path: Path) -> None:
    useless = ["-backend", "cudnn", "-cudnn_autotune", "-disable_check", "-multidevice_strategy", "3"]
    result = run(*files, *useless, "-init_image", "x.png", "-output_image", tmp_path / "out.png")
    assert result.exit_code == 0, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("impasto: -") and "without effect" in line for line in lines)


def test_without_a_gpu_it_warns_and_paints(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    result = run(*files, "-gpu", "0,1", "-output_image", tmp_path / "out.png")
    assert result.exit_code == 0
    assert result.stderr.count("\n") == 1
    assert "no graphics processor;" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-colour", "1"], ["unknown option -colour", "--help"]),
        (["photo.png"], ["photo.png"]),
        (["-proto_file", "x"], ["neural-style has it: use --dialect lua"]),
        (["-image_size", "large"], ["expected -image_size to be a whole number", "'large'"]),
        (["-image_size", "8"], ["expected -image_size to be 16 or more", "8"]),
        (["-num_iterations", "0"], ["expected -num_iterations to be 1 or more"]),
        (["-style_weight", "nan"], ["expected -style_weight to be a number"]),
        (["-learning_rate", "0"], ["expected -learning_rate to be more than 0"]),
        (["-pooling", "l2"], ["-pooling", "l2", "max"]),
        (["-seed"], ["-seed", "expected one argument"]),
        (["-style_blend_weights", "1,2"], ["expected -style_blend_weights to be 1 numbers", "1,2"]),
        (["-style_blend_weights", "all"], ["expected -style_blend_weights to be numbers", "all"]),
        (["-content_layers", "relu9_1"], ["relu9_1"]),
        (["-style_layers", "relu1_1,relu3_1"], ["relu3_1"]),
        (["-gpu", "first"], ["expected -gpu to be a number", "first"]),
        (["-content_image", "missing.png"], ["-content_image: missing.png", "no such file"]),
        (["-style_image", "missing.png"], ["-style_image: missing.png", "no such file"]),
        (["-output_image", "out.xyz"], ["-output_image", ".xyz"]),
        (["-output_image", "nowhere/out.png"], ["-output_image", "nowhere"]),
        (["-model_file", "nowhere.pth"], ["-model_file nowhere.pth", "impasto models fetch", "tiny"]),
        (["-content_layers", "", "-style_layers", ""], ["content layers, style layers, or both"]),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(
    arguments: list[str], words: list[str], files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(run(*files, *arguments), *words)
    assert not (tmp_path / "out.png").exists()


def test_an_unknown_dialect_is_refused(files: list[str]) -> None:
    refused(run("--dialect", "tf", *files), "expected --dialect to be pt or lua", "tf")


def test_the_photograph_is_not_overwritten(files: list[str], tmp_path: Path) -> None:
    before = (tmp_path / "photo.png").read_bytes()
    refused(run(*files, "-output_image", tmp_path / "photo.png"), "also an input")
    assert (tmp_path / "photo.png").read_bytes() == before


@pytest.mark.parametrize("dialect", ["pt", "lua"])
def test_without_the_usual_network_it_says_how_to_get_it(
    dialect: str, files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS_DIR", str(tmp_path / "weights"))
    monkeypatch.chdir(tmp_path)
    usual = [word for word in files if "model_file" not in word and "vgg_small" not in word]
    refused(run("--dialect", dialect, *usual), "`impasto models fetch vgg19-caffe`", "-model_file tiny")


def test_caffes_own_files_are_refused_by_name(files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "vgg_normalised.caffemodel"
    path.write_bytes(b"protobuf")
    refused(run(*files, "-model_file", path), "Caffe's own format is not read", "vgg19-caffe")


def test_gradients_cannot_be_normalised_in_parts(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.objectives import cover
    from impasto.optimize import memory

    def in_parts(_encoder: object, _layers: object, height: int, width: int, *_: object) -> object:
        return cover(height, width, 32, 4, 2)

    monkeypatch.setattr(memory, "plan", in_parts)
    lua = ["-normalize_gradients", "-output_image", str(tmp_path / "out.png")]
    with pytest.raises(OptionError, match="48x32 it would be painted in 2 parts"):
        paint([*files, *lua], "lua")


def test_pillow_and_we_agree_on_original_colours() -> None:
    photo = imaging.resample(blobs(40, 30, seed=4), 40, 30, "bilinear")
    painted = imaging.resample(stripes(40, 30), 40, 30, "bilinear")
    space = neural_style_pictures.Space("pt", (103.939, 116.779, 123.68), True)
    finish: Callable[[np.ndarray], Picture] = neural_style_pictures.finisher(Picture(photo), space, True)
    found = finish(space.enter(Picture(painted)).pixels).pixels

    def channels(pixels: np.ndarray) -> list[Image.Image]:
        return list(Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).convert("YCbCr").split())

    merged = Image.merge("YCbCr", [channels(painted)[0], *channels(photo)[1:]]).convert("RGB")
    assert np.abs(found * 255 - np.asarray(merged)).max() <= 4  # values lose a digit, and a level, on the way


def test_the_preset_of_that_name_has_the_same_recipe(files: list[str], network: Path, tmp_path: Path) -> None:
    assert len(files)
    photo, painting = (imaging.read(tmp_path / f"{name}.png") for name in ("photo", "painting"))
    totals: list[float] = []
    impasto.stylize(
        photo,
        painting,
        preset="neural-style",
        encoder=load_encoder(network, convention="caffe"),
        on_progress=lambda event: totals.append(event.losses["total"] - event.losses["tv"]),
        size=(48, 32),
        content_layers={"relu2_1": 1.0},
        style_layers={"relu1_1": 1.0, "relu2_1": 1.0},
        style_weight=200.0,  # 100 at each of two layers
        init="content",
        optimizer="adam",
        learning_rate=5.0,
        iterations=8,
        device="cpu",
    )
    sized = neural_style_pictures.at_size
    enter = Plain(network).enter  # by 255, where the program multiplies by 256
    start = enter(sized(photo, 48, 32, "pt").pixels)
    smooth = Plain(network, lua=True)
    expected = smooth.totals(start, enter(sized(painting, 48, 48, "pt").pixels), start, 8)
    np.testing.assert_allclose(totals, expected, rtol=1e-3)


def test_what_leaves_too_little_of_a_painting_is_refused_before_work(
    files: list[str], tmp_path: Path
) -> None:
    layers = ["-model_file", "tiny", "-style_layers", "relu4_1", "-content_layers", "relu2_1"]
    result = run(*files, *layers, "-style_scale", "0.1", "-output_image", tmp_path / "out.png")
    refused(result, "-style_scale 0.1", "4x4", "at least 16")
    assert result.stdout == ""


def test_numbered_pictures_never_replace_an_input(files: list[str], tmp_path: Path) -> None:
    (tmp_path / "painting.png").rename(tmp_path / "out_2.png")
    words = [word.replace("painting.png", "out_2.png") for word in files]
    before = (tmp_path / "out_2.png").read_bytes()
    refused(run(*words, "-save_iter", "2", "-output_image", tmp_path / "out.png"), "-save_iter", "out_2.png")
    assert (tmp_path / "out_2.png").read_bytes() == before


def test_a_seed_too_large_is_refused(files: list[str]) -> None:
    refused(run(*files, "-seed", "9" * 23), "-seed")
