"""What releases the package: the script, the workflows, the texts beside it."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from impasto.version import __version__

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read_yaml(path: Path) -> Any:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: the extra dev")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def refusal(tag: str) -> str:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    done = subprocess.run([bash, ".ci/release", tag], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert not (ROOT / "build" / "release" / "tools").exists(), "it is refused before anything is built"
    return done.stderr


def test_the_version_is_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "src/impasto/version.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_a_tag_that_is_not_the_version_is_refused() -> None:
    assert f"expected v{__version__}" in refusal("v99.0.0")


def test_a_release_without_a_section_in_the_changelog_is_refused() -> None:
    if re.search(rf"^## {re.escape(__version__)} ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE):
        pytest.skip("this version has its section")
    assert "CHANGELOG.md has no section" in refusal(f"v{__version__}")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_may_do_no_more_than_they_need(path: Path) -> None:
    workflow = read_yaml(path)
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        assert "timeout-minutes" in job or name in ("publish", "forge"), name
        for step in job["steps"]:
            assert "secrets." not in str(step), name
            assert "${{" not in step.get("run", ""), "values reach scripts through the environment"


def test_only_a_tag_is_published_and_only_after_it_was_tried() -> None:
    jobs = read_yaml(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    publish = jobs["publish"]
    assert set(publish["needs"]) == {"build", "install"}
    assert publish["if"] == "github.event_name == 'push'"
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"]
    assert jobs["forge"]["needs"] == "publish"
    assert not any("permissions" in jobs[name] for name in ("build", "install"))


def test_the_pythons_that_are_tried_are_those_that_are_promised() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = [c.rpartition(" ")[2] for c in project["classifiers"] if re.search(r"Python :: 3\.\d+$", c)]
    assert project["requires-python"] == f">={promised[0]}"
    for name, job in (("ci.yml", "test"), ("release.yml", "install")):
        found = read_yaml(ROOT / ".github" / "workflows" / name)["jobs"][job]
        assert found["strategy"]["matrix"]["python"] == promised, name


def wheel_of(folder: Path, metadata: str) -> Path:
    path = folder / "it-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("it-1.2.3.dist-info/METADATA", metadata)
    return path


def test_the_list_of_contents_begins_with_the_distribution_itself_and_what_it_asks_for(
    tmp_path: Path,
) -> None:
    metadata = """Metadata-Version: 2.4
Name: it-fast
Version: 1.2.3
Summary: Paint "it".
License-Expression: MIT
Requires-Dist: numpy>=1.26
Requires-Dist: av>=18; extra == 'video'
Requires-Dist: fastapi>=0.1; extra == 'studio'

"""
    project_of = runpy.run_path(str(ROOT / ".ci" / "contents.py"))["project_of"]
    found = tomllib.loads(project_of(wheel_of(tmp_path, metadata), ["video"]))["project"]
    assert found == {
        "name": "it-fast",
        "version": "1.2.3",
        "description": 'Paint "it".',
        "license": "MIT",
        "dependencies": ["numpy>=1.26", "av>=18"],
    }


def test_the_contents_of_each_distribution_are_listed() -> None:
    script = (ROOT / ".ci" / "release").read_text(encoding="utf-8")
    listed = re.findall(r'^contents (dist/\S+) "([\w-]+)-\$version', script, re.MULTILINE)
    assert set(listed) == {("dist/impasto-*.whl", "impasto"), ("dist/impasto_fast-*.whl", "impasto-fast")}


def test_the_texts_that_a_forge_shows_can_be_read() -> None:
    citation = read_yaml(ROOT / "CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert {"title", "message", "authors", "license"} <= set(citation)
    for form in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        found = read_yaml(form)
        assert {"name", "description", "body"} <= set(found)
        assert all(field["type"] in ("textarea", "input", "dropdown") for field in found["body"])
    for name in re.findall(r"\]\(([^):]+)\)", (ROOT / "SECURITY.md").read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name
