"""gunicorn's settings, loaded with ``-c python:app.gunicorn``.

The master process loads this file before any worker has made sockets and threads cooperative, so
it imports nothing that would keep a blocking one. Each worker does that first, then loads the app.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import tempfile
import time
from typing import Any

from gunicorn.glogging import Logger

from app.adapters.agents import files
from app.errors import SettingsError
from app.settings import Settings

#: How often a worker looks whether it was told to stop.
WATCH_S = 0.1
#: How often a worker without calls, and one with calls, looks for garbage in its whole memory.
TIDY_S, TIDY_BUSY_S = 120.0, 1800.0


def _settings() -> Settings:
    """The settings; a start that cannot succeed ends here, in one process and one line."""
    try:
        settings = Settings.from_env(os.environ)
        files.load(settings.agent_file or None)
        return settings
    except SettingsError as error:
        raise SystemExit("settings: " + "; ".join(error.problems)) from None


def _bind(settings: Settings) -> list[str]:
    """Where to listen. In development, where nobody is asked who they are: this machine only. Else
    on all addresses: IPv6 and IPv4 in one socket where the machine has both, else IPv4."""
    port = settings.port
    if not settings.production:
        return [f"127.0.0.1:{port}", *([f"[::1]:{port}"] if _has("::1") else [])]
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
            if not probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
                return [f"[::]:{port}"]
    except OSError:
        pass
    return [f"0.0.0.0:{port}"]


def _has(address: str) -> bool:
    """Whether this machine has that IPv6 address."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
            return True
    except OSError:
        return False


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn is not typed
    """gunicorn's log, as JSON by `logconfig_dict`, which would also turn the access log on."""

    def access(self, *_: Any) -> None:
        """No line per request: they are counted (`app.metrics`), and lines cost more than some."""


_SETTINGS = _settings()

bind = _bind(_SETTINGS)
worker_class = "app.web.guard.worker.Worker"
workers = _SETTINGS.web_concurrency
# Calls take half of these at most; strangers who keep the others waiting make room.
worker_connections = 2 * _SETTINGS.max_calls + 1000
# Longer than the idle time of the routers in front (Heroku's is 90 s), so they close first.
keepalive = 95
timeout = 30
# The calls get `drain_s`; the rest is for gunicorn's own loop, which looks once a second.
graceful_timeout = _SETTINGS.drain_s + 5
# The routers of the platforms have no fixed addresses; what they say of the scheme is believed, and
# nothing else of a request can be set by headers.
forwarded_allow_ips = "*"
forwarder_headers = ""
# A restart after so many requests would cut calls.
max_requests = 0
preload_app = False
control_socket_disable = True
logger_class = QuietLogger
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "app.logs.JsonFormatter"}},
    "handlers": {"json": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": _SETTINGS.log_level, "handlers": ["json"]},
    "loggers": {
        "gunicorn.error": {"level": _SETTINGS.log_level, "handlers": [], "propagate": True},
        "gunicorn.access": {"level": "WARNING", "handlers": [], "propagate": False},
    },
}


def on_starting(server: Any) -> None:
    """Several workers count together through files; see `app.metrics`."""
    if not _SETTINGS.production:
        server.log.warning(
            "DEVELOPMENT: unsigned webhooks are acted upon, sockets, the API and the calendar feed "
            "are open to every program on this machine. Listening on the loopback address only. "
            "APP_ENV=production closes all of it."
        )
    if workers > 1 and not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        server.metrics_directory = tempfile.mkdtemp(prefix="metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = server.metrics_directory


def on_exit(server: Any) -> None:
    """Leave no files behind."""
    directory = getattr(server, "metrics_directory", None)
    if directory:
        shutil.rmtree(directory, ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    """Take a dead worker out of the summed gauges."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def post_worker_init(worker: Any) -> None:
    """Drain when the worker is told to stop. gunicorn has no hook for that, so it is watched."""
    import gevent

    # Looking through everything that lives for garbage stops all calls of the process, for tens of
    # milliseconds with hundreds of them. What the application has loaded is left out for good, what
    # is young is looked through in small steps, and the rest when nobody talks: calls free
    # themselves when they end.
    gc.collect()
    gc.freeze()
    gc.set_threshold(1000, 5, 1_000_000)
    services = getattr(worker.wsgi, "extensions", {}).get("services")

    def tidy() -> None:
        last = time.monotonic()
        while True:
            gevent.sleep(TIDY_S)
            busy = services is not None and services.drain.live
            if not busy or time.monotonic() - last >= TIDY_BUSY_S:
                gc.collect()
                last = time.monotonic()

    gevent.spawn(tidy)
    if services is None:
        return

    # Before the first request: whom the file does not know may be known to Redis.
    follower = services.agent_desk.follower
    follower.start()
    if hasattr(signal, "SIGHUP"):
        gevent.signal_handler(signal.SIGHUP, follower.reread)

    def watch() -> None:
        while worker.alive:
            gevent.sleep(WATCH_S)
        services.drain.start()

    gevent.spawn(watch)
