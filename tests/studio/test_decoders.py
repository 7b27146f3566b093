"""Who sends many large pictures waits for themselves."""

from __future__ import annotations

import threading

import anyio
import pytest

pytest.importorskip("fastapi", reason="the extra studio is not installed")

from impasto.studio.web.decoders import Decoders
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
