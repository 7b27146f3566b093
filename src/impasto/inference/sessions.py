"""ONNX Runtime sessions on the processor, or with CUDA on a graphics processor."""

from __future__ import annotations

import contextlib
import io
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from impasto import threads as thread_limits
from impasto.errors import ImpastoError, OptionError
from impasto.inference.onnx_runtime import onnxruntime

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
INSTALL = "pip install 'onnxruntime-gpu[cuda,cudnn]'"
"""The command that installs CUDA support; it includes the package onnxruntime, which must be removed."""


_WARNING, _FATAL = 2, 4  # the first is ONNX Runtime's own choice


class _Unusable(Exception):  # noqa: N818 - never leaves this module
    """The device cannot be used, and why."""


@dataclass(frozen=True)
class Sessions:
    """Opens graphs on ``device``: cpu, cuda or cuda:N. ``threads``: how many CPU threads; None for as many as
    the environment allows (OMP_NUM_THREADS), or one per core."""

    device: str = "cpu"
    threads: int | None = None

    def open(self, model: bytes) -> onnxruntime.InferenceSession:
        """Return a session for the ONNX file ``model``.

        Raises OptionError if the graphics processor cannot be used, and ONNX Runtime's own errors, which have
        no common base class, if the file cannot.
        """
        try:
            return self._open(model)
        except _Unusable as problem:
            raise OptionError(refusal(self.device, str(problem))) from problem

    def _open(self, model: bytes) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        count = thread_limits.allowed() if self.threads is None else self.threads
        if count is not None:
            options.intra_op_num_threads = count
        # Threads that spin while waiting take cores from other work: a film's optical flow, other programs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Arena memory is never freed, and each stage of a network has an arena of its own.
        options.enable_cpu_mem_arena = False
        if self.device == "cpu":
            return onnxruntime.InferenceSession(model, options, providers=[CPU], enable_fallback=0)
        # The log would repeat the error in several lines.
        onnxruntime.set_default_logger_severity(_FATAL)
        try:
            # No fallback: it would print, and paint on another device than requested.
            session = onnxruntime.InferenceSession(
                model, options, providers=[(CUDA, self._cuda_options()), CPU], enable_fallback=0
            )
        except Exception as problem:
            raise _Unusable(" ".join(str(problem).split())[:200]) from problem
        finally:
            onnxruntime.set_default_logger_severity(_WARNING)
        if CUDA not in session.get_providers():
            # If a CUDA library is missing, ONNX Runtime uses the processor and says so only in its log.
            version = getattr(onnxruntime, "cuda_version", "")
            raise _Unusable(
                f"its libraries, CUDA {version} and cuDNN, may be missing or of another version".replace(
                    "  ", " "
                )
            )
        session.disable_fallback()
        return session

    def _cuda_options(self) -> dict[str, Any]:
        number = self.device.partition(":")[2] or "0"
        # TensorFloat-32 keeps three digits, too few for bands to equal one pass. The search for the fastest
        # convolution is slow at every new size, and its choice varies between runs.
        return {"device_id": number, "use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}


def run(
    session: onnxruntime.InferenceSession, device: str, names: Sequence[str], feed: Mapping[str, Any]
) -> list[Any]:
    """Return the outputs ``names`` of ``session`` on ``device``.

    Raises ImpastoError if a graphics processor fails, for instance when its memory is full.
    """
    if device == "cpu":
        return session.run(names, feed)  # type: ignore[no-any-return]
    try:
        return session.run(names, feed)  # type: ignore[no-any-return]
    except Exception as problem:
        reason = " ".join(str(problem).split())[:200]
        raise ImpastoError(
            f"device {device} failed while painting ({reason}); device cpu does without it"
        ) from problem


def check_device(name: str) -> None:
    """Raise OptionError unless ``name`` is a device on which these networks can run."""
    if not re.fullmatch(r"auto|cpu(:0)?|cuda(:\d+)?", name):
        raise OptionError(
            f"expected device to be auto, cpu, cuda or cuda:1 and so on for the fast networks; got {name!r}"
        )


def choose_device(name: str) -> str:
    """Return the device to try for ``name``: cpu, cuda or cuda:N.

    "auto" is cuda if ONNX Runtime has the CUDA provider and CUDA_VISIBLE_DEVICES does not hide the graphics
    processors, else cpu.

    Raises OptionError for another name, and for cuda if the provider is not installed.
    """
    check_device(name)
    if name.startswith("cpu"):
        return "cpu"
    there = CUDA in onnxruntime.get_available_providers()
    if name == "auto":
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
        return "cuda" if there and not hidden else "cpu"
    if not there:
        raise OptionError(
            f"device {name} needs ONNX Runtime with CUDA, which is not installed: "
            f"pip uninstall onnxruntime, then {INSTALL}"
        )
    return name


def open_first(
    model: bytes, device: str, threads: int | None, *, auto: bool = False
) -> tuple[Sessions, onnxruntime.InferenceSession]:
    """Open ``model`` on ``device``, as returned by ``choose_device``; return the session, and the
    ``Sessions`` that opens further models there.

    If the graphics processor cannot be used, this raises OptionError, or with ``auto`` falls back to the
    processor and warns (RuntimeWarning). Raises ONNX Runtime's errors for a file that it cannot use.
    """
    wanted, processor = Sessions(device, threads), Sessions("cpu", threads)
    if device == "cpu":
        return processor, processor.open(model)
    _load_libraries()
    try:
        return wanted, wanted._open(model)
    except _Unusable as problem:
        session = processor.open(model)  # raises the file's own error if the file is at fault
        if not auto:
            raise OptionError(refusal(device, str(problem))) from problem
        warnings.warn(
            f"painting on the processor: {refusal(device, str(problem))}", RuntimeWarning, stacklevel=4
        )
        return processor, session


def refusal(device: str, why: str) -> str:
    """Return the error message for a graphics processor that cannot be used."""
    return f"ONNX Runtime has CUDA but cannot use device {device} ({why}); expected device cpu, or {INSTALL}"


def _load_libraries() -> None:
    """Load CUDA's libraries from NVIDIA's Python packages, if they are nowhere else."""
    load = getattr(onnxruntime, "preload_dlls", None)  # from 1.21 on
    if load is not None:
        # It prints what it cannot find; opening a session shows whether that was needed.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
            load()
