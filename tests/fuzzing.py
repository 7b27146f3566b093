"""Damaged files: deterministic mutations of bytes, of JSON and of tensors."""

from __future__ import annotations

import copy
import json
import math
import random
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    3,
    2**31,
    2**63,
    2**64,
    10**400,
    -(10**30),
    0.5,
    1e308,
    -1e308,
    5e-324,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "x",
    "\0",
    "a\0b.png",
    "\ud800",
    "x" * 300,
    "x" * 5000,
    "../../..",
    "/",
    ".",
    "s3://",
    "file://",
    "nan",
    "ünïcödé",
    [],
    [None],
    [[]],
    [1, 2, 3],
    ["x", 1],
    {},
    {"": None},
    {"x": [{}]},
)


def damaged_bytes(data: bytes, dice: random.Random) -> bytes:
    """Return ``data`` with one kind of damage, more often near the beginning, where headers are."""
    found = bytearray(data)
    kind = dice.randrange(8)
    near = dice.choice((16, 64, 512, len(found)))
    at = dice.randrange(max(1, min(near, len(found))))
    if kind == 0:
        return bytes(found[:at])
    if kind == 1:
        found[at : at + 1] = bytes([dice.randrange(256)])
    elif kind == 2:
        for _ in range(dice.randrange(1, 40)):
            found[dice.randrange(len(found))] = dice.randrange(256)
    elif kind == 3:
        found[at : at + dice.randrange(1, 64)] = b""
    elif kind == 4:
        found[at:at] = dice.randbytes(dice.randrange(1, 64))
    elif kind == 5:
        number = dice.choice((0, 1, 0xFF, 0x7FFFFFFF, 0xFFFFFFFF, dice.randrange(2**32)))
        found[at : at + 4] = struct.pack(dice.choice("<>") + "I", number)
    elif kind == 6:
        found[at : at + dice.randrange(1, 64)] = bytes(dice.randrange(1, 64))
    else:
        other = dice.randrange(len(found))
        found[at : at + 32] = found[other : other + 32]
    return bytes(found)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value within a tree of mappings and lists."""
    yield path
    if isinstance(value, Mapping):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, (list, tuple)):
        for number, one in enumerate(value):
            yield from places(one, (*path, number))


def damaged_tree(value: Any, dice: random.Random, odd: tuple[Any, ...] = ODD) -> Any:
    """Return a copy of a tree of dictionaries and lists with one value replaced, removed or added."""
    paths = list(places(value))
    path = dice.choice(paths)
    kind = dice.randrange(5)
    if not path:
        return dice.choice(odd) if kind == 0 else damaged_tree(value, dice, odd) if len(paths) > 1 else None
    whole = copy.deepcopy(value)
    inside = whole
    for step in path[:-1]:
        if isinstance(inside[step], tuple):
            inside[step] = list(inside[step])
        inside = inside[step]
    if isinstance(inside, tuple):
        return damaged_tree(value, dice, odd)
    if kind == 0:
        del inside[path[-1]]
    elif kind == 1 and isinstance(inside, dict):
        inside[dice.choice(("", "x", "\0", "size", "format"))] = dice.choice(odd)
    elif kind == 2 and isinstance(inside, list):
        inside.insert(path[-1], dice.choice(odd))
    else:
        inside[path[-1]] = dice.choice(odd)
    return whole


def damaged_json(text: str, dice: random.Random) -> bytes:
    """Return JSON ``text`` with a value, a key or some bytes changed, or nested very deeply."""
    kind = dice.randrange(12)
    if kind == 0:
        depth = dice.choice((100, 100_000))
        return (dice.choice(("[", '{"x":')) * depth).encode()
    if kind <= 3:
        return damaged_bytes(text.encode(), dice)
    tree = damaged_tree(json.loads(text), dice)
    return json.dumps(tree, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")


def damaged_safetensors(data: bytes, dice: random.Random) -> bytes:
    """Return a safetensors file with its header, its numbers or its bytes damaged."""
    kind = dice.randrange(4)
    length = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + length]), bytearray(data[8 + length :])
    if kind == 0:
        return damaged_bytes(data, dice)
    if kind == 1:  # numbers that are none
        for _ in range(dice.choice((1, 4, 400))):
            at = dice.randrange(len(body) // 4) * 4
            pattern = dice.choice((b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\0\x7e\0\x7e", b"\xff\xff\x7f\x7f"))
            body[at : at + 4] = pattern
    elif kind == 2 and "__metadata__" in header and dice.random() < 0.7:
        about = header["__metadata__"]
        name = dice.choice(list(about))
        try:
            about[name] = damaged_json(about[name], dice).decode("utf-8", "replace")
        except ValueError:
            about[name] = dice.choice(("", "x", "\0", "nan", "torchvision", "x" * 5000))
    elif kind == 2:
        header = damaged_tree(header, dice)
    else:
        names = [name for name in header if name != "__metadata__"]
        name = dice.choice(names)
        entry = header[name]
        change = dice.randrange(3)
        if change == 0:
            entry["dtype"] = dice.choice(_KINDS)
            size = entry["data_offsets"][1] - entry["data_offsets"][0]
            wide = {"I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F64": 8, "I64": 8, "F32": 4, "I32": 4}
            if dice.random() < 0.8:
                entry["shape"] = [size // wide.get(entry["dtype"], 2)]
        elif change == 1:
            entry["shape"] = dice.choice(([], [1, *entry["shape"]], entry["shape"][::-1], [0], [2**62], [-1]))
        else:
            header[dice.choice(("x", "16/x/mean", "", "\0"))] = header.pop(name)
    text = json.dumps(header).encode("utf-8", "replace")
    return struct.pack("<Q", len(text)) + text + bytes(body)


_KINDS = ("I8", "U8", "BOOL", "F16", "BF16", "F64", "I64", "F8_E4M3", "I32", "X")
Damage = Callable[[random.Random], bytes]
