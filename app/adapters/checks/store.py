"""Redis: reachable, encrypted, lasting, with room for connections and data; and the clocks."""

from __future__ import annotations

import ipaddress
import time
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import redis as redis_client

from app.adapters.checks.finding import Finding, Verdict
from app.adapters.redis import client as redis
from app.settings import Settings

#: Of the server's connections: beyond this share the next deploy, which doubles them, may fail.
BUSY_SHARE = 0.5
#: Beyond this share of its memory, Redis is soon full.
FULL_SHARE = 0.8
#: Clocks may be so far apart, in seconds, before it is told of; and before it is bad: signatures of
#: Retell are taken for five minutes.
CLOCKS_APART_S, CLOCKS_WRONG_S = 5.0, 60.0
CLOCK_TIMEOUT_S = 3.0


def redis_problem(found: Settings) -> tuple[str, str] | None:
    """What is wrong with Redis, and the cure; None if it can be used."""
    try:
        with redis.connect(found, connections=1) as client:
            client.ping()
            policy = _policy(client)
    except redis_client.AuthenticationError:
        return "Redis rejects the password of REDIS_URL", "correct the password in REDIS_URL"
    except redis_client.RedisError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return (
                "the certificate of Redis cannot be verified",
                "set REDIS_TLS_VERIFY=0 if it is self-signed, as Heroku's is",
            )
        return f"cannot reach Redis: {error}", "start Redis, or correct REDIS_URL"
    if policy and policy != "noeviction":
        return (
            f"Redis would drop queued jobs when it is full (maxmemory-policy is {policy})",
            "set maxmemory-policy to noeviction, in redis.conf or at the provider",
        )
    return None


def store(found: Settings) -> list[Finding]:
    """Redis: reachable, fast, encrypted where it is another machine's, with room left."""
    problem = redis_problem(found)
    if problem is not None:
        return [Finding("redis", "bad", *problem)]
    with redis.connect(found, connections=1) as client:
        client.ping()
        since = time.monotonic()
        client.ping()
        took = (time.monotonic() - since) * 1000
        out = [Finding("redis", "ok", f"answers in {took:.1f} ms")]
        info = _info(client)
    return [*out, *_encryption(found), *_room(info), *_lasting(found, info)]


def clock(found: Settings) -> list[Finding]:
    """This machine's clock beside that of Redis, and that of the model's server where it tells."""
    others = {"Redis": _redis_ahead(found), "the model's server": _model_server_ahead(found)}
    known = {name: ahead for name, ahead in others.items() if ahead is not None}
    if not known:
        return [Finding("clock", "warn", "not compared: no other clock answers")]
    cure = "set this machine's clock by NTP (timedatectl set-ntp true)"
    out = []
    for name, ahead in known.items():
        if abs(ahead) > CLOCKS_APART_S:
            verdict: Verdict = "bad" if abs(ahead) > CLOCKS_WRONG_S else "warn"
            where = "behind" if ahead > 0 else "ahead of"
            what = f"this machine's clock is {abs(ahead):.0f} s {where} that of {name}"
            out.append(Finding("clock", verdict, what, cure))
    return out or [Finding("clock", "ok", f"agrees with that of {' and '.join(known)}")]


def _redis_ahead(found: Settings) -> float | None:
    """How many seconds the clock of Redis is ahead of ours; None where it does not answer."""
    try:
        with redis.connect(found, connections=1) as client:
            client.ping()
            before = time.time()
            seconds, micros = client.time()
            return float(seconds + micros / 1e6 - (before + time.time()) / 2)
    except redis_client.RedisError:
        return None


def _model_server_ahead(found: Settings) -> float | None:
    """How many seconds the clock of the model's server is ahead of ours; None where it is not told.
    The answer's date has whole seconds."""
    if not found.openai_api_key and not found.openai_base_url:
        return None
    url = found.openai_base_url or "https://api.openai.com/v1"
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310  # from the settings
    try:
        with urllib.request.urlopen(request, timeout=CLOCK_TIMEOUT_S) as answer:  # noqa: S310
            told = answer.headers.get("Date")
    except urllib.error.HTTPError as error:
        with error:
            told = error.headers.get("Date")
    except (OSError, ValueError):
        return None
    try:
        return parsedate_to_datetime(told).timestamp() + 0.5 - time.time() if told else None
    except ValueError:
        return None


def _encryption(found: Settings) -> list[Finding]:
    address = urlsplit(found.redis_url)
    if address.scheme == "rediss":
        how = "verified" if found.redis_tls_verify else "not verified (REDIS_TLS_VERIFY=0)"
        return [Finding("redis", "ok", f"the connection is encrypted, its certificate {how}")]
    if address.scheme != "redis" or _is_near(address.hostname or ""):
        return []
    cure = "take the provider's rediss:// address, unless the network between is yours alone"
    return [Finding("redis", "warn", "the connection to Redis is not encrypted", cure)]


def _is_near(host: str) -> bool:
    """Whether a host is this machine or in its private network. A name without a dot is one."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".internal", ".local"))


def _room(info: dict[str, Any]) -> list[Finding]:
    out = []
    used, most = info.get("connected_clients", 0), info.get("maxclients", 0)
    if most and used > most * BUSY_SHARE:
        cure = "lower REDIS_CONNECTIONS or WEB_CONCURRENCY: a deploy doubles them for a minute"
        out.append(Finding("redis", "warn", f"{used} of {most} connections are in use", cure))
    memory, limit = info.get("used_memory", 0), info.get("maxmemory", 0)
    if limit and memory > FULL_SHARE * limit:
        what = f"{memory * 100 // limit} % of its memory is in use; full, it takes no calls"
        out.append(Finding("redis", "warn", what, "lower RECORD_RETENTION, or take a larger plan"))
    if info.get("evicted_keys"):
        what = f"it has dropped {info['evicted_keys']} keys for want of memory since its start"
        cure = "keep maxmemory-policy at noeviction, and take a larger plan"
        out.append(Finding("redis", "warn", what, cure))
    return out


def _lasting(found: Settings, info: dict[str, Any]) -> list[Finding]:
    """Whether what is in Redis is also on a disk, where it tells."""
    if info.get("aof_enabled") != 0 or not found.production:
        return []
    cure = "set appendonly yes (appendfsync everysec) in redis.conf, or at the provider"
    what = "bookings and jobs would not survive a restart of Redis: no append-only file"
    return [Finding("redis", "warn", what, cure)]


def _info(client: redis_client.Redis) -> dict[str, Any]:
    try:
        info = client.info()
    except redis_client.RedisError:
        return {}
    return info if isinstance(info, dict) else {}


def _policy(client: redis_client.Redis) -> str:
    """The eviction policy, blank where the server does not tell (managed ones may not)."""
    try:
        found = client.config_get("maxmemory-policy")
    except redis_client.RedisError:
        return ""
    values = [item.decode() if isinstance(item, bytes) else str(item) for item in found.values()]
    return values[0] if values else ""
