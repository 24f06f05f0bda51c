"""When and what may be booked: the `booking:` part of an agent's file.

All wall times are in the business's time zone. The models are frozen; a wrong value raises
pydantic's `ValidationError`, whose locations the agent-file loader maps back to file and line.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from app.core.booking.hours import DAY_MINUTES, WEEKDAYS, Holiday, Hours, Model, Span
from app.core.booking.resources import Asked, Resource, plain

ANY_SERVICE = frozenset(
    ("appointment", "appointments", "visit", "booking", "meeting", "session", "slot", "time")
)
"""Words callers add to whatever they want: "a cleaning appointment" is a cleaning."""

MAX_RESOURCES = 64
_ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>]+")


class Service(Model):
    """Something a caller can book. Minutes of the buffers keep the calendar free around it."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    name: str = Field(min_length=1, max_length=60)
    minutes: int = Field(ge=5, le=DAY_MINUTES)
    buffer_before: int = Field(default=0, ge=0, le=240)
    buffer_after: int = Field(default=0, ge=0, le=240)
    also: tuple[str, ...] = ()
    """Other words callers use for it."""
    calcom_event_type: int | None = None
    """Event type id on Cal.com, where that calendar is used."""
    resources: tuple[str, ...] | None = None
    """Names of the resources that may serve it; null is any of them."""


def _address(value: Any) -> Any:
    if isinstance(value, str) and not _ADDRESS.fullmatch(value):
        raise ValueError("not an e-mail address")
    return value


EmailAddress = Annotated[str, BeforeValidator(_address)]


class Notify(Model):
    """Who is told of bookings, beside the record, the feed and the webhook."""

    email: tuple[EmailAddress, ...] = ()
    """Addresses of the business that get a mail about each booking; needs SMTP_URL."""
    text_caller: bool = False
    """Text the caller about each booking, move and cancellation; needs Twilio's settings."""


def _time_zone(value: Any) -> Any:
    if isinstance(value, str):
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise ValueError(
                "not a time zone name; write an IANA name such as America/New_York"
            ) from None
    return value


TimeZone = Annotated[str, BeforeValidator(_time_zone)]


def _services() -> tuple[Service, ...]:
    return (Service(id="appointment", name="appointment", minutes=30),)


def _office_hours() -> Hours:
    nine_to_five = (Span(opens=9 * 60, closes=17 * 60),)
    return Hours(**dict.fromkeys(WEEKDAYS[:5], nine_to_five))


class BookingRules(Model):
    """The rules a careful receptionist keeps."""

    time_zone: TimeZone = "UTC"
    hours: Hours = Field(default_factory=_office_hours)
    holidays: tuple[Holiday, ...] = ()
    grid_minutes: int = Field(default=30, ge=5, le=240)
    """Distance between two possible starts, counted from each opening time."""
    resources: tuple[Resource, ...] = ()
    """What appointments take up beside time. Without any the business has one of everything."""
    services: tuple[Service, ...] = Field(default_factory=_services, validate_default=True)
    notice_minutes: int = Field(default=60, ge=0, le=60 * 24 * 60)
    """How long before its start a slot can still be booked, moved to or cancelled."""
    horizon_days: int = Field(default=60, ge=1, le=730)
    """How many days ahead can be booked."""
    offers: int = Field(default=3, ge=1, le=8)
    """How many slots are offered at once."""
    confirm: bool = True
    """Read the booking back and wait for the caller's yes before it is written."""
    heed_words: bool = True
    """Hold what the model passes to a tool against what was said, and ask where they differ."""
    max_bookings_per_call: int = Field(default=4, ge=1, le=20)
    noted_minutes: int = Field(default=30, ge=1, le=24 * 60)
    """While the calendar is down: how long a noted booking is tried before it is given up."""
    notify: Notify = Notify()

    @field_validator("resources")
    @classmethod
    def _resources_distinct(cls, resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
        if len(resources) > MAX_RESOURCES:
            raise ValueError(f"list at most {MAX_RESOURCES} resources; count says how many of one")
        names = [plain(resource.name) for resource in resources]
        for resource in resources:
            if names.count(plain(resource.name)) > 1:
                raise ValueError(f"two resources are named {resource.name}")
        return resources

    @field_validator("services")
    @classmethod
    def _services_served(
        cls, services: tuple[Service, ...], info: ValidationInfo
    ) -> tuple[Service, ...]:
        resources = {resource.name: resource for resource in info.data.get("resources", ())}
        for service in services if "resources" in info.data else ():
            names = tuple(resources) if service.resources is None else service.resources
            if service.resources == ():
                raise ValueError(f"service {service.id}: name a resource, or leave resources out")
            unknown = next((name for name in names if name not in resources), None)
            if unknown is not None:
                raise ValueError(f"service {service.id}: no resource is named {unknown!r}")
            if len({resources[name].seats is None for name in names}) > 1:
                raise ValueError(
                    f"service {service.id}: either all of its resources have seats or none has"
                )
        return services

    @field_validator("services")
    @classmethod
    def _services_distinct(cls, services: tuple[Service, ...]) -> tuple[Service, ...]:
        if not 1 <= len(services) <= 32:
            raise ValueError("list 1 to 32 services")
        ids = [service.id for service in services]
        for service_id in ids:
            if ids.count(service_id) > 1:
                raise ValueError(f"two services have the id {service_id}")
        return services

    @property
    def zone(self) -> ZoneInfo:
        """The business's time zone."""
        return ZoneInfo(self.time_zone)

    def holiday(self, day: dt.date) -> Holiday | None:
        """Return the holiday that closes `day`, if any."""
        return next((holiday for holiday in self.holidays if holiday.covers(day)), None)

    def resources_of(self, service: Service) -> tuple[Resource, ...]:
        """The resources that may serve a service, in the order of the file."""
        if service.resources is None:
            return self.resources
        return tuple(item for item in self.resources if item.name in service.resources)

    def candidates(self, service: Service, asked: Asked) -> tuple[Resource, ...]:
        """The resources of a service that may serve what was asked for."""
        return tuple(
            item
            for item in self.resources_of(service)
            if (not asked.resources or item.name in asked.resources)
            and (not asked.party_size or item.seats is None or item.seats >= asked.party_size)
        )

    def largest_party(self, service: Service) -> int | None:
        """The largest party that can come for a service; None where the number does not matter."""
        return max((item.seats for item in self.resources_of(service) if item.seats), default=None)

    def resource(self, name: str) -> Resource | None:
        """The resource of that name."""
        return next((item for item in self.resources if item.name == name), None)

    def service(self, wanted: str | None) -> Service | None:
        """Return the service a caller or the model means; the first one when nothing is said.

        Matches id, name and other words, whole or as part of what was said; the longest of them
        counts, but "appointment" and its like only where nothing else fits. None: unknown.
        """
        if not wanted or not wanted.strip():
            return self.services[0]
        text = plain(wanted)
        best: tuple[tuple[bool, bool, int], Service] | None = None
        for service in self.services:
            for word in (service.id, service.name, *service.also):
                said = plain(word)
                if not said or not re.search(rf"\b{re.escape(said)}(?:e?s)?\b", text):
                    continue
                rank = (said == text, said not in ANY_SERVICE, len(said))
                if best is None or rank > best[0]:
                    best = rank, service
        return best[1] if best else None
