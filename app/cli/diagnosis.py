"""What `doctor` looks at beside `app.adapters.checks`: what only a command can see."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import connect

from app.adapters.checks.agents import REFUSED_CURE, agents, refused
from app.adapters.checks.finding import Finding
from app.adapters.checks.server import closed_without_token, socket_cure
from app.adapters.own_server import Records
from app.cli.agent_sources.known import find_agents
from app.cli.agents import asked_of
from app.cli.mcp_servers import discover
from app.core.agent.directory import Directory
from app.errors import NotFound, SettingsError
from app.rehearsal.retell_caller import frames, rules
from app.rehearsal.retell_caller.play import new_call_id
from app.rehearsal.retell_caller.scenario import CallerSpec
from app.settings import REQUIRED, Settings

TIMEOUT_S = 8.0


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


def agent_file(found: Settings) -> tuple[Directory | None, list[Finding]]:
    """The agents of the file and the API: None where the file cannot be read, and what they rely
    on."""
    try:
        known = find_agents(found)
    except SettingsError as error:
        cure = "docs/agent-file.md describes every key"
        return None, [Finding("agents", "bad", problem, cure) for problem in error.problems]
    out = agents(known.agents, found)
    out += [Finding("agents", "bad", problem, REFUSED_CURE) for problem in known.problems]
    return known.agents, out + refused(known.refused)


def mcp_servers(found: Settings) -> list[Finding]:
    """The MCP servers that the agents' file names: reachable, and what they offer."""
    out = []
    for agent in find_agents(found).agents.all:
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
        loaded = find_agents(found).agents
        answer = loaded.route(asked_of(whom, loaded))
    except SettingsError:
        return []  # the finding about the agents' file says so
    except NotFound as error:
        cure = "list it in the agent's numbers or retell_agent_ids, or name a default agent"
        return [Finding("route", "bad", f"{whom}: nobody answers: {error.message}", cure)]
    what = f"{whom}: {answer.agent.id} of {answer.agent.home.id} answers: {answer.why}"
    return [Finding("route", "ok", what)]


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


def llm_socket(found: Settings, url: str) -> list[Finding]:
    """The LLM socket: closed without its token, and an agent that greets."""
    out = []
    base, given = _without_token(url)
    if found.socket_token:
        out.append(closed_without_token(f"{base}/{new_call_id()}"))
    call_id = new_call_id()
    greeting, why, took = _greeting(f"{url.rstrip('/')}/{call_id}", CallerSpec().details(call_id))
    if greeting is None:
        out.append(Finding("socket", "bad", why, socket_cure(why, given)))
    else:
        what = f"the agent greets after {took * 1000:.0f} ms: “{greeting or '(silence)'}”"
        out.append(Finding("socket", "ok", what))
    return out


def _without_token(url: str) -> tuple[str, bool]:
    base, _, token = url.rstrip("/").partition("/llm-websocket")
    return f"{base}/llm-websocket", bool(token.strip("/"))


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
