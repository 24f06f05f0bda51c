"""Settings, read once from the environment.

`Settings.from_env` names everything that is missing or wrong at once. A blank value means missing.
Every field is documented in `.env.example`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from app.errors import SettingsError

DEVELOPMENT_KEY = "key_development"
#: What a production start refuses to go without.
REQUIRED = ("REDIS_URL", "OPENAI_API_KEY", "RETELL_API_KEY", "SOCKET_TOKEN", "ADMIN_TOKEN")

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: Addresses that are nobody's own on the internet: what comes from them was passed on by a proxy of
#: ours or of the platform's.
PRIVATE = (
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
    *("100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"),
)

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """All settings of one process. Secrets do not show in `repr`. Times are seconds."""

    env: str = "development"
    port: int = 8080
    public_url: str = ""
    log_level: str = "INFO"
    web_concurrency: int = 1

    redis_url: str = field(default="redis://127.0.0.1:6379/0", repr=False)
    redis_tls_verify: bool = True
    redis_connections: int = 8

    openai_api_key: str = field(default="", repr=False)
    openai_base_url: str = ""
    realtime_model: str = "gpt-realtime-2.1"
    intent_model: str = ""
    scenario_model: str = ""

    retell_api_keys: tuple[str, ...] = field(default=(), repr=False)
    socket_token: str = field(default="", repr=False)
    admin_token: str = field(default="", repr=False)
    calendar_token: str = field(default="", repr=False)

    twilio_account_sid: str = ""
    twilio_auth_token: str = field(default="", repr=False)
    twilio_base_url: str = "https://api.twilio.com"

    calendar_url: str = field(default="redis:", repr=False)
    agent_file: str = ""
    booking_webhook_url: str = field(default="", repr=False)
    booking_webhook_secret: str = field(default="", repr=False)
    message_webhook_url: str = field(default="", repr=False)
    message_webhook_secret: str = field(default="", repr=False)
    report_webhook_url: str = field(default="", repr=False)
    report_webhook_secret: str = field(default="", repr=False)
    tools_module: str = ""
    tools_secret: str = field(default="", repr=False)
    tools_allow_private: bool = False
    smtp_url: str = field(default="", repr=False)
    notify_email_from: str = ""
    notify_sms_from: str = ""

    trusted_proxies: tuple[Network, ...] = tuple(map(ipaddress.ip_network, PRIVATE))
    max_calls: int = 200
    calls_per_caller: int = 0
    max_body_bytes: int = 4_000_000
    max_frame_bytes: int = 4_000_000
    live_workers: int = 4
    background_workers: int = 2
    worker_memory_mb: int = 512
    live_call_ttl_s: int = 6 * 3600
    ended_call_ttl_s: int = 300
    record_retention_s: int = 7 * 24 * 3600
    records_bytes: int = 64_000_000
    recordings_bytes: int = 100_000_000
    usage_retention_s: int = 400 * 24 * 3600
    drain_s: int = 20

    @property
    def production(self) -> bool:
        """True outside development: secrets are required and every edge is closed without them."""
        return self.env == "production"

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """Keys that may have signed a Retell request; a fixed known one in bare development."""
        if self.retell_api_keys or self.production:
            return self.retell_api_keys
        return (DEVELOPMENT_KEY,)

    @classmethod
    def of_command(cls, env: Mapping[str, str]) -> Settings:
        """Settings of a command at a keyboard: without APP_ENV as in development, except on a
        platform's own machine. Raises `SettingsError`."""
        if not env.get("APP_ENV", "").strip() and not (env.get("DYNO") or env.get("RENDER")):
            env = {**env, "APP_ENV": "development"}
        return cls.from_env(env)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read settings. Raises `SettingsError` naming every missing or malformed one."""
        reader = _Reader(env)
        stage = reader.text("APP_ENV") or "production"
        if stage not in ("development", "production"):
            reader.problems.append(f"APP_ENV must be development or production, not {stage!r}")
        if stage == "production":
            missing = [name for name in REQUIRED if not reader.text(name)]
            reader.problems += [f"{name} is missing" for name in missing]
            if missing and not reader.text("APP_ENV"):
                reader.problems.append(
                    "set them, or APP_ENV=development to try things on one machine"
                )
        redis_url = reader.text("REDIS_URL") or cls.redis_url
        if not redis_url.startswith(("redis://", "rediss://", "unix://")):
            reader.problems.append("REDIS_URL must start with redis://, rediss:// or unix://")
        settings = cls(
            env=stage,
            port=reader.number("PORT", cls.port, 1, 65535),
            public_url=reader.text("PUBLIC_URL").rstrip("/"),
            log_level=reader.choice("LOG_LEVEL", cls.log_level, LOG_LEVELS),
            web_concurrency=reader.number("WEB_CONCURRENCY", cls.web_concurrency, 1, 64),
            redis_url=redis_url,
            redis_tls_verify=reader.flag("REDIS_TLS_VERIFY", cls.redis_tls_verify),
            redis_connections=reader.number("REDIS_CONNECTIONS", cls.redis_connections, 2, 1000),
            openai_api_key=reader.text("OPENAI_API_KEY"),
            openai_base_url=reader.text("OPENAI_BASE_URL").rstrip("/"),
            realtime_model=reader.text("OPENAI_REALTIME_MODEL") or cls.realtime_model,
            intent_model=reader.text("INTENT_MODEL"),
            scenario_model=reader.text("SCENARIO_MODEL"),
            retell_api_keys=reader.several("RETELL_API_KEY"),
            socket_token=reader.text("SOCKET_TOKEN"),
            admin_token=reader.text("ADMIN_TOKEN"),
            calendar_token=reader.text("CALENDAR_TOKEN"),
            twilio_account_sid=reader.text("TWILIO_ACCOUNT_SID"),
            twilio_auth_token=reader.text("TWILIO_AUTH_TOKEN"),
            twilio_base_url=reader.text("TWILIO_BASE_URL") or cls.twilio_base_url,
            calendar_url=reader.text("CALENDAR_URL") or "redis:",
            agent_file=reader.text("AGENT_FILE"),
            booking_webhook_url=reader.text("BOOKING_WEBHOOK_URL"),
            booking_webhook_secret=reader.text("BOOKING_WEBHOOK_SECRET"),
            message_webhook_url=reader.text("MESSAGE_WEBHOOK_URL"),
            message_webhook_secret=reader.text("MESSAGE_WEBHOOK_SECRET"),
            report_webhook_url=reader.text("REPORT_WEBHOOK_URL"),
            report_webhook_secret=reader.text("REPORT_WEBHOOK_SECRET"),
            tools_module=reader.text("TOOLS_MODULE"),
            tools_secret=reader.text("TOOLS_SECRET"),
            tools_allow_private=reader.flag("TOOLS_ALLOW_PRIVATE", cls.tools_allow_private),
            smtp_url=reader.text("SMTP_URL"),
            notify_email_from=reader.text("NOTIFY_EMAIL_FROM"),
            notify_sms_from=reader.text("NOTIFY_SMS_FROM"),
            trusted_proxies=reader.networks("TRUSTED_PROXIES", PRIVATE),
            max_calls=reader.number("MAX_CALLS", cls.max_calls, 1, 100_000),
            calls_per_caller=reader.number(
                "CALLS_PER_CALLER", 60 if stage == "production" else 0, 0, 100_000
            ),
            max_body_bytes=reader.number("MAX_BODY_BYTES", cls.max_body_bytes, 1024, 50_000_000),
            max_frame_bytes=reader.number("MAX_FRAME_BYTES", cls.max_frame_bytes, 1024, 50_000_000),
            live_workers=reader.number("LIVE_WORKERS", cls.live_workers, 1, 255),
            background_workers=reader.number("BACKGROUND_WORKERS", cls.background_workers, 1, 255),
            worker_memory_mb=reader.number(
                "WORKER_MEMORY_MB", cls.worker_memory_mb, 128, 1_000_000
            ),
            live_call_ttl_s=reader.number("LIVE_CALL_TTL", cls.live_call_ttl_s, 60, 7 * 86400),
            ended_call_ttl_s=reader.number("ENDED_CALL_TTL", cls.ended_call_ttl_s, 1, 7 * 86400),
            record_retention_s=reader.number(
                "RECORD_RETENTION", cls.record_retention_s, 60, 366 * 86400
            ),
            usage_retention_s=reader.number(
                "USAGE_RETENTION", cls.usage_retention_s, 40 * 86_400, 10 * 366 * 86_400
            ),
            records_bytes=reader.number("RECORDS_BYTES", cls.records_bytes, 1_000_000, 10**12),
            recordings_bytes=reader.number(
                "RECORDINGS_BYTES", cls.recordings_bytes, 1_000_000, 10**12
            ),
            drain_s=reader.number("DRAIN_SECONDS", cls.drain_s, 0, 290),
        )
        if reader.problems:
            raise SettingsError(reader.problems)
        return settings


class _Reader:
    """Reads single values and gathers what is wrong with them."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        return self.env.get(name, "").strip()

    def several(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        def convert(text: str) -> str:
            if text.upper() not in choices:
                raise ValueError
            return text.upper()

        return self._convert(name, default, convert, f"one of {', '.join(choices)}")

    def networks(self, name: str, default: tuple[str, ...]) -> tuple[Network, ...]:
        def convert(text: str) -> tuple[Network, ...]:
            parts = [part.strip() for part in text.split(",") if part.strip()]
            return tuple(ipaddress.ip_network(part, strict=False) for part in parts)

        wanted = "networks such as 10.0.0.0/8, separated by commas"
        return self._convert(name, convert(",".join(default)), convert, wanted)

    def number(self, name: str, default: int, low: int, high: int) -> int:
        def convert(text: str) -> int:
            value = int(text)
            if not low <= value <= high:
                raise ValueError
            return value

        return self._convert(name, default, convert, f"a whole number from {low} to {high}")

    def flag(self, name: str, default: bool) -> bool:
        words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
        return self._convert(name, default, lambda text: words[text.lower()], "1 or 0")

    def _convert(self, name: str, default: T, convert: Callable[[str], T], wanted: str) -> T:
        text = self.text(name)
        if not text:
            return default
        try:
            return convert(text)
        except (ValueError, KeyError):
            self.problems.append(f"{name} must be {wanted}")
            return default
