"""A session's configuration: what the server starts with, and what `session.update` may change.

Source: OpenAI's Realtime reference (GA shapes). Fields that are not in an update keep their
value; an update with one bad field changes nothing. The names of the beta protocol are refused.
"""

from __future__ import annotations

import copy
from typing import Any

from app.rehearsal.realtime_server.protocol import refusal, shape
from app.rehearsal.realtime_server.protocol.refusal import Refusal

VOICES = (
    "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar",
)  # fmt: skip
TRANSCRIBERS = (
    "whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe-diarize", "gpt-transcribe", "gpt-live-transcribe", "gpt-realtime-whisper",
)  # fmt: skip
#: Models that think before they speak: these take `reasoning` and `parallel_tool_calls`.
REASONING_MODELS = ("gpt-realtime-2.1", "gpt-realtime-2.1-mini", "gpt-realtime-2")
MODELS = (*REASONING_MODELS, "gpt-realtime-1.5", "gpt-realtime", "gpt-realtime-mini")
#: What the name of a model that is served begins with; dated snapshots are served too.
MODEL_PREFIXES = ("gpt-realtime", "rehearsal")
DEFAULT_INSTRUCTIONS = (
    "Your knowledge cutoff is 2023-10. You are a helpful, witty, and friendly AI. Act like a human,"
    " but remember that you aren't a human. Your voice should be warm and engaging."
)
#: Fields of the beta session object, each with what replaced it.
BETA_FIELDS = {
    "modalities": "output_modalities",
    "voice": "audio.output.voice",
    "input_audio_format": "audio.input.format",
    "output_audio_format": "audio.output.format",
    "input_audio_transcription": "audio.input.transcription",
    "input_audio_noise_reduction": "audio.input.noise_reduction",
    "turn_detection": "audio.input.turn_detection",
    "max_response_output_tokens": "max_output_tokens",
    "temperature": "nothing",
    "speed": "audio.output.speed",
}
SERVER_VAD: dict[str, Any] = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
SEMANTIC_VAD: dict[str, Any] = {
    "type": "semantic_vad",
    "eagerness": "auto",
    "create_response": True,
    "interrupt_response": True,
}

_FORMAT = shape.tagged(
    "type",
    {
        "audio/pcm": shape.fields({"type": shape.anything, "rate": shape.integer(24000, 24000)}),
        "audio/pcmu": shape.fields({"type": shape.anything}),
        "audio/pcma": shape.fields({"type": shape.anything}),
    },
)
_VOICE = shape.either(
    string=shape.word(*VOICES), other=shape.fields({"id": shape.text()}, required=("id",))
)
_TURN_DETECTION = shape.tagged(
    "type",
    {
        "server_vad": shape.fields(
            {
                "type": shape.anything,
                "threshold": shape.number(0, 1),
                "prefix_padding_ms": shape.integer(0, 10_000),
                "silence_duration_ms": shape.integer(0, 10_000),
                "idle_timeout_ms": shape.nullable(shape.integer(5_000, 30_000)),
                "create_response": shape.boolean,
                "interrupt_response": shape.boolean,
            }
        ),
        "semantic_vad": shape.fields(
            {
                "type": shape.anything,
                "eagerness": shape.word("auto", "low", "medium", "high"),
                "create_response": shape.boolean,
                "interrupt_response": shape.boolean,
            }
        ),
    },
)
_TRANSCRIPTION = shape.fields(
    {
        "model": shape.word(*TRANSCRIBERS),
        "language": shape.text(),
        "languages": shape.several(shape.text()),
        "prompt": shape.text(),
        "keywords": shape.several(shape.text()),
        "delay": shape.word("minimal", "low", "medium", "high", "xhigh"),
    }
)
_NOISE_REDUCTION = shape.fields(
    {"type": shape.word("near_field", "far_field"), "strength": shape.number(0, 1)}
)
_AUDIO_INPUT = shape.fields(
    {
        "format": _FORMAT,
        "transcription": shape.nullable(_TRANSCRIPTION),
        "noise_reduction": shape.nullable(_NOISE_REDUCTION),
        "turn_detection": shape.nullable(_TURN_DETECTION),
    }
)
_AUDIO_OUTPUT = shape.fields({"format": _FORMAT, "voice": _VOICE, "speed": shape.number(0.25, 1.5)})
FUNCTION_TOOL = shape.fields(
    {
        "type": shape.word("function"),
        "name": shape.text(most=64, pattern="[a-zA-Z0-9_-]+"),
        "description": shape.text(),
        "parameters": shape.mapping,
    },
    required=("type", "name"),
)
TOOLS = shape.several(FUNCTION_TOOL, most=128)
TOOL_CHOICE = shape.either(
    string=shape.word("auto", "none", "required"),
    other=shape.fields(
        {"type": shape.word("function"), "name": shape.text()}, required=("type", "name")
    ),
)
MODALITIES = shape.several(shape.word("text", "audio"), least=1)
MAX_TOKENS = shape.either(string=shape.word("inf"), other=shape.integer(1, 4096))
REASONING = shape.fields({"effort": shape.word("minimal", "low", "medium", "high", "xhigh")})
_TRUNCATION = shape.either(
    string=shape.word("auto", "disabled"),
    other=shape.fields(
        {
            "type": shape.word("retention_ratio"),
            "retention_ratio": shape.number(0, 1),
            "token_limits": shape.fields({"post_instructions": shape.integer(0, 1_000_000)}),
        },
        required=("type", "retention_ratio"),
    ),
)
_TRACING = shape.nullable(
    shape.either(
        string=shape.word("auto"),
        other=shape.fields(
            {
                "workflow_name": shape.text(),
                "group_id": shape.text(),
                "metadata": shape.mapping,
            }
        ),
    )
)
_SESSION = shape.fields(
    {
        "type": shape.word("realtime"),
        "model": shape.text(),
        "output_modalities": MODALITIES,
        "instructions": shape.text(),
        "audio": shape.fields({"input": _AUDIO_INPUT, "output": _AUDIO_OUTPUT}),
        "tools": TOOLS,
        "tool_choice": TOOL_CHOICE,
        "parallel_tool_calls": shape.boolean,
        "reasoning": REASONING,
        "max_output_tokens": MAX_TOKENS,
        "truncation": _TRUNCATION,
        "tracing": _TRACING,
        "include": shape.nullable(
            shape.several(shape.word("item.input_audio_transcription.logprobs"))
        ),
    },
    required=("type",),
)


def initial(model: str, session_id: str, expires_at: int) -> dict[str, Any]:
    """The configuration of a new session, as `session.created` shows it."""
    config: dict[str, Any] = {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": DEFAULT_INSTRUCTIONS,
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": expires_at,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": dict(SERVER_VAD),
            },
            "output": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "voice": "marin",
                "speed": 1.0,
            },
        },
        "include": None,
    }
    if model in REASONING_MODELS:
        config["reasoning"] = {"effort": "low"}
        config["parallel_tool_calls"] = True
    return config


def updated(config: dict[str, Any], change: Any, *, spoken: bool) -> dict[str, Any]:
    """`config` with `change` applied, as a new object.

    `spoken`: the model has already answered with audio, after which the voice is fixed.
    Raises `Refusal` where any field is wrong; then nothing changes.
    """
    refuse_beta(change, "session")
    _SESSION(change, "session")
    one_modality(change, "session")
    if "model" in change and change["model"] != config["model"]:
        raise refusal.wrong_value("session.model", "Cannot update a session's model.")
    _reasoning_only(config["model"], change, "session")
    result = copy.deepcopy(config)
    for name, value in change.items():
        if name == "audio":
            _merge_audio(result["audio"], value, spoken=spoken)
        elif name == "tracing" and config["tracing"] is not None and value != config["tracing"]:
            raise refusal.wrong_value("session.tracing", "Cannot update tracing once it is on.")
        else:
            result[name] = copy.deepcopy(value)
    return result


def _merge_audio(audio: dict[str, Any], change: dict[str, Any], *, spoken: bool) -> None:
    heard, said = change.get("input", {}), change.get("output", {})
    for name, value in heard.items():
        if name == "turn_detection" and value is not None:
            value = {**(SERVER_VAD if value["type"] == "server_vad" else SEMANTIC_VAD), **value}
        elif name == "noise_reduction" and value is not None:
            value = {"strength": 1.0, **(audio["input"][name] or {}), **value}
        elif name == "format":
            value = _full_format(value)
        audio["input"][name] = value
    if spoken and "voice" in said and said["voice"] != audio["output"]["voice"]:
        raise Refusal(
            "Cannot update a conversation's voice if assistant audio is present.",
            code="cannot_update_voice",
        )
    for name, value in said.items():
        audio["output"][name] = _full_format(value) if name == "format" else value


def _full_format(value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "audio/pcm", "rate": 24000} if value["type"] == "audio/pcm" else value


def refuse_beta(value: Any, path: str) -> None:
    """Refuse field names of the beta protocol with the code its users know."""
    if isinstance(value, dict):
        for name in value:
            if name in BETA_FIELDS:
                raise Refusal(
                    f"The Realtime Beta API is no longer supported: '{path}.{name}' is now"
                    f" '{BETA_FIELDS[name]}'. Please use /v1/realtime with the GA shapes.",
                    code="beta_api_shape_disabled",
                    param=f"{path}.{name}",
                    close=4000,
                )


def one_modality(value: dict[str, Any], path: str) -> None:
    """`output_modalities` is text or audio, never both."""
    chosen = value.get("output_modalities")
    if chosen is not None and len(chosen) != 1:
        raise refusal.wrong_value(
            f"{path}.output_modalities",
            f"Invalid modalities: {chosen}. Supported combinations are: ['text'] and ['audio'].",
        )


def _reasoning_only(model: str, change: dict[str, Any], path: str) -> None:
    for name in ("reasoning", "parallel_tool_calls"):
        if name in change and model not in REASONING_MODELS:
            raise Refusal(
                f"Unsupported parameter: '{path}.{name}' is not supported with the '{model}'"
                " model.",
                code="unsupported_parameter",
                param=f"{path}.{name}",
            )
