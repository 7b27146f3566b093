"""The files that docs/hosting.md gives are those that this version can be run with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from impasto.studio.settings import PREFIX, Settings
from impasto.studio.web.accounts import account_line
from impasto.studio.web.middleware import FORM_BYTES
from tests.studio.conftest import TOKENS

TEXT = (Path(__file__).parents[2] / "docs" / "hosting.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def environment() -> dict[str, str]:
    """What the environment file sets."""
    (block,) = blocks("sh")
    return dict(line.split("=", 1) for line in block.splitlines())


def test_the_environment_file_is_enough_to_serve_safely(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    people = tmp_path / "people.txt"
    people.write_text(account_line("anna", TOKENS["anna"]))
    for name, value in {**environment(), f"{PREFIX}ACCOUNTS_FILE": str(people)}.items():
        monkeypatch.setenv(name, value)
    settings = Settings(data_dir=tmp_path).check()
    assert (settings.admins, settings.allowed_hosts) == (("anna",), ("studio.example",))
    assert settings.is_loopback, "only the proxy reaches it"


def test_every_setting_named_exists() -> None:
    named = {name.removeprefix(PREFIX).lower() for name in re.findall(rf"{PREFIX}[A-Z_]+", TEXT)}
    assert named - set(Settings.model_fields) == set()


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze to check units with: apt-get install systemd")
    names = ("impasto-studio.service", "impasto-backup.service", "impasto-backup.timer")
    program = tmp_path / "impasto"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for name, text in zip(names, blocks("ini"), strict=True):
        (tmp_path / name).write_text(text.replace("/opt/impasto/bin/impasto", str(program)))
    found = [str(tmp_path / name) for name in names]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *found], capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if "impasto" in line]
    assert (done.returncode, said) == (0, []), done.stderr


def test_the_proxies_take_uploads_and_keep_metrics_inside() -> None:
    largest = Settings.model_fields["max_bytes"].default + FORM_BYTES
    (caddy,), (nginx,) = blocks("caddyfile"), blocks("nginx")
    for text, words in ((caddy, r"max_size (\d+)MiB"), (nginx, r"client_max_body_size (\d+)m;")):
        size = re.search(words, text)
        assert size is not None
        assert int(size[1]) * 2**20 >= largest
        assert re.search(r"/metrics.*404", text)
        assert f"127.0.0.1:{Settings.model_fields['port'].default}" in text
    for header in ("Host $host", "X-Forwarded-For $remote_addr", "X-Forwarded-Proto $scheme"):
        assert f"proxy_set_header {header};" in nginx
    assert json.loads(environment()[f"{PREFIX}ALLOWED_HOSTS"]) == [re.findall(r"server_name (.*);", nginx)[0]]


def test_nginx_accepts_its_file(tmp_path: Path) -> None:
    program = shutil.which("nginx")
    if program is None or shutil.which("openssl") is None:
        pytest.skip("there is no nginx and openssl: apt-get install nginx openssl")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    made += ["-subj", "/CN=x", "-keyout", str(tmp_path / "k.pem"), "-out", str(tmp_path / "c.pem")]
    subprocess.run(made, check=True, capture_output=True)
    (text,) = blocks("nginx")
    text = re.sub(r"(ssl_certificate_key) .*;", rf"\1 {tmp_path}/k.pem;", text)
    text = re.sub(r"(ssl_certificate) .*;", rf"\1 {tmp_path}/c.pem;", text)
    path = tmp_path / "nginx.conf"
    path.write_text(f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{text}\n}}\n")
    done = subprocess.run([program, "-t", "-c", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
