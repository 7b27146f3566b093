"""How many threads NumPy's linear algebra may take."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from impasto.inference import transport
from impasto.threads import one_blas_thread

BLAS = ThreadpoolController().select(internal_api="openblas")

blas = pytest.mark.skipif(not BLAS.lib_controllers, reason="this NumPy has no OpenBLAS")


def counts() -> set[int]:
    return {library["num_threads"] for library in BLAS.info()}


@blas
def test_the_threads_are_afterwards_as_they_were() -> None:
    with BLAS.limit(limits=2):
        with one_blas_thread(), one_blas_thread():
            assert counts() == {1}
        with pytest.raises(ZeroDivisionError), one_blas_thread():
            _ = 1 / 0
        assert counts() == {2}


@blas
def test_several_who_come_at_once_leave_the_threads_as_they_were() -> None:
    before = counts()
    met = threading.Barrier(4, timeout=60)

    def enter() -> None:
        met.wait()
        for _ in range(50):
            with one_blas_thread():
                assert counts() == {1}

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(enter) for _ in range(4)]:
            each.result()
    assert counts() == before


@blas
def test_maps_are_made_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    eigh = np.linalg.eigh

    def watch(matrix: np.ndarray) -> object:
        seen.append(counts())
        return eigh(matrix)

    monkeypatch.setattr(np.linalg, "eigh", watch)
    rng = np.random.default_rng(0)
    a, b = (transport.LayerMoments(rng.normal(size=8), np.cov(rng.normal(size=(8, 40)))) for _ in range(2))
    with BLAS.limit(limits=2):
        transport.between(a, b, 0.5)
    assert seen == [{1}] * len(seen)
    assert len(seen) >= 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_process_forked_after_a_computation_computes_too() -> None:
    program = """
        import os, signal, warnings
        import torch
        from impasto.encoders import load_encoder

        warnings.simplefilter("ignore")  # Python 3.12 warns of forks beside threads
        torch.set_num_threads(2)
        encoder, image = load_encoder("tiny"), torch.rand(1, 3, 128, 128)
        expected = encoder(image, ["relu4_1"])["relu4_1"]
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            found = encoder(image, ["relu4_1"])["relu4_1"]
            os._exit(0 if torch.allclose(found, expected, atol=1e-4) else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert torch.get_num_threads() == 2
    """
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=120, env=environment)
