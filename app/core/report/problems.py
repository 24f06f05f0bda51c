"""Why a call went wrong, as its story tells it: what stands out, and what to look at.

A call that was silent or dropped has its reason either in its own turns and tools or in Retell's
`disconnection_reason`. Each known reason is in one table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: A caller notices a pause of this length before an answer, in milliseconds.
SLOW_MS = 1500
#: Nothing is heard for so long only when something is wrong.
SILENT_MS = 5000
_WIDTH = 120
#: Turns that end without a word and should.
_DROPPED = frozenset({"superseded", "interrupted", "silent", "stay_silent"})


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands out, and what to look at or do; `cure` is blank where that is plain."""

    what: str
    cure: str = ""


_TELEPHONY = "look at the number and its provider in Retell's dashboard; nothing here was asked"
_SERVER = "look at the log around that time, and run the doctor with the socket's public address"

REASONS = {
    "error_llm_websocket_open": Problem(
        "Retell could not open the LLM socket in three attempts, or lost it in the call.",
        "give the agent wss://HOST/llm-websocket/TOKEN without the call's id; the doctor tells a "
        "wrong token (403), a wrong path (404) and a full server (503) apart",
    ),
    "error_llm_websocket_lost_connection": Problem(
        "The answers to Retell's keepalive came too late, several times.",
        "the process was starved: lower MAX_CALLS, or keep other programs off its cores",
    ),
    "error_llm_websocket_runtime": Problem(
        "The LLM socket was closed with an error, or vanished more than four times.",
        "look for errors with the call's id in the log, and for processes that were killed "
        "(out of memory)",
    ),
    "error_llm_websocket_corrupt_payload": Problem(
        "Retell was sent a frame that it could not read.",
        "this program sends text frames of JSON only: look at what is between it and Retell",
    ),
    "error_no_audio_received": Problem(
        "Retell heard no sound of the caller.", "the caller's telephone, browser or network"
    ),
    "error_asr": Problem("Retell's speech recognition failed.", "Retell's status page"),
    "error_retell": Problem("An error of Retell's own ended the call.", "Retell's status page"),
    "error_unknown": Problem(
        "Retell ended the call by an error that it does not name.", "the call in Retell's dashboard"
    ),
    "error_user_not_joined": Problem(
        "The caller never joined the call.", "the page they call from"
    ),
    "registered_call_timeout": Problem(
        "The call was registered with Retell and not begun in time.", "the caller's side"
    ),
    "inactivity": Problem(
        "Nobody spoke for so long that Retell hung up.",
        "the last turns: a caller who was gone, or an agent that said nothing; the limit is "
        "end_call_after_silence_ms of Retell's agent",
    ),
    "max_duration_reached": Problem(
        "The call reached the longest duration that Retell's agent allows.",
        "raise max_call_duration_ms of Retell's agent, if calls should be longer",
    ),
    "concurrency_limit_reached": Problem(
        "More calls went on in the Retell workspace than it may have.",
        "raise the workspace's concurrency at Retell",
    ),
    "no_concurrency_fallback": Problem(
        "The Retell workspace was full; the call went to its fallback number.",
        "raise the workspace's concurrency at Retell",
    ),
    "no_valid_payment": Problem("Retell has no valid way of payment.", "Retell's billing page"),
    "credit_exhausted": Problem("The credit at Retell is used up.", "Retell's billing page"),
    "budget_reached": Problem("A budget set at Retell is used up.", "Retell's billing page"),
    "scam_detected": Problem("Retell took the call for a fraud.", "Retell's support"),
    "dial_busy": Problem("The number that was called is busy."),
    "dial_no_answer": Problem("Nobody picked up."),
    "dial_failed": Problem("The number could not be called.", _TELEPHONY),
    "invalid_destination": Problem("The number that was called is none.", _TELEPHONY),
    "telephony_provider_permission_denied": Problem(
        "The telephone provider refused the call.",
        "allow the country in the provider's geographic permissions",
    ),
    "telephony_provider_unavailable": Problem("The telephone provider was away.", _TELEPHONY),
    "sip_routing_error": Problem("The call could not be routed by SIP.", _TELEPHONY),
    "marked_as_spam": Problem(
        "The call was blocked as spam.",
        "register the number (caller ID reputation) at the provider",
    ),
    "network_blocked": Problem("The network blocked the call.", _TELEPHONY),
    "user_declined": Problem("The callee declined the call."),
    "transfer_cancelled": Problem("The transfer was given up.", "the transfer's target and hours"),
}
"""What Retell's reasons mean that are worth a word. Hang-ups, transfers that happened, voicemail
and what people did on purpose are not."""
_PLAIN = frozenset(
    {
        "user_hangup", "agent_hangup", "user_requested_dnc", "user_requested_callback",
        "call_transfer", "voicemail_reached", "ivr_reached", "transfer_bridged", "manual_stopped",
        "call_take_over",
    }
)  # fmt: skip


def problems(story: Mapping[str, Any]) -> list[Problem]:
    """What stands out in a call (`CallStore.snapshot`), in the order in which to look at it."""
    return [*_by_reason(story), *_in_turns(story), *_in_tools(story), *_in_end(story)]


def _by_reason(story: Mapping[str, Any]) -> Iterator[Problem]:
    reason = str(story.get("disconnection_reason") or "")
    if reason in REASONS:
        found = REASONS[reason]
        yield Problem(f"{found.what} ({reason})", found.cure)
    elif reason.startswith("error_"):
        yield Problem(f"Retell ended the call by {reason}.", _SERVER)
    elif reason and reason not in _PLAIN:
        yield Problem(f"Retell ended the call by {reason}.", "the call in Retell's dashboard")
    if story.get("refused"):
        yield Problem(f"The call was refused: {story['refused']}.")


def _in_turns(story: Mapping[str, Any]) -> Iterator[Problem]:
    turns = [turn for turn in story.get("turns") or () if turn]
    if not turns and not story.get("refused") and _is_over(story):
        yield from _no_turns(story)
    silent = [t for t in turns if t.get("first_ms") is None and t.get("ended") not in _DROPPED]
    if silent:
        ids = ", ".join(str(turn.get("response_id")) for turn in silent)
        yield Problem(
            f"Nothing was said in answer to request {ids}.",
            "the faults and events around it; a turn that failed says why there",
        )
    for turn in turns:
        first = turn.get("first_ms") or 0
        if first >= SILENT_MS:
            number = turn.get("response_id")
            yield Problem(f"The caller heard nothing for {first / 1000:.1f} s (turn {number}).")
    slow = [turn for turn in turns if SLOW_MS <= (turn.get("first_ms") or 0) < SILENT_MS]
    if slow:
        yield Problem(
            f"{len(slow)} of {len(turns)} answers began later than {SLOW_MS} ms.",
            "the model's time in these turns; first_token_seconds in /metrics for all calls",
        )
    if any(event.get("kind") == "gave_up" for event in story.get("events") or ()):
        yield Problem(
            "The model gave no answer in all attempts; the caller heard an apology.",
            "the doctor about the model, and what is said of model_lost in the events",
        )


def _no_turns(story: Mapping[str, Any]) -> Iterator[Problem]:
    """Why a call that is over has no turn. One that webhooks told of and somebody spoke in was
    another agent's than ours: it needs none."""
    if "fence" in story:
        yield Problem(
            "The socket was open, and nobody asked for an answer: the caller was silent or left.",
            "the agent's greeting: where it is empty the caller has to speak first",
        )
    elif not story.get("transcript"):
        yield Problem(
            "No socket of this call reached the program, and nobody spoke.",
            "the LLM socket's URL on Retell's agent, and the doctor about the socket",
        )


def _is_over(story: Mapping[str, Any]) -> bool:
    return story.get("ended_at") is not None or story.get("status") not in (None, "ongoing")


def _in_tools(story: Mapping[str, Any]) -> Iterator[Problem]:
    over = _is_over(story)
    for call in story.get("tool_calls") or ():
        if call.get("state") == "failed":
            error = call.get("error") or (call.get("result") or {}).get("output")
            yield Problem(
                f"Tool {call.get('tool')} failed: {_short(str(error))}",
                "the jobs that were given up",
            )
        elif call.get("state") in ("asked", "running") and over:
            yield Problem(f"Tool {call.get('tool')} never ended.", "are workers running?")


def _in_end(story: Mapping[str, Any]) -> Iterator[Problem]:
    reason = str(story.get("disconnection_reason") or "")
    if story.get("pending_action") == "transfer" and reason not in ("", "call_transfer"):
        yield Problem(
            f"The caller was to be transferred, but the call ended by {reason}.",
            "whether the number can be called from Retell: its own, or imported there",
        )
    if story.get("lapsed"):
        yield Problem(
            "Nobody told the end of the call: nothing was heard of it for long.",
            "a process that was killed, or webhooks that do not arrive",
        )
    if story.get("record_full"):
        yield Problem("The flight record reached its bound and ends before the call.")


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
