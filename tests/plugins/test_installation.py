from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from impasto.errors import InputError, OutputError
from impasto.plugins.client import ClientSettings, ServiceClient, make_client
from impasto.plugins.hosts import HOSTS, System, find_host, plugins_folder
from impasto.plugins.installation import RECORD, find_installed, install, remove
from tests.cli.running import refused, run


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", HOSTS)
def test_what_is_installed_is_removed_and_nothing_else(name: str, tmp_path: Path) -> None:
    host = HOSTS[name]
    (tmp_path / "other.py").write_text("another's")
    place = install(host, tmp_path)
    assert place == tmp_path / host.folder
    assert {"client.py", "settings.json", RECORD} <= set(files_in(place))
    assert find_installed(host, tmp_path) is not None
    (made(place / "__pycache__") / "client.cpython-311.pyc").write_bytes(b"")
    remove(host, tmp_path)
    assert files_in(tmp_path) == ["other.py"]
    assert not place.exists()
    with pytest.raises(InputError, match="is not installed"):
        remove(host, tmp_path)


def test_each_plug_in_lies_where_its_program_looks(tmp_path: Path) -> None:
    for name, host in HOSTS.items():
        install(host, tmp_path / name)
    found = files_in(tmp_path)
    assert {"gimp/impasto/impasto.py", "krita/impasto_docker.desktop"} <= set(found)
    assert {"krita/impasto_docker/__init__.py", "comfyui/impasto/__init__.py"} <= set(found)
    if sys.platform != "win32":
        assert (tmp_path / "gimp/impasto/impasto.py").stat().st_mode & 0o111
    library = "X-KDE-Library=impasto_docker"
    assert library in (tmp_path / "krita/impasto_docker.desktop").read_text().splitlines()


def test_changes_by_hand_are_kept_unless_forced(tmp_path: Path) -> None:
    host = HOSTS["gimp"]
    changed = install(host, tmp_path) / "impasto.py"
    changed.write_text("mine")
    for refused_ in (lambda: install(host, tmp_path), lambda: remove(host, tmp_path)):
        with pytest.raises(OutputError, match=r"impasto/impasto\.py; --force"):
            refused_()
    found = find_installed(host, tmp_path)
    assert found is not None
    assert found.changed == ("impasto/impasto.py",)
    assert changed.read_text() == "mine"
    install(host, tmp_path, force=True)
    assert "ImpastoPlugin" in changed.read_text()


def test_a_file_of_another_s_is_not_overwritten(tmp_path: Path) -> None:
    other = made(tmp_path / "impasto") / "client.py"
    other.write_text("another's")
    with pytest.raises(OutputError, match=r"impasto/client\.py"):
        install(HOSTS["comfyui"], tmp_path)
    assert files_in(tmp_path) == ["impasto/client.py"]


def test_installing_again_brings_up_to_date_and_takes_away_what_is_no_longer_part(tmp_path: Path) -> None:
    host = HOSTS["gimp"]
    place = install(host, tmp_path)
    record = json.loads((place / RECORD).read_text())
    (place / "former.py").write_text("")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    outside = tmp_path.parent / "outside.py"
    outside.write_text("")
    record["files"] |= {"impasto/former.py": empty, "../outside.py": empty, str(outside): empty}
    (place / RECORD).write_text(json.dumps(record))
    install(host, tmp_path)
    assert not (place / "former.py").exists()
    assert outside.exists(), "a record cannot name files elsewhere"


def test_the_settings_start_this_python_or_a_studio(tmp_path: Path) -> None:
    settings = ClientSettings.read(install(HOSTS["gimp"], tmp_path))
    assert settings.command == (sys.executable, "-m", "impasto")
    assert settings.styles["starry-night"] == "The Starry Night (Vincent van Gogh)"
    token = tmp_path / "token"
    token.write_text("secret\n")
    install(HOSTS["gimp"], tmp_path, studio="https://studio.example", token_file=token)
    client = make_client(ClientSettings.read(tmp_path / "impasto"))
    assert isinstance(client, ServiceClient)
    assert client._headers == {"Authorization": "Bearer secret"}
    for wrong in ({"studio": "studio.example"}, {"token_file": token}):
        with pytest.raises(InputError, match="expected"):
            install(HOSTS["gimp"], tmp_path, **wrong)


def test_a_program_in_a_sandbox_needs_a_studio(tmp_path: Path) -> None:
    folder = tmp_path / ".var/app/org.gimp.GIMP/config/GIMP/3.0/plug-ins"
    with pytest.raises(InputError, match="--studio"):
        install(HOSTS["gimp"], folder)
    assert not folder.exists()
    install(HOSTS["gimp"], folder, studio="http://127.0.0.1:8321")
    assert (folder / "impasto/impasto.py").exists()


@pytest.mark.parametrize(
    ("name", "platform", "environment", "there"),
    [
        ("gimp", "linux", {}, ".config/GIMP/3.0"),
        ("gimp", "linux", {}, ".var/app/org.gimp.GIMP/config/GIMP/3.0"),
        ("gimp", "darwin", {}, "Library/Application Support/GIMP/3.0"),
        ("gimp", "win32", {"APPDATA": "HOME/Roaming"}, "Roaming/GIMP/3.2"),
        ("gimp", "linux", {"XDG_CONFIG_HOME": "HOME/cfg"}, "cfg/GIMP/3.0"),
        ("gimp", "linux", {"GIMP3_DIRECTORY": "HOME/mine"}, "mine"),
        ("krita", "linux", {}, ".local/share/krita"),
        ("krita", "linux", {"XDG_DATA_HOME": "HOME/data"}, "data/krita"),
        ("krita", "darwin", {}, "Library/Application Support/krita"),
        ("krita", "win32", {}, "AppData/Roaming/krita"),
        ("comfyui", "linux", {}, "comfy/ComfyUI"),
        ("comfyui", "win32", {"COMFYUI_PATH": "HOME/c"}, "c"),
    ],
)
def test_the_program_s_folder_is_found(
    name: str, platform: str, environment: dict[str, str], there: str, tmp_path: Path
) -> None:
    given = {key: value.replace("HOME", str(tmp_path)) for key, value in environment.items()}
    system = System(platform, tmp_path, given)
    with pytest.raises(InputError, match="--folder"):
        plugins_folder(HOSTS[name], system=system)
    made(tmp_path / there / HOSTS[name].inside)
    assert plugins_folder(HOSTS[name], system=system).parent.samefile(tmp_path / there)


def test_the_newest_gimp_is_taken_and_gimp_2_is_not(tmp_path: Path) -> None:
    for version in ("2.10", "3.0", "3.10", "3.2"):
        made(tmp_path / ".config/GIMP" / version)
    folder = plugins_folder(HOSTS["gimp"], system=System("linux", tmp_path, {}))
    assert folder == tmp_path / ".config/GIMP/3.10/plug-ins"


def test_an_unknown_program_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="gimp, krita, comfyui"):
        find_host("photoshop")


def test_the_command_installs_lists_and_removes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMPASTO_FORCE")
    monkeypatch.setattr(System, "here", classmethod(lambda cls: cls("linux", tmp_path, {})))
    made(tmp_path / ".config/GIMP/3.0")
    place = tmp_path / ".config/GIMP/3.0/plug-ins/impasto"
    refused(run("plugin", "install", "krita"), "Krita has no folder", "--folder")
    refused(run("plugin", "install", "gimp", "--folder", tmp_path / "no"), "there is no folder")
    refused(run("plugin", "install", "comfyui", "--folder", tmp_path), "custom_nodes")
    assert f"installed: {place}" in run("plugin", "install", "gimp").stdout
    assert run("plugin", "path", "gimp").stdout.strip() == str(place)
    listed = json.loads(run("plugin", "list", "--json").stdout)["plugins"]
    assert [row["program"] for row in listed] == list(HOSTS)
    assert [bool(row["version"]) for row in listed] == [True, False, False]
    (place / "client.py").write_text("mine")
    refused(run("plugin", "install", "gimp"), "client.py", "--force")
    assert "impasto/client.py" in run("plugin", "list").stdout.replace("\n", "")
    refused(run("plugin", "remove", "gimp"), "client.py", "--force")
    assert run("plugin", "remove", "gimp", "--force").stdout.strip() == f"removed: {place}"
    assert not place.exists()
