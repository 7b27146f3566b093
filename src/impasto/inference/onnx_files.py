"""ONNX files, written and read with NumPy alone, as far as the runtime needs the format.

Graphs are built here from a network's weights, for whole pictures or for bands, because machines may have
ONNX Runtime but neither torch nor the onnx package. Field numbers are those of onnx.proto (ONNX, IR version
10); wire format: Protocol Buffers, "Encoding".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

IR_VERSION, OPSET = 8, 18
"""Old enough for ONNX Runtime 1.14 of 2023 and its web and mobile builds."""

_TYPES: dict[str, int] = {"float32": 1, "int64": 7, "bool": 9, "float16": 10, "float64": 11}
_NAMES = {number: name for name, number in _TYPES.items()}
_INT, _FLOAT, _STRING, _GRAPH, _INTS = 2, 1, 3, 5, 7


class Graph:
    """An ONNX graph under construction. Values are referred to by name.

    A graph may be an attribute of a node in another graph, such as the body of If or Loop; it can use the
    outer graph's values. ``prefix``: the beginning of its own names, which must differ from the outer ones.
    """

    def __init__(self, name: str, prefix: str = "") -> None:
        self.name, self.prefix = name, prefix
        self._nodes: list[bytes] = []
        self._constants: dict[str, bytes] = {}
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._count = 0

    def input(self, name: str, shape: Sequence[int | str], kind: str = "float32") -> str:
        """Declare an input; a string in ``shape`` names a length that may vary between calls."""
        name = self.prefix + name
        self._inputs.append(_value(name, shape, kind))
        return name

    def output(self, value: str, shape: Sequence[int | str], kind: str = "float32") -> None:
        self._outputs.append(_value(value, shape, kind))

    def constant(self, array: NDArray[Any], name: str | None = None) -> str:
        """Add a fixed tensor and return its name. One name holds one tensor."""
        if name is None:
            self._count += 1
            name = f"constant_{self._count}"
        name = self.prefix + name
        self._constants[name] = _tensor(name, array)
        return name

    def integers(self, *numbers: int) -> str:
        return self.constant(np.array(numbers, np.int64), "integers_" + "_".join(map(str, numbers)))

    def add(self, kind: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        """Add a node with one output and return its name."""
        names = None if name is None else [name]
        return self.add_many(kind, *inputs, outputs=1, names=names, **attributes)[0]

    def add_many(
        self, kind: str, *inputs: str, outputs: int, names: Sequence[str] | None = None, **attributes: Any
    ) -> list[str]:
        """Add a node with several outputs and return their names."""
        self._count += 1
        made = list(names) if names else [self._new_name(kind.lower(), k) for k in range(outputs)]
        body = b"".join(_text(1, name) for name in inputs) + b"".join(_text(2, name) for name in made)
        body += _text(3, f"{self.prefix}{kind}_{self._count}") + _text(4, kind)
        body += b"".join(_field(5, _attribute(name, value)) for name, value in attributes.items())
        self._nodes.append(_field(1, body))
        return made

    def inner(self, name: str) -> Graph:
        """Return a graph for use as an attribute of a node in this one."""
        self._count += 1
        return Graph(name, f"{self.prefix}{name}_{self._count}/")

    def _new_name(self, kind: str, number: int) -> str:
        return f"{self.prefix}{kind}_{self._count}_{number}"

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self._nodes)

    def body(self) -> bytes:
        """Return the graph by itself (GraphProto)."""
        graph = b"".join(self._nodes) + _text(2, self.name)
        graph += b"".join(_field(5, tensor) for tensor in self._constants.values())
        return graph + b"".join(
            _field(field, v) for field, some in ((11, self._inputs), (12, self._outputs)) for v in some
        )

    def to_bytes(self, metadata: Mapping[str, str] | None = None) -> bytes:
        """Return the ONNX file."""
        model = _number(1, IR_VERSION) + _text(2, "impasto") + _field(7, self.body())
        model += _field(8, _text(1, "") + _number(2, OPSET))
        entries = (metadata or {}).items()
        return model + b"".join(_field(14, _text(1, key) + _text(2, text)) for key, text in entries)


def read_constants(data: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Return the fixed tensors of an ONNX file, by name, and its metadata.

    Tensors of types that ``Graph`` does not write, and those stored outside the file, are left out.
    Raises ValueError for invalid wire format.
    """
    tensors: dict[str, NDArray[Any]] = {}
    metadata: dict[str, str] = {}
    for number, value in _fields(memoryview(data)):
        if number == 7 and isinstance(value, memoryview):
            for inner, part in _fields(value):
                if inner == 5 and isinstance(part, memoryview):
                    name, array = _read_tensor(part)
                    if array is not None:
                        tensors[name] = array
        elif number == 14 and isinstance(value, memoryview):
            entry = {n: bytes(v).decode() for n, v in _fields(value) if isinstance(v, memoryview)}
            metadata[entry.get(1, "")] = entry.get(2, "")
    return tensors, metadata


def count_nodes(data: bytes) -> int:
    """Count the operations in the graph of an ONNX file. Raises ValueError as ``read_constants``."""
    graphs = [value for number, value in _fields(memoryview(data)) if number == 7]
    return sum(number == 1 for g in graphs if isinstance(g, memoryview) for number, _ in _fields(g))


def _read_tensor(data: memoryview) -> tuple[str, NDArray[Any] | None]:
    shape: list[int] = []
    kind, name, raw = 0, "", None
    for number, value in _fields(data):
        if number == 1:
            shape += _unpack(value) if isinstance(value, memoryview) else [value]
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 8 and isinstance(value, memoryview):
            name = bytes(value).decode()
        elif number == 9 and isinstance(value, memoryview):
            raw = value
    if raw is None or kind not in _NAMES:
        return name, None
    return name, np.frombuffer(raw, dtype=np.dtype(_NAMES[kind]).newbyteorder("<")).reshape(shape)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the number and value of each field of a message; fixed-width values as their bytes."""
    place = 0
    while place < len(data):
        tag, place = _read_varint(data, place)
        kind = tag & 7
        if kind == 0:
            number, place = _read_varint(data, place)
            yield tag >> 3, number
            continue
        if kind not in (1, 2, 5):
            raise ValueError(f"wire type {kind}")
        length = {1: 8, 5: 4}.get(kind, 0)
        if kind == 2:
            length, place = _read_varint(data, place)
        if place + length > len(data):
            raise ValueError("cut short")
        yield tag >> 3, data[place : place + length]
        place += length


def _read_varint(data: memoryview, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise ValueError("cut short")
        byte = data[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, place
    raise ValueError("a number of more than ten bytes")


def _unpack(data: memoryview) -> list[int]:
    numbers, place = [], 0
    while place < len(data):
        number, place = _read_varint(data, place)
        numbers.append(number)
    return numbers


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _field(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def _text(field: int, text: str) -> bytes:
    return _field(field, text.encode())


def _tensor(name: str, array: NDArray[Any]) -> bytes:
    if array.dtype.name not in _TYPES:
        raise ValueError(f"expected a tensor of {', '.join(_TYPES)}; got {array.dtype}")
    body = b"".join(_number(1, length) for length in array.shape) + _number(2, _TYPES[array.dtype.name])
    raw = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
    return body + _text(8, name) + _field(9, raw)


def _value(name: str, shape: Sequence[int | str], kind: str) -> bytes:
    sides = b"".join(_field(1, _text(2, n) if isinstance(n, str) else _number(1, n)) for n in shape)
    tensor = _number(1, _TYPES[kind]) + _field(2, sides)
    return _text(1, name) + _field(2, _field(1, tensor))


def _attribute(name: str, value: Any) -> bytes:
    body = _text(1, name)
    if isinstance(value, int):
        return body + _number(3, value) + _number(20, _INT)
    if isinstance(value, float):
        return body + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, _FLOAT)
    if isinstance(value, str):
        return body + _text(4, value) + _number(20, _STRING)
    if isinstance(value, Graph):
        return body + _field(6, value.body()) + _number(20, _GRAPH)
    return body + b"".join(_number(8, number) for number in value) + _number(20, _INTS)
