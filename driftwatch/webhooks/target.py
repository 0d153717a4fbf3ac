"""What an endpoint type is: how its request is made, and what its answers mean."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from driftwatch.alerts.notifications import Notification, NotificationType
from driftwatch.webhooks.spec import EndpointSpec

ALERTS: Final = frozenset({NotificationType.ALERT_FIRING.value, NotificationType.ALERT_RESOLVED.value})
REQUEST: Final = frozenset({NotificationType.RETRAIN_REQUESTED.value})
EPISODES: Final = REQUEST | {NotificationType.RETRAIN_ENDED.value}
EVERYTHING: Final = ALERTS | EPISODES

REFUSALS: Final = frozenset({400, 405, 413, 415, 422})
"""The request itself is wrong, and it is the same at every attempt. 401, 403 and 404 are not here: a token is renewed, a job deployed."""


class Credential(StrEnum):
    """How a target knows who asks."""

    NONE = "none"
    """By nothing, or by an address that is a secret."""
    BEARER = "bearer"
    """By `token`, as `Authorization: Bearer …`."""
    BEARER_OR_BASIC = "bearer_or_basic"
    """By `token`, or by `username` and `password`."""
    LOGIN = "login"
    """By `username` and `password`."""
    IN_BODY = "in_body"
    """By `token`, which the body carries; never stored with it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One key of `options`."""

    name: str
    meaning: str
    default: str | None = None
    """None: it must be given, if `required`."""
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempting:
    """What only the attempt knows of its request."""

    token: str
    now_s: float
    """Wall clock, seconds since the epoch."""
    resend_s: float


def _as_it_is(body: bytes, attempting: Attempting) -> bytes:
    del attempting
    return body


@dataclass(frozen=True, slots=True)
class Target:
    """A template of requests: method, address, headers, body, and the meaning of answers."""

    body: Callable[[Notification, EndpointSpec], bytes]
    """Made once, with the notification; it holds no secret, for it is stored."""
    kinds: frozenset[str]
    """Types of notification that make sense here."""
    path: str = ""
    """Appended to `url`; `{name}` stands for an option, encoded."""
    method: str = "POST"
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    credential: Credential = Credential.NONE
    credential_required: bool = False
    options: tuple[Option, ...] = ()
    signed: bool = False
    """Whether a `secret` signs its requests (Standard Webhooks)."""
    there_already: frozenset[int] = frozenset()
    """Statuses which say that an earlier attempt has arrived: delivered too."""
    refusals: frozenset[int] = frozenset()
    """Statuses that no repetition heals: given up at once."""
    stateful: bool = False
    """It holds a state per subject: an old notification must not arrive after a newer one, not even in a repetition."""
    repeats: bool = False
    """It forgets a firing alert that is not said again."""
    complete: Callable[[bytes, Attempting], bytes] = _as_it_is
    """Puts in what only the attempt knows; without it every attempt has the same body."""

    def option(self, endpoint: EndpointSpec, name: str) -> str:
        """The value of an option, or its default; empty where there is none."""
        known = next(option for option in self.options if option.name == name)
        return endpoint.options.get(name) or known.default or ""

    def address(self, endpoint: EndpointSpec, url: str) -> str:
        """Where the request goes; `url` is the endpoint's, revealed."""
        if not self.path:
            return url
        given = {option.name: quote(self.option(endpoint, option.name), safe="") for option in self.options}
        return url.rstrip("/") + self.path.format(**given)

    def authorization(self, endpoint: EndpointSpec) -> dict[str, str]:
        """The header that proves who asks. Raises OSError, KeyError or UnicodeError where a secret cannot be read."""
        if self.credential is Credential.IN_BODY:
            return {}
        if endpoint.token is not None:
            return {"authorization": f"Bearer {endpoint.token.reveal()}"}
        if endpoint.username is not None and endpoint.password is not None:
            pair = f"{endpoint.username}:{endpoint.password.reveal()}"
            return {"authorization": "Basic " + b64encode(pair.encode()).decode("ascii")}
        return {}

    def completed(self, endpoint: EndpointSpec, body: bytes, now_s: float) -> bytes:
        """The body of one attempt. Raises OSError, KeyError or UnicodeError where a secret cannot be read."""
        in_body = self.credential is Credential.IN_BODY and endpoint.token is not None
        token = endpoint.token.reveal() if in_body and endpoint.token is not None else ""
        return self.complete(body, Attempting(token, now_s, endpoint.resend_every / 1_000))
