"""What `doctor` looks at, a function for each part: what is so, and the cure if it is wrong."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
import redis as redis_client
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import connect

from app.adapters import queue
from app.adapters.agents import files
from app.adapters.notify.channels import can_text
from app.adapters.realtime.client import refusal_of
from app.adapters.redis import client as redis
from app.cli.agents import asked_of
from app.cli.check import redis_problem
from app.cli.client import Records
from app.cli.mcp_servers import discover
from app.core.agent.definition import Agent
from app.errors import ModelError, NotFound, SettingsError
from app.rehearsal.retell_caller import frames, rules
from app.rehearsal.retell_caller.play import new_call_id
from app.rehearsal.retell_caller.scenario import CallerSpec
from app.security import signatures
from app.settings import REQUIRED, Settings

Verdict = Literal["ok", "warn", "bad"]
TIMEOUT_S = 8.0
#: Of the server's connections: beyond this share the next deploy, which doubles them, may fail.
BUSY_SHARE = 0.5
#: Agents that are named; of more it is told how many there are.
MAX_NAMED = 10
OPENAI = "https://api.openai.com/v1"

_MODEL_CURES = {
    "invalid_api_key": "set OPENAI_API_KEY to a key that is valid",
    "http_401": "set OPENAI_API_KEY to a key that is valid",
    "insufficient_quota": "the account has no credit left: add some in OpenAI's billing settings",
    "model_not_found": "set OPENAI_REALTIME_MODEL to a model that this key may use",
    "http_404": "OPENAI_BASE_URL must end where /realtime begins, usually in /v1",
    "unreachable": "check OPENAI_BASE_URL, DNS and outgoing connections of this machine",
    "timeout": "the network or the server is slow: try again, look at OpenAI's status page",
    "tls": "the server's certificate is not trusted by this machine",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    area: str
    verdict: Verdict
    what: str
    cure: str = ""


def settings(env: Mapping[str, str]) -> tuple[Settings | None, list[Finding]]:
    """The settings, and what is missing."""
    try:
        found = Settings.of_command(env)
    except SettingsError as error:
        cure = "set it in the environment; .env.example explains each setting"
        return None, [Finding("settings", "bad", problem, cure) for problem in error.problems]
    out = [Finding("settings", "ok", f"complete for {found.env}")]
    if not found.production:
        missing = [name for name in REQUIRED if not env.get(name, "").strip()]
        if missing:
            what = f"production would refuse to start without {', '.join(missing)}"
            out.append(Finding("settings", "warn", what))
    return found, out


def agent_file(found: Settings) -> list[Finding]:
    """The agents' file."""
    try:
        loaded = files.load(found.agent_file or None)
    except SettingsError as error:
        cure = "docs/agent-file.md describes every key"
        return [Finding("agents", "bad", problem, cure) for problem in error.problems]
    names = ", ".join(agent.id for agent in loaded.all[:MAX_NAMED])
    more = ", …" if len(loaded.all) > MAX_NAMED else ""
    what = f"{len(loaded.all)} of {len(loaded.businesses)} businesses: {names}{more}"
    out = [Finding("agents", "ok", what)]
    if loaded.only_default is None:
        cure = "name one with `default:` if somebody should answer them"
        out.append(Finding("agents", "warn", "calls that fit no agent are refused", cure))
    for agent in loaded.all:
        if "transfer_call" in agent.toolset and not agent.switchboard:
            cure = "set transfer_targets or transfer_number, or take transfer_call out of its tools"
            out.append(Finding("agents", "warn", f"{agent.name} has nobody to transfer to", cure))
        out += [Finding("agents", "warn", *lacking) for lacking in _lacking(agent, found)]
    return out


def _lacking(agent: Agent, found: Settings) -> Iterator[tuple[str, str]]:
    """What an agent's file relies on and the settings do not have: what is the matter, the cure."""
    account = bool(found.twilio_account_sid and found.twilio_auth_token)
    if any(target.warm for target in agent.switchboard.targets) and not account:
        cure = "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
        yield f"{agent.name} cannot ask a colleague before a transfer", cure
    texts = agent.messages.text or "send_text" in agent.toolset
    if texts and not can_text(found):
        yield f"{agent.name} cannot send text messages", "set Twilio's settings and NOTIFY_SMS_FROM"
    if agent.messages.email and not found.smtp_url:
        yield f"{agent.name} cannot mail messages", "set SMTP_URL"


def mcp_servers(found: Settings) -> list[Finding]:
    """The MCP servers that the agents' file names: reachable, and what they offer."""
    agents = files.load(found.agent_file or None)
    out = []
    for agent in agents.all:
        reached = {entry.server_id: server for entry, server in discover(found, agent)}
        for entry in agent.servers:
            server = reached.get(entry.server_id)
            if server is None:
                cure = "start it, or correct its entry under tools in the agents' file"
                out.append(Finding("mcp", "bad", f"{entry.origin} is away", cure))
                continue
            tools = sum(entry.declare(tool) is not None for tool in server.tools)
            out.append(Finding("mcp", "ok", f"{entry.origin} offers {agent.name} {tools} tools"))
    return out


def route(found: Settings, whom: str) -> list[Finding]:
    """Which agent answers a number, a Retell agent id or an address, and why."""
    try:
        loaded = files.load(found.agent_file or None)
        answer = loaded.route(asked_of(whom, loaded))
    except SettingsError:
        return []  # the finding about the agents' file says so
    except NotFound as error:
        cure = "list it in the agent's numbers or retell_agent_ids, or name a default agent"
        return [Finding("route", "bad", f"{whom}: nobody answers: {error.message}", cure)]
    what = f"{whom}: {answer.agent.id} of {answer.agent.home.id} answers: {answer.why}"
    return [Finding("route", "ok", what)]


def store(found: Settings) -> list[Finding]:
    """Redis: reachable, fast, with room for connections and data."""
    problem = redis_problem(found)
    if problem is not None:
        return [Finding("redis", "bad", *problem)]
    with redis.connect(found, connections=1) as client:
        since = time.monotonic()
        client.ping()
        took = (time.monotonic() - since) * 1000
        out = [Finding("redis", "ok", f"answers in {took:.1f} ms")]
        info = _info(client)
    used, most = info.get("connected_clients", 0), info.get("maxclients", 0)
    if most and used > most * BUSY_SHARE:
        cure = "lower REDIS_CONNECTIONS or WEB_CONCURRENCY: a deploy doubles them for a minute"
        out.append(Finding("redis", "warn", f"{used} of {most} connections are in use", cure))
    memory, limit = info.get("used_memory", 0), info.get("maxmemory", 0)
    if limit and memory > 0.8 * limit:
        what = f"{memory * 100 // limit} % of its memory is in use; full, it takes no calls"
        out.append(Finding("redis", "warn", what, "lower RECORD_RETENTION, or take a larger plan"))
    return out


def _info(client: redis_client.Redis) -> dict[str, Any]:
    try:
        info = client.info()
    except redis_client.RedisError:
        return {}
    return info if isinstance(info, dict) else {}


def workers(found: Settings) -> list[Finding]:
    """Workers: alive for each queue, and not behind."""
    out = []
    try:
        with redis.connect(found, connections=1) as client:
            for name in queue.QUEUES:
                alive, waiting = queue.workers_alive(client, name), queue.depth(client, name)
                if not alive:
                    what = f"nobody works on the queue {name}; {waiting} jobs wait"
                    cure = "start `python -m workers` (the worker process of the Procfile)"
                    out.append(Finding("workers", "bad", what, cure))
                elif waiting > 20:
                    cure = "start more workers, or raise LIVE_WORKERS and BACKGROUND_WORKERS"
                    out.append(Finding("workers", "warn", f"{waiting} jobs wait in {name}", cure))
                else:
                    what = f"queue {name}: {alive} alive, {waiting} jobs wait"
                    out.append(Finding("workers", "ok", what))
    except redis_client.RedisError:
        out.append(Finding("workers", "bad", "not known: Redis does not answer"))
    return out


def model(found: Settings) -> list[Finding]:
    """The model: a session can be opened."""
    if not found.openai_api_key and not found.openai_base_url:
        what = "no OPENAI_API_KEY: `python -m app dev` uses the rehearsal model"
        return [Finding("model", "warn", what)]
    base = found.openai_base_url or OPENAI
    url = f"{base.replace('http', 'ws', 1)}/realtime?model={found.realtime_model}"
    since = time.monotonic()
    try:
        with connect(
            url,
            additional_headers={"Authorization": f"Bearer {found.openai_api_key or 'none'}"},
            open_timeout=TIMEOUT_S,
            ssl=ssl.create_default_context() if url.startswith("wss") else None,
        ) as socket:
            first = orjson.loads(socket.recv(timeout=TIMEOUT_S))
    except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
        refusal = refusal_of(error)
    except (ConnectionClosed, orjson.JSONDecodeError) as error:
        refusal = ModelError(f"the session was closed: {error}", code="handshake", fatal=False)
    else:
        took = (time.monotonic() - since) * 1000
        if first.get("type") == "session.created":
            where = urlsplit(base).hostname
            what = f"{found.realtime_model} at {where}: a session after {took:.0f} ms"
            return [Finding("model", "ok", what)]
        error_ = first.get("error") or {}
        refusal = ModelError(str(error_.get("message") or first), code=str(error_.get("code")))
    cure = _MODEL_CURES.get(refusal.code, "see OpenAI's error codes guide")
    return [Finding("model", "bad", f"{refusal.code}: {refusal.message}", cure)]


def web(records: Records) -> list[Finding]:
    """The web server: alive, and ready for calls."""
    status, body = records.get("/health")
    if status == 0:
        what = f"nothing answers at {records.base}: {body.decode(errors='replace')}"
        cure = "start `python -m app dev`, or give the address with --url"
        return [Finding("web", "bad", what, cure)]
    if status != 200:
        cure = "is this the right address? Something else may answer there"
        return [Finding("web", "bad", f"{records.base}/health answers {status}", cure)]
    status, value = records.json("/ready")
    if status == 200:
        return [Finding("web", "ok", f"{records.base} is ready for calls")]
    why = ((value or {}).get("error") or {}).get("message", "")
    return [Finding("web", "bad", f"/ready answers {status}: {why}", "see the part it names")]


def admin(found: Settings, records: Records) -> list[Finding]:
    """The API: takes our ADMIN_TOKEN, and nobody's blank one in production."""
    status, _ = records.get("/api/calls?limit=1")
    if status == 403 and found.admin_token:
        cure = "set ADMIN_TOKEN here to the server's value"
        return [Finding("api", "bad", "the server rejects this ADMIN_TOKEN", cure)]
    if status == 403:
        cure = "set ADMIN_TOKEN here to the server's value to read /api and /console"
        return [Finding("api", "warn", "the server wants an ADMIN_TOKEN; none is set here", cure)]
    if status != 200:
        what = f"/api/calls answers with {status}"
        return [Finding("api", "bad", what, "see the server's log")]
    return [Finding("api", "ok", "the list of calls can be read")]


def webhook(found: Settings, records: Records) -> list[Finding]:
    """The webhook route: takes what is signed with our key, and nothing else in production."""
    body = orjson.dumps({"event": "doctor", "call": {"call_id": "doctor"}})
    keys = found.signing_keys
    if not keys:
        return [Finding("webhook", "warn", "not tried: no RETELL_API_KEY to sign with")]
    signed = {signatures.HEADER: signatures.sign(body, keys[0], int(time.time() * 1000))}
    status, answer = records.post("/webhook/retell", body, signed)
    if status == 401:
        cure = "give the server the same RETELL_API_KEY as here, and compare the clocks"
        return [Finding("webhook", "bad", "the server refuses our signature", cure)]
    if status != 200:
        what = f"a signed event is answered with {status}: {answer[:120].decode(errors='replace')}"
        return [Finding("webhook", "bad", what, "see the server's log")]
    status, _ = records.post("/webhook/retell", body, {})
    if status != 401 and found.production:
        return [Finding("webhook", "bad", "an unsigned event was taken", "set RETELL_API_KEY")]
    return [Finding("webhook", "ok", "takes a signed event")]


def llm_socket(found: Settings, url: str) -> list[Finding]:
    """The LLM socket: closed without its token, and an agent that greets."""
    out = []
    base, given = _without_token(url)
    if found.socket_token:
        refused = _greeting(f"{base}/{new_call_id()}", {})
        if refused[0] is not None:
            cure = "set SOCKET_TOKEN at the server"
            out.append(Finding("socket", "bad", "takes calls without the token", cure))
    call_id = new_call_id()
    greeting, why, took = _greeting(f"{url.rstrip('/')}/{call_id}", CallerSpec().details(call_id))
    if greeting is None:
        out.append(Finding("socket", "bad", why, _socket_cure(why, given)))
    else:
        what = f"the agent greets after {took * 1000:.0f} ms: “{greeting or '(silence)'}”"
        out.append(Finding("socket", "ok", what))
    return out


def _without_token(url: str) -> tuple[str, bool]:
    base, _, token = url.rstrip("/").partition("/llm-websocket")
    return f"{base}/llm-websocket", bool(token.strip("/"))


def _socket_cure(why: str, token_given: bool) -> str:
    if "HTTP 403" in why:
        return (
            "the token in the URL is not the server's SOCKET_TOKEN"
            if token_given
            else "the server wants SOCKET_TOKEN in the URL: wss://HOST/llm-websocket/TOKEN"
        )
    if "HTTP 301" in why or "HTTP 308" in why:
        return "use wss:// instead of ws://"
    if "HTTP 404" in why:
        return "the URL must end in /llm-websocket or /llm-websocket/TOKEN"
    return "see the server's log, and `doctor` about redis and the model"


def _greeting(url: str, details: dict[str, Any]) -> tuple[str | None, str, float]:
    """What the agent says first; None and why where it says nothing; the seconds it took."""
    since = time.monotonic()
    said, configured = "", False
    try:
        with connect(url, open_timeout=rules.OPEN_TIMEOUT_S, compression=None) as socket:
            while time.monotonic() - since < TIMEOUT_S:
                frame = frames.read(str(socket.recv(timeout=TIMEOUT_S)))
                if isinstance(frame, frames.Speech):
                    said += frame.content
                    if frame.complete:
                        return said, "", time.monotonic() - since
                elif frame.kind == "config":
                    configured = True
                    socket.send(frames.call_details(details).decode())
    except TimeoutError:
        pass
    except (OSError, InvalidHandshake, InvalidURI) as error:
        response = getattr(error, "response", None)
        status = f"refused with HTTP {response.status_code}" if response is not None else ""
        return None, status or f"no connection: {error}", 0.0
    except (ConnectionClosed, frames.Dropped) as error:
        return None, f"the server broke off: {error}", 0.0
    step = "sends no begin message" if configured else "sends nothing"
    return None, f"the socket opens, but the server {step} within {TIMEOUT_S:.0f} s", 0.0
