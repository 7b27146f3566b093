"""``impasto studio`` as a person types it, up to where it would serve."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from impasto import extras
from impasto.cli import app
from impasto.studio import server as serve
from impasto.studio.settings import Settings
from tests.studio.conftest import House


def test_the_command_refuses_unsafe_addresses_in_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["studio", "--host", "0.0.0.0", "--data-dir", str(tmp_path)])
    assert done.exit_code == 2
    assert "missing option: --token" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_command_makes_accounts(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["studio", "--new-account", "anna"])
    token = re.search(r"token: (\S+)", done.stdout)
    line = re.search(r"line:  (\S+)", done.stdout)
    assert token is not None
    assert line is not None
    path = tmp_path / "accounts.txt"
    path.write_text(line[1])
    from impasto.studio.web.app import Studio

    studio = Studio(Settings(data_dir=tmp_path, accounts_file=path))
    assert studio.services.accounts.user_of(token[1]) == "anna"
    studio.services.state.close()


def test_a_taken_port_is_said_in_one_line(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "configure_logging", lambda _: None)
    port = house.url.rsplit(":", 1)[1]
    done = CliRunner().invoke(app, ["studio", "--port", port, "--data-dir", str(tmp_path), "--no-browser"])
    assert done.exit_code == 2
    assert "cannot listen on 127.0.0.1" in done.stderr


def test_the_server_starts_without_torch() -> None:
    code = (
        "import sys, impasto.studio.web.app, impasto.studio.server\n"
        "from impasto.studio.web.requests import painted_styles, presets\npainted_styles(); presets()\n"
        "print([m for m in ('torch', 'cv2', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_help_loads_no_server() -> None:
    code = (
        "import sys\nfrom impasto.cli import app\n"
        "try:\n    app(['studio', '--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'fastapi', 'uvicorn', 'sqlalchemy', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "{}":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
{}
"""


@pytest.mark.parametrize("missing", ["fastapi", "uvicorn"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    code = WITHOUT.format(missing, "from impasto.cli import main; sys.argv = ['impasto', 'studio']; main()")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert extras.command("studio") in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_client_without_the_extra_says_what_to_install() -> None:
    code = WITHOUT.format("httpx", "import impasto.studio.client")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingExtraError: the studio's client needs httpx" in done.stderr
    assert extras.command("studio") in done.stderr


def greeting(**settings: object) -> str:
    lines: list[str] = []
    chosen = Settings(**settings)  # type: ignore[arg-type]
    serve._print_address(chosen, serve.address_of(chosen, 8321), lines.append)
    return "\n".join(lines)


def test_it_says_where_it_is_and_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(serve, "FOLDER", tmp_path)
    monkeypatch.setattr(serve.socket, "gethostname", lambda: "atelier")
    text = greeting()
    assert text.startswith("Impasto Studio: http://127.0.0.1:8321/\n")
    assert "`make studio`" in text
    assert "unencrypted" not in text
    (tmp_path / "index.html").touch()
    text = greeting(host="0.0.0.0", token="x" * 20)
    assert "For others on this network: http://atelier:8321/" in text
    assert "unencrypted" in text
    assert "`make studio`" not in text
    text = greeting(host="::", certificate=tmp_path / "c", key=tmp_path / "k")
    assert "Impasto Studio: https://[::1]:8321/" in text
    assert "https://atelier:8321/" in text
    assert "unencrypted" not in text
