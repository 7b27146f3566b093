"""What may come in, and what is kept of it."""

from __future__ import annotations

import io
import os
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import GifImagePlugin, Image, TiffImagePlugin

from impasto.imaging import exr
from impasto.studio.web import uploads
from impasto.studio.web.blocks import MOST_SCANS, check_jpeg, check_png
from impasto.studio.web.frame_count import gif_frames
from impasto.studio.web.routes import pictures
from tests.studio.conftest import House, encoded, mask, upload

GPS = 0x8825


def refused(client: httpx.Client, data: bytes, role: str = "photo", name: str = "it.png") -> tuple[int, str]:
    answer = client.post("/pictures", files={"file": (name, data)}, data={"role": role})
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"]


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it is large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_photograph_is_kept_upright_and_without_metadata(client: httpx.Client, house: House) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(GPS)[2] = (48.0, 8.0, 31.0)
    id = upload(client, encoded(80, 40, "JPEG", exif=exif), name="cat.jpg")
    about = client.get(f"/pictures/{id}").json()
    assert (about["width"], about["height"], about["name"]) == (40, 80, "cat.jpg")
    for query in ("", "?side=32", "?side=2000"):
        kept = Image.open(io.BytesIO(client.get(f"/pictures/{id}/content{query}").content))
        assert not kept.getexif()
        assert "exif" not in kept.info
    everything = b"".join(path.read_bytes() for path in house.settings.data_dir.rglob("*") if path.is_file())
    assert b"SecretCamera" not in everything


def test_what_was_left_out_or_assumed_is_told(client: httpx.Client) -> None:
    files = {"file": ("two.gif", animated("GIF"))}
    made = client.post("/pictures", files=files, data={"role": "painting"}).json()
    assert len(made["notes"]) == 1
    assert "only the first one was read" in made["notes"][0]
    assert "incoming" not in made["notes"][0]
    assert client.get(f"/pictures/{made['id']}").json()["notes"] == made["notes"]
    plain = client.post("/pictures", files={"file": ("it.png", encoded())}, data={"role": "photo"}).json()
    assert plain["notes"] == []


def test_eight_bits_are_kept_exactly(client: httpx.Client) -> None:
    data = encoded(33, 21)
    kept = client.get(f"/pictures/{upload(client, data)}/content").content
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(kept))), np.asarray(Image.open(io.BytesIO(data))))


def test_copies_have_the_side_asked_for(client: httpx.Client) -> None:
    id = upload(client, encoded(200, 100))
    copy = client.get(f"/pictures/{id}/content", params={"side": 50})
    assert copy.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(copy.content)).size == (50, 25)
    grey = upload(client, mask(), "mask")
    copy = client.get(f"/pictures/{grey}/content", params={"side": 32})
    assert copy.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(copy.content)).mode == "L"


def test_the_bytes_decide_and_not_the_name(client: httpx.Client) -> None:
    upload(client, encoded(format="JPEG"), name="really.png")
    assert refused(client, b"<svg xmlns='http://www.w3.org/2000/svg'/>") == (415, "/problems/not-a-picture")
    assert refused(client, b"MZ" + bytes(100)) == (415, "/problems/not-a-picture")
    assert refused(client, b"") == (415, "/problems/not-a-picture")
    assert refused(client, encoded()[:200]) == (415, "/problems/not-a-picture")


def test_a_bomb_is_refused_by_its_header(client: httpx.Client) -> None:
    assert refused(client, bomb(60_000, 60_000)) == (413, "/problems/too-many-pixels")


def test_limits_in_bytes_pixels_and_frames(make: Callable[..., House]) -> None:
    house = make(max_bytes=20_000, max_pixels=5000, max_frames=3)
    frames = [Image.new("L", (20, 20), shade) for shade in range(5)]
    stream = io.BytesIO()
    frames[0].save(stream, format="GIF", save_all=True, append_images=frames[1:])
    with house.client() as client:
        assert refused(client, bytes(200_000)) == (413, "/problems/too-large")
        assert refused(client, encoded(100, 60)) == (413, "/problems/too-many-pixels")
        assert refused(client, stream.getvalue()) == (413, "/problems/too-long")
        upload(client, encoded(60, 40))


def test_an_exr_which_browsers_do_not_know_is_refused(client: httpx.Client) -> None:
    data = exr.encode(np.full((32, 32, 3), 0.5, np.float32), None)
    assert refused(client, data) == (415, "/problems/not-a-picture")


def animated(kind: str) -> bytes:
    """Five frames."""
    frames = [Image.new("RGB", (20, 20), (60 * shade, 0, 0)) for shade in range(5)]
    stream = io.BytesIO()
    frames[0].save(stream, format=kind, save_all=True, append_images=frames[1:])
    return stream.getvalue()


def test_frames_are_counted_as_far_as_they_matter(
    make: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    def counting(_: Image.Image) -> int:
        raise AssertionError("all frames were walked through")

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "n_frames", property(counting))
    monkeypatch.setattr(TiffImagePlugin.TiffImageFile, "n_frames", property(counting))
    for most, is_taken in ((4, False), (5, True)):
        with make(max_frames=most).client() as client:
            for kind in ("GIF", "TIFF"):
                if is_taken:
                    upload(client, animated(kind))
                else:
                    assert refused(client, animated(kind)) == (413, "/problems/too-long")


@pytest.mark.parametrize("cut", range(13, 60, 7))
def test_a_gif_cut_short_is_counted_no_further(cut: int) -> None:
    assert gif_frames(animated("GIF")[:cut], 9) <= 1


def test_a_gif_in_crumbs_is_refused_before_it_is_read(client: httpx.Client) -> None:
    data = animated("GIF")
    start = 13 + 3 * 2 ** ((data[10] & 7) + 1) * (data[10] >> 7)
    comment = b"\x21\xfe" + b"\x01a" * 200_000 + b"\0"
    assert refused(client, data[:start] + comment + data[start:]) == (415, "/problems/not-a-picture")
    comment = b"\x21\xfe" + (b"\xff" + b"a" * 255) * 1_000 + b"\0"
    upload(client, data[:start] + comment + data[start:])


@pytest.mark.parametrize("mark", [b"\xff\xef\0\x02", b"\xff\xfe\0\3a"], ids=["application", "comment"])
def test_a_jpeg_in_crumbs_is_refused_before_it_is_decoded(client: httpx.Client, mark: bytes) -> None:
    data = encoded(format="JPEG")
    upload(client, data[:2] + mark * 4_000 + data[2:])
    assert refused(client, data[:2] + mark * 5_000 + data[2:]) == (415, "/problems/not-a-picture")


def test_a_jpeg_that_is_gone_over_again_and_again_is_refused(client: httpx.Client) -> None:
    data = encoded(64, 64, "JPEG", mode="L", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    count = len(re.findall(rb"\xff\xda", data))
    upload(client, data[:-2] + last * (MOST_SCANS - count) + data[-2:])
    many = data[:-2] + last * (MOST_SCANS - count + 1) + data[-2:]
    assert refused(client, many) == (415, "/problems/not-a-picture")


@pytest.mark.parametrize("kind", [b"abCd", b"tEXt", b"IDAT"])
def test_a_png_in_crumbs_is_refused_before_it_is_decoded(client: httpx.Client, kind: bytes) -> None:
    data = encoded()
    crumb = bytes(4) + kind + struct.pack(">I", zlib.crc32(kind))
    upload(client, data[:33] + crumb * 1_000 + data[33:])
    assert refused(client, data[:33] + crumb * 5_000 + data[33:]) == (415, "/problems/not-a-picture")


@pytest.mark.parametrize("cut", range(2, 700, 41))
def test_counting_the_pieces_of_a_damaged_file_ends(cut: int) -> None:
    check_jpeg(encoded(format="JPEG")[:cut])
    check_png(encoded()[:cut])


def test_a_body_of_unknown_length_is_cut_off(make: Callable[..., House]) -> None:
    house = make(max_bytes=20_000)

    def endless():  # type: ignore[no-untyped-def]
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(1000):
            yield bytes(1000)

    with house.client() as client:
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        try:
            answer = client.post("/pictures", content=endless(), headers=headers)
        except httpx.TransportError:
            return  # the server hung up, which is its right
        assert answer.status_code == 413
        assert answer.json()["type"] == "/problems/too-large"


def test_a_mask_has_no_colours(client: httpx.Client) -> None:
    assert refused(client, encoded(), "mask") == (422, "/problems/unsuitable")
    assert upload(client, mask(), "mask").startswith("p_")


def test_too_small_and_unknown_roles_are_refused(client: httpx.Client) -> None:
    assert refused(client, encoded(8, 8)) == (422, "/problems/unsuitable")
    assert refused(client, encoded(), "poster") == (422, "/problems/invalid")


def test_a_refused_upload_leaves_nothing_behind(client: httpx.Client, house: House) -> None:
    refused(client, b"nothing")
    refused(client, encoded(8, 8))
    root = house.settings.data_dir
    assert [path for folder in ("pictures", "incoming") for path in (root / folder).iterdir()] == []


def test_names_are_for_showing_only(client: httpx.Client) -> None:
    id = upload(client, name="../../etc/pass\x07wd.png")
    assert client.get(f"/pictures/{id}").json()["name"] in ("passwd.png", "pass%07wd.png")


def test_uploads_are_listed_page_by_page(client: httpx.Client) -> None:
    ids = [upload(client, encoded(seed=n)) for n in range(5)]
    painting = upload(client, role="painting")
    found, after = [], None
    while True:
        page = client.get(
            "/pictures", params={"role": "photo", "limit": 2, **({"after": after} if after else {})}
        )
        found += [picture["id"] for picture in page.json()["pictures"]]
        if (after := page.json()["next"]) is None:
            break
    assert found == ids[::-1]
    assert client.get("/pictures").json()["pictures"][0]["id"] == painting
    assert client.get("/pictures", params={"after": "nonsense"}).status_code == 422


@pytest.mark.parametrize("bits", [8, 16])
def test_alpha_and_precision_survive(client: httpx.Client, bits: int) -> None:
    import cv2

    top = 255 if bits == 8 else 65535
    random = np.random.default_rng(1)
    array = random.integers(0, top, (32, 40, 4)).astype(np.uint8 if bits == 8 else np.uint16)
    done, data = cv2.imencode(".png", array)
    assert done
    kept = client.get(f"/pictures/{upload(client, data.tobytes())}/content").content
    back = cv2.imdecode(np.frombuffer(kept, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(back, array)


def die(*_: Any, **__: Any) -> None:
    os.abort()


def test_the_server_leaves_the_reading_of_pictures_to_a_process_of_its_own_and_outlives_it(
    make: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: Any, **__: Any) -> None:
        raise AssertionError("the server reads a picture itself")

    house = make(apart=True)
    monkeypatch.setattr(uploads.imaging, "read", read)
    with house.client() as client:
        id = upload(client)
        monkeypatch.setattr(pictures, "store_upload", die)
        refused = client.post("/pictures", files={"file": encoded()}, data={"role": "photo"})
        assert refused.status_code == 415
        assert refused.json()["type"] == "/problems/not-a-picture"
        assert "it crashes the process that reads it" in refused.json()["detail"]
        assert client.get(f"/pictures/{id}").status_code == 200
    left = [path.name for path in house.services.storage.root.rglob("*_*.*") if path.is_file()]
    assert sorted(name for name in left if name.startswith("p_")) == [f"{id}.png", f"{id}.small.jpg"]
    assert list((house.services.storage.root / "incoming").iterdir()) == []


def test_an_empty_file_is_said_to_be_empty(client: httpx.Client) -> None:
    refused = client.post("/pictures", files={"file": ("it.jpg", b"")}, data={"role": "photo"})
    assert refused.status_code == 415
    assert refused.json()["detail"] == "expected a picture file, but the file is empty"
