"""Dockerfile and compose file, read and checked: no engine runs here."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from impasto.studio.settings import PREFIX, Settings
from impasto.studio.state import LANES
from impasto.studio.web.health import is_healthy
from tests.studio.conftest import House

ROOT = Path(__file__).parents[2]
LANE_SERVICES = ("worker", "drafts", "explanations", "trainings", "films")
Line = tuple[str, str]


@pytest.fixture(scope="module")
def dockerfile() -> list[Line]:
    """The instructions: (word, the rest)."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    lines = [line for line in plain.replace("\\\n", " ").splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: the extra dev")
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


def of(lines: list[Line], word: str) -> list[str]:
    return [rest for name, rest in lines if name == word]


def test_hadolint_finds_nothing() -> None:
    program = Path(sys.executable).with_name("hadolint")
    found = str(program) if program.exists() else shutil.which("hadolint")
    if found is None:
        pytest.skip("hadolint is not installed: pip install -e '.[dev]'")
    done = subprocess.run([found, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_pinned_and_runs_as_nobody_in_particular(dockerfile: list[Line]) -> None:
    for base in of(dockerfile, "FROM"):
        assert re.match(r"[a-z/]+:\d+\.\d+", base), base
    assert int(of(dockerfile, "USER")[-1]) >= 1000
    assert not [name for name, _ in dockerfile if name == "ADD"]
    last = [name for name, _ in dockerfile]
    assert last.index("USER") > max(n for n, name in enumerate(last) if name in ("RUN", "COPY"))
    for word in ("HEALTHCHECK", "ENTRYPOINT", "CMD", "STOPSIGNAL", "VOLUME"):
        assert len(of(dockerfile, word)) == 1, word
    secret = re.compile(r"TOKEN=|PASSWORD|SECRET")
    assert not [rest for name, rest in dockerfile if name in ("ENV", "ARG") and secret.search(rest)]


def test_what_the_image_copies_is_there_and_not_ignored(dockerfile: list[Line]) -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    hidden = [rule for rule in rules if rule and not rule.startswith(("#", "!"))]
    preview_written = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    assert hidden[0] == "*"
    copied = [rest.split()[:-1] for rest in of(dockerfile, "COPY") if not rest.startswith("--from")]
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name
        assert name.split("/")[0] in preview_written, name
        assert not any(fnmatch.fnmatch(name, rule) for rule in hidden[1:]), name
    stages = {base.split(" AS ")[1] for base in of(dockerfile, "FROM") if " AS " in base}
    for rest in of(dockerfile, "COPY"):
        if match := re.match(r"--from=(\S+) /build/(\S+) ", rest):
            assert match[1] in stages
            written = (ROOT / "studio-page" / "vite.config.ts").read_text()
            assert f'outDir: "../{match[2]}"' in written, "where vite writes the page"


def test_the_images_settings_are_settings_and_ask_for_a_token(dockerfile: list[Line]) -> None:
    (given,) = of(dockerfile, "ENV")
    values = dict(pair.split("=", 1) for pair in given.split())
    named = {name.removeprefix(PREFIX).lower(): value for name, value in values.items()}
    assert set(named) <= set(Settings.model_fields)
    settings = Settings(**named)  # type: ignore[arg-type]
    assert not settings.is_loopback
    assert settings.port == int(of(dockerfile, "EXPOSE")[0])
    assert str(settings.data_dir) == of(dockerfile, "VOLUME")[0]
    assert json.loads(of(dockerfile, "ENTRYPOINT")[0] and of(dockerfile, "CMD")[0]) == [
        "studio",
        "--no-browser",
    ]


def test_whoever_builds_says_where_packages_come_from(
    dockerfile: list[Line], compose: dict[str, Any]
) -> None:
    assert not [rest for _, rest in dockerfile if "://" in rest]
    installs = next(n for n, (_, rest) in enumerate(dockerfile) if "pip install" in rest)
    begins = max(n for n, (name, _) in enumerate(dockerfile[:installs]) if name == "FROM")
    assert of(dockerfile[begins:installs], "ARG") == ["PIP_EXTRA_INDEX_URL"], "pip sees it; here it is empty"
    for name in ("studio", "worker", "drafts"):
        assert compose["services"][name]["build"] == {"context": ".", "args": {"PIP_EXTRA_INDEX_URL": None}}


def test_the_pages_packages_come_from_the_registry_npm_is_set_up_with() -> None:
    locked = json.loads((ROOT / "studio-page" / "package-lock.json").read_text())["packages"]
    assert len(locked) > 10
    assert not [name for name, package in locked.items() if "resolved" in package]
    kept = (ROOT / "studio-page" / ".npmrc").read_text().splitlines()
    assert "omit-lockfile-registry-resolved=true" in kept
    assert not [line for line in kept if "registry=" in line or "://" in line]


def test_services_are_pinned_checked_and_reachable_from_this_machine_only(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"studio", *LANE_SERVICES, "postgres"}
    used = set()
    for name, service in services.items():
        assert service["image"] == "impasto-studio" or re.fullmatch(r"\w+:\d[\w.-]+", service["image"]), name
        assert "privileged" not in service
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        for other, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "test" in services[other]["healthcheck"]
        used |= {volume.split(":")[0] for volume in service.get("volumes", ())}
        if service["image"] == "impasto-studio":
            assert service["cap_drop"] == ["ALL"]
            assert "pictures:/data" in service["volumes"]
    assert used == set(compose["volumes"])


def test_the_services_settings_can_be_served_with(compose: dict[str, Any], tmp_path: Path) -> None:
    def filled(value: str) -> str:
        assert not re.search(r"\$\{\w+\}", value), "what is not given has to be said"
        return re.sub(r"\$\{(\w+):\?[^}]+\}", lambda m: f"given-{m[1].lower()}-0123456789", value)

    for name in ("studio", "worker", "drafts"):
        service = compose["services"][name]
        given = {key: filled(value) for key, value in service["environment"].items()}
        named = {key.removeprefix(PREFIX).lower(): value for key, value in given.items()}
        assert set(named) <= set(Settings.model_fields)
        settings = Settings(host="0.0.0.0", data_dir=tmp_path, **named).check()  # type: ignore[arg-type]
        own = (settings.workers, settings.draft_workers, settings.explanation_workers)
        assert (*own, settings.training_workers) == (0, 0, 0, 0), "they have services of their own"
        stop = int(service["stop_grace_period"].removesuffix("s"))
        assert stop > settings.shutdown_seconds
    lanes = [compose["services"][name]["entrypoint"][-1] for name in LANE_SERVICES]
    assert sorted(lanes) == sorted(LANES)


def test_the_health_check_asks_the_server(house: House) -> None:
    port = int(house.url.rsplit(":", 1)[1])
    assert is_healthy(Settings(host="0.0.0.0", port=port))
    assert not is_healthy(Settings(host="0.0.0.0", port=1))
