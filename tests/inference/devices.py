"""ONNX Runtime as it is where there is a graphics processor; what it computes, the processor does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from impasto.inference.onnx_runtime import onnxruntime

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


class FakeCuda:
    """Stands in for ONNX Runtime's sessions. ``works``: whether CUDA's libraries are there; where they are
    not, ONNX Runtime goes to the processor and says nothing. ``raises``: what opening on CUDA raises."""

    def __init__(self, *, works: bool = True, raises: Exception | None = None) -> None:
        self.works, self.raises = works, raises
        self.asked: list[dict[str, Any]] = []
        """The providers of each session that was opened, with their options."""
        self.failing: Exception | None = None
        """What runs on CUDA raise from now on."""

    def install(self, monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
        real, fake = onnxruntime.InferenceSession, self

        class Session(real):  # type: ignore[misc, valid-type]
            def __init__(
                self, model: bytes, options: Any, *, providers: Sequence[Any], enable_fallback: int = 1
            ) -> None:
                named = dict(p if isinstance(p, tuple) else (p, {}) for p in providers)
                fake.asked.append(named)
                self.cuda = CUDA in named
                # With it, the real one would print and go on elsewhere.
                assert not (self.cuda and enable_fallback)
                if self.cuda and fake.raises is not None:
                    raise fake.raises
                super().__init__(model, options, providers=[CPU])

            def get_providers(self) -> list[str]:
                return [CUDA, CPU] if self.cuda and fake.works else [CPU]

            def run(self, *arguments: Any) -> Any:
                if self.cuda and fake.failing is not None:
                    raise fake.failing
                return super().run(*arguments)

        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
        monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
        monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: print("no library"), raising=False)
        return self
