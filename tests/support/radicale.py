"""A real Radicale server with one user and one calendar."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

from app.local.processes import free_port
from tests.support.waiting import eventually

USER, PASSWORD = "desk", "pass word"


class RadicaleServer:
    """Start, stop, pause; `url` is what CALENDAR_URL takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.root = f"http://127.0.0.1:{self.port}"
        self.url = f"caldav+http://desk:pass%20word@127.0.0.1:{self.port}/desk/main/"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
        (folder / "config").write_text(
            f"[server]\nhosts = 127.0.0.1:{self.port}\nmax_connections = 64\n"
            f"[auth]\ntype = htpasswd\nhtpasswd_filename = {folder}/users\n"
            "htpasswd_encryption = plain\ndelay = 0\n"
            f"[storage]\nfilesystem_folder = {folder}/data\n"
            "[web]\ntype = none\n[logging]\nlevel = error\n"
        )

    def start(self) -> RadicaleServer:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "radicale", "--config", str(self.folder / "config")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            eventually(self._answers)
        except BaseException:
            self.kill()
            raise
        return self

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """The server takes connections but answers nothing."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process
        os.killpg(self._process.pid, signal.SIGCONT)

    def make_calendar(self, name: str = "main") -> None:
        """An empty calendar `name`; what it held is gone."""
        self.request("PROPFIND", "/desk/", headers={"Depth": "0"})
        self.request("DELETE", f"/desk/{name}/")
        assert self.request("MKCALENDAR", f"/desk/{name}/") == 201

    def put(self, path: str, text: str) -> None:
        """A person's calendar program writes an event."""
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        assert self.request("PUT", path, text.replace("\n", "\r\n").encode(), headers) in (201, 204)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> int:
        token = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(
            self.root + path,
            data=body,
            method=method,
            headers={"Authorization": f"Basic {token}", **(headers or {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    def _answers(self) -> bool:
        try:
            return self.request("GET", "/.well-known/caldav") < 500
        except OSError:
            return False
