"""WS /llm-websocket/<call_id> and /llm-websocket/<token>/<call_id>: Retell's custom-LLM socket.

An agent may have an address of its own, with ``agents/<agent>/`` before the call's id.

Retell signs nothing on the socket, so the address carries a secret: `SOCKET_TOKEN` itself, or a
token that the inbound webhook minted for one call of a business, which no other business's agent
answers. It is checked before anything else happens.
"""

from __future__ import annotations

import re

from flask import Blueprint

from app import logs
from app.adapters.tokens.socket import Opened
from app.bridges.channels import retell
from app.bridges.services import services
from app.bridges.socket import Connection, Sock
from app.errors import BadRequest, Forbidden
from app.web.agents import agent_named
from app.web.edge import edge
from app.web.guard.admission import prove
from app.web.guard.signer import ref_of

_WRONG = "the token in the path is wrong"
_CALL_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")

ALL = Opened()

bp = Blueprint("sockets", __name__)
sock = Sock()
log = logs.get(__name__)


@sock.route("/llm-websocket/<call_id>", bp=bp)
@sock.route("/llm-websocket/agents/<agent>/<call_id>", bp=bp, endpoint="open_agent_socket")
def open_socket(ws: Connection, call_id: str, agent: str = "") -> None:
    """The form without a token: only where none is configured."""
    if services().settings.socket_token:
        raise Forbidden("this socket needs a token in its path")
    _serve(ws, call_id, agent)


@sock.route("/llm-websocket/<token>/<call_id>", bp=bp)
@sock.route("/llm-websocket/<token>/agents/<agent>/<call_id>", bp=bp, endpoint="token_agent_socket")
def token_socket(ws: Connection, token: str, call_id: str, agent: str = "") -> None:
    """The form with a token."""
    opened = edge().socket_tokens.accept(token, call_id)
    if opened is None:
        raise Forbidden(_WRONG)
    _serve(ws, call_id, agent, opened)


def _serve(ws: Connection, call_id: str, agent: str, opened: Opened = ALL) -> None:
    if not _CALL_ID.fullmatch(call_id):
        raise BadRequest("invalid call id")
    _check_agent(call_id, agent, opened)
    prove()
    retell.serve(services(), ws, call_id, agent, opened)


def _check_agent(call_id: str, agent: str, opened: Opened) -> None:
    """Raise `NotFound` where the address names no agent, and `Forbidden` where the token is another
    business's than the agent's or the call's. A call that goes on may have outlived its agent."""
    kept = ref_of(call_id) if agent or opened.mark else None
    homes = [kept.business] if kept is not None else []
    if agent and (kept is None or kept.agent != agent.strip()):
        homes.append(agent_named(agent).home.id)
    if not all(map(opened.fits, homes)):
        raise Forbidden(_WRONG)
