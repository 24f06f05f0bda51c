"""Businesses that differ in hours, zone, service, language, number, and in who is told."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from redis import Redis

from app.adapters.redis import keys
from app.core.booking import slot_ids
from app.security import outgoing
from tests.support.local_http import Answer, LocalServer, Request


@dataclass(frozen=True)
class Shop:
    """A business. Its hours and its zone are nobody else's."""

    id: str
    number: str
    zone: str
    opens: int
    service: str
    confirm: bool
    language: str

    @property
    def agent(self) -> str:
        return f"ada-{self.id}"

    @property
    def retell(self) -> str:
        return f"agent_{self.id}"

    @property
    def secret(self) -> str:
        return f"hook-secret-of-{self.id}"

    def written(self, hooks: str) -> str:
        """Its part of the businesses in the agents' file."""
        return (
            f"  {self.id}: {{name: The {self.id}, time_zone: {self.zone}, "
            f'language: {self.language}, numbers: ["{self.number}"], '
            f"booking_webhook_url: {hooks}/{self.id}, "
            f"booking_webhook_secret: '${{HOOK_{self.id.upper()}}}'}}\n"
        )

    def staff(self, tools: str = "") -> str:
        """Its agent in the file; `tools` are lines of YAML."""
        hours = f'"{self.opens:02}:00-{self.opens + 3:02}:00"'
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        week = ", ".join(f"{day}: {hours}" for day in days)
        return f"""
  - id: {self.agent}
    name: Ada
    business: {self.id}
    instructions: You speak for the {self.id}.
    retell_agent_ids: [{self.retell}]
    booking:
      hours: {{{week}}}
      confirm: {str(self.confirm).lower()}
      heed_words: false
      services: [{{id: {self.service}, name: {self.service} job, minutes: 30}}]
{tools}"""

    def slot_in(self, output: dict[str, Any], call_id: str) -> str:
        """Slots are offered in its hours, on its clock, for its service; the first one."""
        assert output["slots"], output
        assert self.service in str(output), output
        for slot in output["slots"]:
            read = slot_ids.read(call_id, slot["slot_id"])
            assert read is not None
            assert read.genuine
            start = read.start.astimezone(ZoneInfo(self.zone))
            assert self.opens <= start.hour < self.opens + 3, (self.id, start)
        return str(output["slots"][0]["slot_id"])


BAKERY = Shop("bakery", "+493055501", "Europe/Berlin", 6, "cake", False, "de-DE")
SALON = Shop("salon", "+12125550142", "America/New_York", 12, "haircut", False, "en-US")
GARAGE = Shop("garage", "+81355550100", "Asia/Tokyo", 17, "repair", True, "en-GB")
SHOPS = {shop.id: shop for shop in (BAKERY, SALON, GARAGE)}
CALLER = "+14155550123"


class Hooks:
    """Where the businesses are told of bookings: each at its own address, with its own secret."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.server = LocalServer(self._answer)

    def _answer(self, request: Request) -> Answer:
        shop = SHOPS[request.path.strip("/")]
        signed = request.headers["callsmith-signature"]
        assert outgoing.verify(request.body, signed, shop.secret, int(time.time()))
        body = request.json()
        self.told.append((str(body["call_id"]), shop.id, str(body["event"])))
        return 200, {}


def in_calendar(redis: Redis, shop: str, call_id: str) -> int:
    """How many appointments a call made in a business's embedded calendar."""
    owner: Any = redis.get(keys.MAIN_CALENDAR_OWNER)
    name = "main" if owner == shop.encode() else shop
    held: Any = redis.hvals(f"calendar:{{{name}}}:events")
    return sum(call_id.encode() in blob for blob in held)
