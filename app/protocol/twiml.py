"""TwiML: what Twilio is told to do with a call.

Source: Twilio docs, "TwiML for Programmable Voice": <Connect>, <Stream>, <Dial>, <Conference>,
<Gather>, <Say>, <Hangup>, <Reject>.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

#: Twilio's limit for the name and value of one <Parameter> together, in characters.
MAX_PARAMETER_CHARS = 500
#: Seconds that one round of waiting lasts, after which Twilio asks what to play next.
HOLD_S = 8


def connect_twiml(
    stream_url: str, parameters: dict[str, str], *, action_url: str | None = None
) -> str:
    """TwiML that hands the call to a media stream.

    `stream_url` must be ``wss://`` and may hold no query string: what the stream needs to know goes
    into `parameters`. When the stream ends, Twilio asks `action_url` what to do with the call.
    Raises ValueError where a parameter is too long for Twilio.
    """
    inner = ""
    for name, value in parameters.items():
        if len(name) + len(value) > MAX_PARAMETER_CHARS:
            raise ValueError(f"the parameter {name!r} is too long for Twilio")
        inner += f"<Parameter name={quoteattr(name)} value={quoteattr(value)}/>"
    action = f" action={quoteattr(action_url)}" if action_url else ""
    return _response(
        f"<Connect{action}><Stream url={quoteattr(stream_url)}>{inner}</Stream></Connect>"
    )


def hangup_twiml(say: str | None = None, *, language: str = "en-US") -> str:
    """TwiML that ends the call, after saying `say` in Twilio's own voice."""
    return _response(_say(say, language) + "<Hangup/>")


def dial_twiml(
    number: str,
    *,
    say: str = "",
    language: str = "en-US",
    ring_s: int = 25,
    action_url: str = "",
) -> str:
    """TwiML that connects the caller to `number`; where that ends Twilio asks `action_url`."""
    action = f" action={quoteattr(action_url)}" if action_url else ""
    dial = f'<Dial timeout="{ring_s}"{action}>{escape(number)}</Dial>'
    return _response(_say(say, language) + dial)


def wait_twiml(
    room: str, *, wait_url: str, action_url: str, say: str = "", language: str = "en-US"
) -> str:
    """TwiML that has the caller wait in a conference until a colleague joins.

    `wait_url` is asked what to play, again and again; `action_url` what to do when it is over.
    """
    conference = (
        '<Conference beep="false" startConferenceOnEnter="false" endConferenceOnExit="true"'
        f" waitUrl={quoteattr(wait_url)}>{escape(room)}</Conference>"
    )
    return _response(
        f"{_say(say, language)}<Dial action={quoteattr(action_url)}>{conference}</Dial>"
    )


def hold_twiml(say: str = "", *, language: str = "en-US") -> str:
    """TwiML for one round of waiting."""
    return _response(f'{_say(say, language)}<Pause length="{HOLD_S}"/>')


def join_twiml(room: str, say: str = "", *, language: str = "en-US") -> str:
    """TwiML that joins a colleague to the caller who waits in a conference."""
    conference = (
        '<Conference beep="false" startConferenceOnEnter="true" endConferenceOnExit="true">'
        f"{escape(room)}</Conference>"
    )
    return _response(f"{_say(say, language)}<Dial>{conference}</Dial>")


def ask_twiml(
    say: str, *, action_url: str, otherwise_url: str = "", language: str = "en-US"
) -> str:
    """TwiML that says something and waits for a key or a word; `action_url` gets it. Without one
    Twilio asks `otherwise_url`, or hangs up."""
    gather = (
        f'<Gather input="dtmf speech" numDigits="1" timeout="6" speechTimeout="auto"'
        f" language={quoteattr(language)} action={quoteattr(action_url)}>"
        f"{_say(say, language)}</Gather>"
    )
    rest = f"<Redirect>{escape(otherwise_url)}</Redirect>" if otherwise_url else "<Hangup/>"
    return _response(gather + rest)


def redirect_twiml(url: str) -> str:
    """TwiML that goes on with what `url` says."""
    return _response(f"<Redirect>{escape(url)}</Redirect>")


def reject_twiml(reason: str = "busy") -> str:
    """TwiML that refuses the call before it is answered. `reason` is ``busy`` or ``rejected``."""
    return _response(f"<Reject reason={quoteattr(reason)}/>")


def _say(say: str | None, language: str) -> str:
    return f"<Say language={quoteattr(language)}>{escape(say)}</Say>" if say else ""


def _response(inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'
