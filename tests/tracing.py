"""What a command and its child processes reach for, as strace sees it: attempts, not only successes.

A name asked of a name server, mDNS or systemd-resolved is seen; one that a running nscd gives is not.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SENDS = ("connect", "sendto", "sendmsg", "sendmmsg")
OPENS = ("open", "openat", "openat2", "creat")
PLACES = (
    *("mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat"),
    *("symlink", "symlinkat", "mknod", "mknodat"),
)
NAME_SERVICES = (53, 853, 5353)
DEVICES = re.compile(r"/dev/(null|zero|tty|pts/\d+)|/proc/.*|(pipe|socket|anon_inode):.*")
_OPTIONS = ("-f", "-qq", "-y", "--seccomp-bpf", "-s", "4096", "-e", "signal=none")


def why_not() -> str:
    """Why commands cannot be traced here; empty where they can."""
    program = shutil.which("strace")
    if program is None:
        return "strace is not installed (Linux: apt-get install strace)"
    done = subprocess.run([program, *_OPTIONS, "true"], capture_output=True, text=True, check=False)
    return f"strace cannot be used here: {done.stderr.strip()[-200:]}" if done.returncode else ""


def traced(command: Sequence[object], log: Path) -> list[str]:
    """``command`` as one that leaves what it reaches for in ``log``."""
    calls = ",".join(f"?{call}" for call in (*SENDS, *OPENS, *PLACES))
    return ["strace", *_OPTIONS, "-e", f"trace={calls}", "-o", str(log), *map(str, command)]


@dataclass(frozen=True)
class Call:
    """A system call: its name, its arguments as strace writes them, and what it returned."""

    name: str
    arguments: str
    returned: str


def calls(lines: Iterable[str]) -> Iterator[Call]:
    """The calls in a log of strace; those of processes that interrupt each other are put together."""
    begun: dict[str, str] = {}
    for line in lines:
        process, _, text = line.rstrip("\n").partition(" ")
        text = text.strip()
        if text.endswith("<unfinished ...>"):
            begun[process] = text.removesuffix("<unfinished ...>")
            continue
        if (resumed := re.match(r"<\.\.\. \w+ resumed>", text)) is not None:
            text = begun.pop(process, "") + text[resumed.end() :]
        if (found := re.fullmatch(r"(\w+)\((.*)\)\s+= (.*)", text)) is not None:
            yield Call(*found.groups())
    for text in begun.values():  # killed meanwhile
        name, _, arguments = text.partition("(")
        yield Call(name, arguments, "?")


def sent(found: Iterable[Call]) -> set[str]:
    """Addresses beyond this machine, and services that look names up."""
    reached = set()
    for call in found:
        if call.name not in SENDS:
            continue
        for family, rest in re.findall(r"sa_family=(AF_\w+)([^}]*)", call.arguments):
            if (where := _beyond(family, rest)) is not None:
                reached.add(f"{call.name} {where}")
    return reached


def _beyond(family: str, rest: str) -> str | None:
    if family in ("AF_NETLINK", "AF_UNSPEC"):  # the kernel, nobody
        return None
    if family == "AF_UNIX":
        return rest if "io.systemd.Resolve" in rest or "avahi" in rest else None
    port = re.search(r"port=htons\((\d+)\)", rest)
    address = re.search(r'inet_(?:addr\(|pton\(AF_INET6, )"([^"]+)"', rest)
    if port is None or address is None:
        return f"{family}{rest}"
    there = ipaddress.ip_address(address[1])
    there = getattr(there, "ipv4_mapped", None) or there
    local = there.is_loopback and int(port[1]) not in NAME_SERVICES
    return None if local else f"{there}:{port[1]}"


def written(found: Iterable[Call], cwd: Path) -> set[Path]:
    """Files opened for writing, and what was made or moved; relative names are taken as in ``cwd``."""
    paths = set()
    for call in found:
        if call.returned.startswith(("-1", "?")):
            continue
        if call.name in OPENS:
            if call.name == "creat" or re.search(r"\bO_(WRONLY|RDWR|CREAT|TRUNC)\b", call.arguments):
                name = re.sub(r"^\d+<|>$", "", call.returned).removesuffix(" (deleted)")
                paths.add(name.removesuffix(">(deleted)"))
        elif call.name in PLACES:
            folder = re.findall(r'(?:AT_FDCWD|\d+)<([^>]*)>, "', call.arguments)
            name = re.findall(r'"((?:[^"\\]|\\.)*)"', call.arguments)[-1]
            paths.add(os.path.join(folder[-1] if folder else cwd, name))  # noqa: PTH118 - name may be absolute
    return {Path(os.path.normpath(path)) for path in paths if not DEVICES.fullmatch(path)}


def outside(paths: Iterable[Path], folders: Iterable[Path]) -> set[Path]:
    """Those of ``paths`` in none of ``folders``; the ways to a folder are its own."""
    homes = list(folders)
    return {
        path
        for path in paths
        if not any(path.is_relative_to(home) or home.is_relative_to(path) for home in homes)
    }


def environment(home: Path, temporary: Path) -> Mapping[str, str]:
    """Of somebody new to this machine: no settings, and nothing in ``home``."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "OMP_WAIT_POLICY") if name in os.environ}
    # Python's byte code lies beside its modules, wherever they were installed. One thread is enough.
    ours = {"HOME": str(home), "TMPDIR": str(temporary)}
    return {**kept, **ours, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
