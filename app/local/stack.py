"""The whole program as separate processes on one machine: Redis, a model, web, workers."""

from __future__ import annotations

import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import orjson
import redis

from app.adapters import queue
from app.adapters.redis import client as adapter
from app.local.embedded_redis import RedisServer
from app.local.processes import Part, PartFailed, free_port, port_problem, stop_all, wait_until
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]

READY_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 12.0
REHEARSAL_KEY = "rehearsal"
#: What the workers' supervisor logs of each process that ended by itself.
CRASHED = "a worker process ended"

#: Where other commands of this machine find the address of a run's own Redis.
REDIS_URL_FILE = "redis-url"
MODEL_URL_FILE = "model-url"
PORT_FILE = "port"
#: Told of each part once it is ready: its name, what it is, the seconds it took.
Report = Callable[[str, str, float], None]


class Stack:
    """Starts what the environment does not name already, and ends it again.

    `env` is the environment that the parts see. Without REDIS_URL a server of our own is started,
    without OPENAI_API_KEY and OPENAI_BASE_URL the rehearsal model. Output of each part goes to
    `directory/NAME.log`. Start it from the main thread.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        directory: Path,
        *,
        port: int,
        model_arguments: Sequence[str] = (),
        redis_server: RedisServer | None = None,
    ) -> None:
        self.env = dict(env)
        if not self.env.get("APP_ENV", "").strip():
            self.env["APP_ENV"] = "development"
        self.directory = directory
        self.port = port
        self.model_port = 0
        self.redis = redis_server
        self.model: Part | None = None
        self.web: Part | None = None
        self.workers: Part | None = None
        self._model_arguments = list(model_arguments)
        self._own_redis = False

    @property
    def base(self) -> str:
        """The web server's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        """The LLM websocket URL, as Retell would be given it."""
        token = self.env.get("SOCKET_TOKEN", "").strip()
        return f"ws://127.0.0.1:{self.port}/llm-websocket" + (f"/{token}" if token else "")

    @property
    def parts(self) -> list[Part]:
        """The parts that were started here, the ones that depend on others first."""
        own = self.redis.part if self.redis is not None and self._own_redis else None
        return [part for part in (self.web, self.workers, self.model, own) if part is not None]

    def start(self, report: Report = lambda name, what, took: None) -> None:
        """Start all parts, each once the ones it needs are ready. Raises `PartFailed`."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._check_port()
        for begin in (self.start_redis, self.start_model):
            since = time.monotonic()
            name, what = begin()
            report(name, what, time.monotonic() - since)
        self._settings()
        since = time.monotonic()
        self.start_workers(wait=False)
        self.start_web(wait=False)
        self.wait_for_workers()
        report("workers", "RQ workers", time.monotonic() - since)
        self.wait_for_web()
        (self.directory / PORT_FILE).write_text(str(self.port))
        report("web", f"gunicorn on port {self.port}", time.monotonic() - since)

    def stop(self) -> None:
        """End everything that was started, in order; nothing is left when this returns."""
        front = [part for part in (self.web, self.workers, self.model) if part is not None]
        stop_all(front, STOP_TIMEOUT_S)
        if self.redis is not None and self._own_redis:
            self.redis.stop()

    def kill(self) -> None:
        """End everything at once."""
        for part in self.parts:
            part.kill()

    def dead(self) -> Part | None:
        """A part that has ended by itself, if any."""
        return next((part for part in self.parts if not part.alive), None)

    def start_redis(self) -> tuple[str, str]:
        """Redis, unless REDIS_URL names one."""
        if self.redis is None and self.env.get("REDIS_URL", "").strip():
            self._check_redis()
            return "redis", "the one of REDIS_URL"
        if self.redis is None:
            self.redis = RedisServer(self.directory / "redis")
        if not self.redis.alive:
            self._own_redis = True
            self.redis.start()
        self.env["REDIS_URL"] = self.redis.url
        if self.directory.is_dir():
            (self.directory / REDIS_URL_FILE).write_text(self.redis.url)
        return "redis", f"embedded, on port {self.redis.port}"

    def start_model(self) -> tuple[str, str]:
        """The rehearsal model, unless the environment names a real one."""
        real = any(self.env.get(name, "").strip() for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"))
        if real and self.model is None:
            where = self.env.get("OPENAI_BASE_URL", "").strip()
            return "model", f"at {where}" if where else "OpenAI's Realtime API"
        self.model_port = self.model_port or free_port()
        arguments = ["-m", "app.rehearsal", "--port", str(self.model_port), *self._model_arguments]
        self.model = self._part("model", [sys.executable, *arguments])
        self.model.start()
        control = f"http://127.0.0.1:{self.model_port}/control"
        self._wait(self.model, lambda: _status(control) == 200)
        self.env["OPENAI_API_KEY"] = REHEARSAL_KEY
        self.env["OPENAI_BASE_URL"] = f"http://127.0.0.1:{self.model_port}/v1"
        if self.directory.is_dir():
            (self.directory / MODEL_URL_FILE).write_text(self.env["OPENAI_BASE_URL"])
        return "model", f"rehearsal model (no OPENAI_API_KEY), on port {self.model_port}"

    def start_web(self, *, wait: bool = True) -> None:
        """gunicorn with the production worker class."""
        command = [sys.executable, "-m", "gunicorn", "-c", "python:app.gunicorn", "wsgi:app"]
        self.web = self._part("web", command)
        self.web.start()
        if wait:
            self.wait_for_web()

    def wait_for_web(self) -> None:
        """Until /ready says 200."""
        assert self.web is not None
        self._wait(self.web, lambda: _status(f"{self.base}/ready") == 200)

    def start_workers(self, *, wait: bool = True) -> None:
        """The RQ workers."""
        self.workers = self._part("workers", [sys.executable, "-m", "workers"])
        self.workers.start()
        if wait:
            self.wait_for_workers()

    def wait_for_workers(self) -> None:
        """Until workers have registered with Redis."""
        assert self.workers is not None
        part = self.workers
        with self.client() as client:
            self._wait(part, lambda: _registered(client) or _crashes(part))

    def client(self) -> redis.Redis:
        """A client of the stack's Redis."""
        return adapter.connect(self._settings(), connections=2)

    def _settings(self) -> Settings:
        return Settings.from_env({**self.env, "PORT": str(self.port)})

    def _check_port(self) -> None:
        problem = port_problem(self.port)
        if problem:
            raise PartFailed(f"{problem}; choose another with PORT=8123")

    def _check_redis(self) -> None:
        try:
            with self.client() as client:
                client.ping()
        except redis.RedisError as error:
            raise PartFailed(f"no Redis at REDIS_URL: {error}") from error

    def _part(self, name: str, argv: Sequence[str]) -> Part:
        env = {**self.env, "PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        path = [str(ROOT), *env.get("PYTHONPATH", "").split(os.pathsep)]
        env["PYTHONPATH"] = os.pathsep.join(item for item in path if item)
        return Part(name, argv, log=self.directory / f"{name}.log", env=env, cwd=ROOT)

    def _wait(self, part: Part, ready: Callable[[], bool]) -> None:
        try:
            wait_until(ready, part, timeout=READY_TIMEOUT_S, what="it was ready", poll=0.05)
        except PartFailed as failed:
            raise PartFailed(f"{failed.message}{because(part)}") from None


def run_directory() -> Path:
    """A place for this run's logs and data: `.run/<process id>`, without what others left there."""
    base = ROOT / ".run"
    try:
        base.mkdir(exist_ok=True)
    except OSError:
        import tempfile

        return Path(tempfile.mkdtemp(prefix="callsmith-"))
    for old in _abandoned(base):
        shutil.rmtree(old, ignore_errors=True)
    return base / str(os.getpid())


def running_redis_url() -> str | None:
    """The address of the Redis that a running `python -m app dev` of this folder started."""
    return _running(REDIS_URL_FILE)


def beside(env: Mapping[str, str]) -> dict[str, str]:
    """`env`, and where it names none, port, Redis and rehearsal model of a running
    `python -m app dev` of this folder. What is blank counts as not named; production is left as it
    is."""
    out = dict(env)
    production = out.get("APP_ENV", "").strip() == "production"
    if production or out.get("DYNO") or out.get("RENDER"):
        return out
    redis_url, model_url = running_redis_url(), running_model_url()
    port = _running(PORT_FILE)
    if port and not out.get("PORT", "").strip():
        out["PORT"] = port
    if redis_url and not out.get("REDIS_URL", "").strip():
        out["REDIS_URL"] = redis_url
    named = any(out.get(name, "").strip() for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"))
    if model_url and not named:
        out |= {"OPENAI_API_KEY": REHEARSAL_KEY, "OPENAI_BASE_URL": model_url}
    return out


def running_model_url() -> str | None:
    """The address of the rehearsal model that it started."""
    return _running(MODEL_URL_FILE)


def _running(name: str) -> str | None:
    for file in sorted((ROOT / ".run").glob(f"*/{name}")):
        try:
            os.kill(int(file.parent.name), 0)
            return file.read_text()
        except (OSError, ValueError):
            continue
    return None


def remove_run_directory(directory: Path) -> None:
    """Leave no file behind."""
    shutil.rmtree(directory, ignore_errors=True)
    try:
        directory.parent.rmdir()
    except OSError:
        pass  # another run still has its own in there


def _abandoned(base: Path) -> Iterator[Path]:
    for directory in list(base.iterdir()):
        if directory.name.isdigit():
            try:
                os.kill(int(directory.name), 0)
            except ProcessLookupError:
                yield directory
            except OSError:
                continue


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=2.0) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except (OSError, ValueError):
        return 0


def _registered(client: redis.Redis) -> bool:
    try:
        return all(queue.workers_alive(client, name) for name in queue.QUEUES)
    except redis.RedisError:
        return False


def _crashes(part: Part) -> bool:
    """Raise `PartFailed` where the supervisor starts its processes again and again; else False."""
    if part.tail(2000).count(CRASHED) >= 3:
        raise PartFailed(f"{part.name}: its processes end as soon as they start")
    return False


def because(part: Part) -> str:
    """What a part said of its end, for the one line that tells of it.

    An exception's last line, or what was printed as plain text, says more than the log after it.
    """
    if part.status.startswith("was ended by"):
        return ""  # whoever sent the signal knows why; the log does not
    lines = [line.strip() for line in part.tail(60).splitlines() if line.strip()]
    plain = [line for line in lines if not line.startswith("{")]
    if plain:
        return f": {plain[-1]}"
    return f": {short(lines[-1].encode(), everything=True)}" if lines else ""


def short(line: bytes, *, everything: bool) -> str:
    """A line of the JSON log for a person; empty if it need not be shown."""
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line.decode(errors="replace") if everything else ""
    if not isinstance(entry, dict):
        return ""
    level = str(entry.pop("level", "info"))
    if not everything and level in ("debug", "info"):
        return ""
    message = str(entry.pop("message", "")).strip()
    for name in ("time", "logger", "exception"):
        entry.pop(name, None)
    rest = " ".join(f"{name}={value}" for name, value in entry.items())
    text = f"{level}: {message.splitlines()[0] if message else ''}"
    if rest:
        text += f" ({rest})"
    return text if len(text) <= 200 else text[:199] + "…"
