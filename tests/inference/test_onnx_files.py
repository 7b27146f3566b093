from __future__ import annotations

import numpy as np
import onnx
import pytest

from impasto.inference.onnx_files import Graph, count_nodes, read_constants
from impasto.inference.onnx_runtime import onnxruntime


def small() -> bytes:
    graph = Graph("small")
    x = graph.input("x", [1, 3, "height", "width"])
    factor = graph.constant(np.array([2, 3, 4], np.float16).reshape(3, 1, 1), "factor")
    doubled = graph.add("Mul", x, graph.add("Cast", factor, to=1))
    graph.add("LeakyRelu", doubled, name="y", alpha=0.5)
    graph.output("y", [1, 3, "height", "width"])
    return graph.to_bytes({"impasto": "Ü"})


def test_what_is_written_is_onnx_by_its_own_checker() -> None:
    model = onnx.load_model_from_string(small())
    onnx.checker.check_model(model, full_check=True)
    assert {p.key: p.value for p in model.metadata_props} == {"impasto": "Ü"}


def test_what_is_written_computes_what_it_says() -> None:
    session = onnxruntime.InferenceSession(small(), providers=["CPUExecutionProvider"])
    x = np.full((1, 3, 2, 5), -1, np.float32)
    assert np.allclose(session.run(None, {"x": x})[0][0, :, 0, 0], [-1, -1.5, -2])


def test_constants_and_metadata_are_read_back() -> None:
    constants, metadata = read_constants(small())
    assert constants["factor"].dtype == np.float16
    assert constants["factor"].ravel().tolist() == [2, 3, 4]
    assert metadata == {"impasto": "Ü"}
    assert count_nodes(small()) == 3


def test_files_of_other_writers_are_read_too() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensor = onnx.numpy_helper.from_array(values, "numbers")
    graph = onnx.helper.make_graph([], "g", [], [], [tensor])
    constants, _ = read_constants(onnx.helper.make_model(graph).SerializeToString())
    assert np.array_equal(constants["numbers"], values)


@pytest.mark.parametrize("data", [b"\xff" * 40, small()[:-3], b"PK\x03\x04 something else"])
def test_what_is_not_onnx_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_constants(data)


def test_numbers_of_a_kind_the_runtime_has_no_use_for_are_refused() -> None:
    with pytest.raises(ValueError, match="int32"):
        Graph("g").constant(np.zeros(3, np.int32))


def test_a_graph_within_another_sees_its_values_and_has_names_of_its_own() -> None:
    graph = Graph("outer")
    x = graph.input("x", [1])
    branches = []
    for number in (2.0, 3.0):
        branch = graph.inner("branch")
        made = branch.add("Mul", x, branch.constant(np.array([number], np.float32), "factor"))
        branch.output(made, [1])
        branches.append(branch)
    yes = graph.add("Greater", x, graph.constant(np.zeros(1, np.float32)))
    found = graph.add("If", yes, then_branch=branches[0], else_branch=branches[1])
    graph.output(found, [1])
    onnx.checker.check_model(onnx.load_model_from_string(graph.to_bytes()), full_check=True)
    session = onnxruntime.InferenceSession(graph.to_bytes(), providers=["CPUExecutionProvider"])
    for value, wanted in ((5, 10), (-5, -15)):
        assert session.run(None, {"x": np.array([value], np.float32)})[0] == wanted
