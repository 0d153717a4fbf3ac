"""What an endpoint's type demands of its keys: credentials, options, kinds of notification, peers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from driftwatch.config.errors import Mistake
from driftwatch.config.marks import Path
from driftwatch.config.parts import Parts
from driftwatch.config.words import suggestion
from driftwatch.webhooks.catalogue import TARGETS
from driftwatch.webhooks.spec import EndpointType
from driftwatch.webhooks.target import ALERTS, EVERYTHING, Credential, Target

_TYPES: Final = frozenset(EndpointType)
_FAMILIES: Final = {
    "alert": ALERTS,
    "page": ALERTS,
    "ticket": ALERTS,
    "retrain": EVERYTHING - ALERTS,
}


def check_endpoint(parts: Parts, at: Path) -> Iterator[Mistake]:
    """The mistakes of one endpoint that follow from its type; an unknown type is told elsewhere."""
    type_ = parts.value((*at, "type")) or EndpointType.WEBHOOK.value
    if not isinstance(type_, str) or type_ not in _TYPES:
        return
    target = TARGETS[EndpointType(type_)]
    yield from _credentials(parts, at, type_, target)
    yield from _options(parts, at, type_, target)
    yield from _kinds(parts, at, type_, target)
    url = parts.text((*at, "url"))
    if target.path and url is not None and ("?" in url or "#" in url):
        yield Mistake(
            (*at, "url"), f"`url` of type {type_} has a query or a fragment", "the server's address"
        )


def _credentials(parts: Parts, at: Path, type_: str, target: Target) -> Iterator[Mistake]:
    given = {
        key for key in ("token", "username", "password", "secret") if parts.value((*at, key)) is not None
    }
    allowed = {"secret"} if target.signed else set[str]()
    if target.credential not in (Credential.NONE, Credential.LOGIN):
        allowed |= {"token"}
    if target.credential in (Credential.BEARER_OR_BASIC, Credential.LOGIN):
        allowed |= {"username", "password"}
    for key in sorted(given - allowed):
        write = f"{' or '.join(f'`{name}`' for name in sorted(allowed)) or 'nothing'} in its place"
        yield Mistake((*at, key), f"`{key}` is not used by type {type_}", write, True)
    if target.credential_required and "token" not in given:
        yield Mistake(
            (*at, "type"), f"type {type_} needs a `token`", "`token:` {file: PATH} or {env: NAME}", True
        )
    if "token" in given and "username" in given & allowed:
        yield Mistake(
            (*at, "token"), "`token` and `username` are both there", "one way to prove who asks", True
        )
    if len(given & allowed & {"username", "password"}) == 1:
        (one,) = given & {"username", "password"}
        other = "password" if one == "username" else "username"
        yield Mistake((*at, one), f"`{one}` without `{other}`", "both of them", True)


def _options(parts: Parts, at: Path, type_: str, target: Target) -> Iterator[Mistake]:
    value = parts.value((*at, "options"))
    given = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    known = [option.name for option in target.options]
    for name in given:
        if name not in known:
            what = suggestion(name, known) if known else "no `options`"
            yield Mistake((*at, "options", name), f"`{name}` is no option of type {type_}", what, True)
    for option in target.options:
        text = given.get(option.name)
        if option.required and not text:
            place = (*at, "options") if given else (*at, "type")
            message = f"type {type_} needs the option `{option.name}`"
            yield Mistake(place, message, f"`options: {{{option.name}: …}}`; {option.meaning}", True)
        if option.choices and isinstance(text, str) and text not in option.choices:
            message = f"`{option.name}` is `{text}`, which type {type_} does not know"
            yield Mistake((*at, "options", option.name), message, suggestion(text, option.choices))


def _kinds(parts: Parts, at: Path, type_: str, target: Target) -> Iterator[Mistake]:
    chosen: set[str] = set()
    for place, kind in parts.texts((*at, "on")):
        meant = _FAMILIES.get(kind, {kind} & EVERYTHING)
        chosen |= meant
        if meant and not meant <= target.kinds:
            write = " or ".join(f"`{name}`" for name in sorted(target.kinds))
            yield Mistake(place, f"an endpoint of type {type_} takes no `{kind}`", write)
    if target.stateful and "alert.firing" in chosen and "alert.resolved" not in chosen:
        message = f"type {type_} is told of `alert.firing` and never of `alert.resolved`"
        yield Mistake((*at, "on"), message, "`on: [alert]`", True)
    if not target.repeats:
        for key in ("peers", "resend_every"):
            if parts.value((*at, key)) is not None:
                yield Mistake((*at, key), f"`{key}` is for type alertmanager only", "nothing", True)
