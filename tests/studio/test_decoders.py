"""Who sends many large pictures waits for themselves."""

from __future__ import annotations

import os
import runpy
import sys
import threading
import time
from functools import partial

import anyio
import pytest

pytest.importorskip("fastapi", reason="the extra studio is not installed")

from impasto.errors import InputError, PictureError
from impasto.studio.state import RefusalError
from impasto.studio.web import decoders as module
from impasto.studio.web.decoders import Decoders, film_seconds, picture_seconds
from tests.waiting import until


def test_a_person_has_one_slot_whatever_they_have_sent() -> None:
    began: list[str] = []
    go, lock = threading.Event(), threading.Lock()

    def decode(owner: str) -> str:
        with lock:
            began.append(owner)
        assert go.wait(300)
        return owner

    async def ask(decoders: Decoders, owner: str, done: list[str]) -> None:
        done.append(await decoders.run(owner, decode, owner))

    async def main() -> list[str]:
        decoders, done = Decoders(2), list[str]()
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(ask, decoders, "anna", done)
            await anyio.sleep(0)
            tasks.start_soon(ask, decoders, "bert", done)
            try:
                await anyio.to_thread.run_sync(lambda: until(lambda: len(began) >= 2))
                assert sorted(began) == ["anna", "bert"]
            finally:
                go.set()
        assert not decoders._own
        assert not decoders._held
        return done

    assert sorted(anyio.run(main)) == ["anna"] * 5 + ["bert"]


def test_one_persons_previews_do_not_keep_out_those_of_another() -> None:
    go = threading.Event()
    began: list[str] = []

    def paint(owner: str) -> None:
        began.append(owner)
        assert go.wait(300)

    async def main() -> None:
        painters = Decoders(4, each=2)
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                assert painters.has_room("anna", 20)
                tasks.start_soon(painters.run, "anna", paint, "anna")
                await anyio.sleep(0)
            assert not painters.has_room("anna", 20)
            assert painters.has_room("bert", 20)
            tasks.start_soon(painters.run, "bert", paint, "bert")
            try:
                await anyio.to_thread.run_sync(lambda: until(lambda: len(began) >= 3))
                assert sorted(began) == ["anna", "anna", "bert"]
            finally:
                go.set()
        assert painters.has_room("anna", 1)

    anyio.run(main)


def refuse(reason: str) -> None:
    raise RefusalError(reason, "expected a film")


def fail() -> None:
    raise PictureError("expected a picture; got none")


def test_what_is_read_apart_is_not_read_by_the_server_whom_its_death_leaves_alone() -> None:
    async def main() -> None:
        decoders = Decoders(2)
        assert await decoders.run_apart("anna", "film", 300, os.getpid) != os.getpid()
        with pytest.raises(RefusalError, match="it crashes the process that reads it") as died:
            await decoders.run_apart("anna", "film", 300, os.abort)
        assert died.value.reason == "not-a-film"
        assert await decoders.run_apart("anna", "film", 300, divmod, 7, 2) == (3, 1)
        assert not decoders._held

    anyio.run(main)


def test_refusals_and_errors_come_whole_from_the_process_apart() -> None:
    async def main() -> None:
        with pytest.raises(RefusalError) as refused:
            await Decoders(1).run_apart("anna", "film", 300, refuse, "too-long")
        assert (refused.value.reason, str(refused.value)) == ("too-long", "expected a film")
        with pytest.raises(InputError) as failed:
            await Decoders(1).run_apart("anna", "picture", 300, fail)
        assert (type(failed.value), failed.value.actual) == (PictureError, "none")

    anyio.run(main)


def test_a_file_that_is_read_for_ever_is_given_up() -> None:
    async def main() -> None:
        decoders = Decoders(1)
        with pytest.raises(RefusalError, match=r"expected a film that can be read in 0 s; it took longer"):
            await decoders.run_apart("anna", "film", 0.1, time.sleep, 1000)
        assert not decoders._held

    anyio.run(main)


def test_a_picture_has_the_time_its_pixels_need_and_a_film_that_of_its_bytes() -> None:
    assert picture_seconds() == 30
    assert picture_seconds(50_000_000) == 80
    assert film_seconds(100_000_000) == 110


def test_the_wait_for_a_place_is_not_counted_as_reading() -> None:
    async def main() -> None:
        decoders = Decoders(1)
        await decoders._all.acquire_on_behalf_of("another")
        with anyio.move_on_after(0.3) as waited:
            await decoders.run_apart("anna", "picture", 0.1, os.getpid)
        assert waited.cancelled_caught  # not refused
        assert not decoders._held

    anyio.run(main)


def test_films_leave_a_place_to_pictures_whoever_sends_them() -> None:
    async def main() -> None:
        decoders = Decoders(2)
        async with anyio.create_task_group() as tasks:
            for owner in ("anna", "bert", "carl"):
                tasks.start_soon(decoders.run_apart, owner, "film", 300, time.sleep, 1000)
            await anyio.sleep(0)
            assert await decoders.run_apart("dora", "picture", 300, divmod, 7, 2) == (3, 1)
            tasks.cancel_scope.cancel()
        assert not decoders._held

    anyio.run(main)


def test_processes_that_the_program_starts_do_not_run_its_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["impasto", "no-command"])
    runpy.run_module("impasto.__main__", run_name="__mp_main__")  # as they import it


def test_where_no_process_can_be_had_the_film_is_not_to_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise anyio.BrokenWorkerProcess

    monkeypatch.setattr(module.to_process, "run_sync", broken)

    async def main() -> None:
        with pytest.raises(anyio.BrokenWorkerProcess):
            await Decoders(1).run_apart("anna", "film", 300, os.getpid)

    anyio.run(main)


def test_the_first_upload_is_read_by_the_process_that_was_prepared() -> None:
    async def main() -> str | None:
        decoders = Decoders(1)
        await decoders.prepare(partial(exec, "import os; os.environ['PREPARED'] = 'yes'"))
        return await decoders.run_apart("anna", "picture", 300, os.getenv, "PREPARED")

    assert anyio.run(main) == "yes"
