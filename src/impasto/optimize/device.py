"""The choice of device, precision and memory layout for painting."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch

from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError
from impasto.optimize.options import OptimizeOptions


@dataclass(frozen=True)
class Machine:
    """The device, precision and memory layout the encoder runs with."""

    device: torch.device
    precision: torch.dtype
    channels_last: bool = True

    def prepare(self, encoder: FeatureExtractor, precision: torch.dtype) -> FeatureExtractor:
        """Return a copy of ``encoder`` for this machine, with its device, precision and memory layout."""
        ready = copy.deepcopy(encoder).to(self.device)
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        for layer in ready.children():  # the convolutions only: pictures are normalised in float32
            layer.to(precision).to(memory_format=layout)  # type: ignore[call-overload]
        return ready


def choose_machine(options: OptimizeOptions) -> Machine:
    """Return the device and precision ``options`` ask for, or the best there are for ``auto``.

    ``auto`` precision is bfloat16 for convolutions on processors with native bfloat16 multiplication (AVX-512
    BF16 or AMX), where it is faster and the painting looks the same, and float32 everywhere else: emulated
    bfloat16 is slower, and graphics processors are fast enough. The choice depends on the processor's
    features, not on timing, so a machine always chooses the same. Raises OptionError for a device that is not
    available.
    """
    device = choose_device(options.device)
    if options.precision != "auto":
        return Machine(device, getattr(torch, options.precision), options.channels_last)
    native = device.type == "cpu" and multiplies_bfloat16()
    return Machine(device, torch.bfloat16 if native else torch.float32, options.channels_last)


def multiplies_bfloat16() -> bool:
    """Return whether this processor multiplies bfloat16 natively."""
    abilities = torch.cpu.get_capabilities()
    return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16"))


def choose_device(name: str) -> torch.device:
    """Return the device called ``name``; ``auto`` is CUDA, then MPS, then the processor."""
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if available[kind]))
    kind = name.split(":")[0]
    if kind not in available:
        raise OptionError(f"expected device to be auto, cpu, cuda or mps; got {name!r}")
    if not available[kind]:
        there = ", ".join(k for k, ok in available.items() if ok)
        raise OptionError(f"device {name} is not on this machine; it has {there}")
    number = name.removeprefix(kind).removeprefix(":") or "0"
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if not number.isdecimal() or int(number) >= count:
        raise OptionError(f"device {name} is not on this machine; it has {count} of that kind, from {kind}:0")
    return torch.device(name)
