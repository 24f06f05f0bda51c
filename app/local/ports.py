"""Who listens on a port of this machine, so that a busy one can be told with its owner."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

_LISTEN = "0A"


def taken(port: int) -> str | None:
    """None if a server could listen on `port` of all addresses; else who has it, in words."""
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
        try:
            with socket.socket(family, socket.SOCK_STREAM) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.bind((host, port))
        except PermissionError:
            return "the system: ports below 1024 need root"
        except OSError as error:
            if error.errno is not None and os.strerror(error.errno) == "Address already in use":
                return owner(port) or "another process"
    return None


def owner(port: int) -> str | None:
    """Process id and name of the listener, None where they cannot be found out."""
    pid = _from_proc(port) if Path("/proc/net/tcp").exists() else _from_lsof(port)
    if pid is None:
        return None
    name = _name(pid)
    return f"process {pid} ({name})" if name else f"process {pid}"


def _from_proc(port: int) -> int | None:
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            if any(os.readlink(link) in inodes for link in (directory / "fd").iterdir()):
                return int(directory.name)
        except OSError:
            continue
    return None


def _from_lsof(port: int) -> int | None:
    if shutil.which("lsof") is None:
        return None
    found = subprocess.run(
        ["lsof", "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    return int(found[0]) if found else None


def _name(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        shown = subprocess.run(
            ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, check=False
        )
        words = shown.stdout.split()
    text = b" ".join(word for word in words if word).decode(errors="replace")
    return text if len(text) <= 60 else text[:59] + "…"
