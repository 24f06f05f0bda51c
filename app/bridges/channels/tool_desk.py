"""The tools of one live call: asked of the workers, and their replies brought back. What somebody
at the console does in the call comes the same way."""

from __future__ import annotations

from collections.abc import Callable

from app import logs
from app.adapters.tools.replies import Reply, Subscription
from app.bridges.persistence.kept_call import KeptCall
from app.bridges.services import Services
from app.core.call import events
from app.errors import TooMany, Unavailable

#: Utterances that a worker is given, the newest ones: what the caller agreed to is in them.
HEARD = 40
_AWAY = {
    "ok": False,
    "error": "The booking system is away. Say so, and ask them to call again later.",
}

log = logs.get(__name__)


class ToolDesk:
    """What workers answer is given to `feed`."""

    def __init__(
        self,
        services: Services,
        call_id: str,
        kept: KeptCall,
        feed: Callable[[events.Event], None],
    ) -> None:
        self._services = services
        self._call_id = call_id
        self._kept = kept
        self._feed = feed
        self._replies: Subscription | None = None

    def listen(self) -> None:
        """From here on replies reach the call, and so does the news of another holder."""
        lease = self._kept.lease
        self._replies = self._services.replies.subscribe(
            self._call_id,
            self._reply,
            fence=lease.fence,
            on_taken=lease.newer,
            on_step_in=self._feed,
        )

    def ask(self, action: events.RunTool) -> None:
        """Have a worker run a tool. Waits until that is stored."""
        call = self._kept.call
        if self._replies is None or call is None:
            return
        self._replies.expect(action.key, action.tool_call_id)
        heard = [(u.role, u.content) for u in call.transcript[-HEARD:]]
        if call.awaits_words:
            heard.append(("user", ""))
        tool = call.agent.toolset.get(action.name)
        told = {"heard": heard, "began_at": call.began_at}
        context = self._kept.caller.context(call.agent) | told
        try:
            if not self._kept.save_state():
                return
            effect = self._services.effects.ask(
                self._call_id,
                action.key,
                action.name,
                action.arguments,
                action.tool_call_id,
                context,
                deadline_s=action.deadline,
                kind=tool.kind if tool else None,
            )
        except (Unavailable, TooMany) as error:
            log.warning("a tool could not be asked for", extra={"code": error.code})
            self._feed(events.ToolDone(action.tool_call_id, False, dict(_AWAY)))
            return
        if effect.settled:
            self._reply(Reply.of(effect, action.tool_call_id))

    def _reply(self, reply: Reply) -> None:
        output = {"ok": reply.ok, **reply.output}
        if reply.say and reply.say != reply.output.get("message"):
            output["say"] = reply.say
        self._feed(events.ToolDone(reply.tool_call_id, reply.ok, output))

    def close(self) -> None:
        """Nothing reaches the call any more."""
        if self._replies is not None:
            self._replies.close()
            self._replies = None
