"""Standard Webhooks signatures (v1, symmetric): what the sender puts into headers, and how a receiver checks them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
SKEW_S: Final = 300
"""How far the sender's clock may be from the receiver's, and how long a request can be replayed (F36)."""
_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)


class Verification(StrEnum):
    """What a receiver finds."""

    VALID = "valid"
    HEADER_MISSING = "header_missing"
    BAD_TIMESTAMP = "bad_timestamp"
    TOO_OLD = "too_old"
    TOO_NEW = "too_new"
    WRONG_SIGNATURE = "wrong_signature"


def parse_secret(text: str) -> bytes:
    """The key in a secret such as `whsec_…` (the prefix may be missing); raises ValueError that says how to make one.

    Standard Webhooks 1.0.0: base64 of 24 to 64 random bytes. The secret is never part of the error's text (F35).
    """
    encoded = text.strip().removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(
            "a signing secret is whsec_ and base64; `openssl rand -base64 32` makes one"
        ) from None
    if len(key) not in _KEY_BYTES:
        raise ValueError(
            f"a signing secret holds 24 to 64 bytes, this one {len(key)}; `openssl rand -base64 32` makes one"
        )
    return key


def signed_headers(keys: Sequence[bytes], id_: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The three headers of one attempt: one signature per key, so that both hold while a key is rotated.

    `timestamp_s` is the wall clock of this attempt; id and body are the same at every attempt. Without
    keys there is no signature header.
    """
    headers = {ID: id_, TIMESTAMP: str(timestamp_s)}
    if keys:
        headers[SIGNATURE] = " ".join(f"v1,{_signature(key, id_, str(timestamp_s), body)}" for key in keys)
    return headers


def verify(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, now_s: float) -> Verification:
    """Whether any signature in `headers` (names in any case) was made with any of the keys, not long ago.

    Every signature is compared with every key in constant time; the time is only believed once it is signed.
    """
    found = {name.lower(): value for name, value in headers.items()}
    if not all(found.get(name) for name in (ID, TIMESTAMP, SIGNATURE)):
        return Verification.HEADER_MISSING
    timestamp = found[TIMESTAMP]
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return Verification.BAD_TIMESTAMP
    if not _matches(keys, found[ID], timestamp, body, found[SIGNATURE]):
        return Verification.WRONG_SIGNATURE
    age_s = now_s - int(timestamp)
    if age_s > SKEW_S:
        return Verification.TOO_OLD
    return Verification.TOO_NEW if age_s < -SKEW_S else Verification.VALID


def _matches(keys: Sequence[bytes], id_: str, timestamp: str, body: bytes, header: str) -> bool:
    given = [part[3:].encode("utf-8", "replace") for part in header.split(" ") if part.startswith("v1,")]
    wanted = [_signature(key, id_, timestamp, body).encode() for key in keys]
    found = False
    for theirs in given:
        for ours in wanted:
            found |= hmac.compare_digest(theirs, ours)
    return found


def _signature(key: bytes, id_: str, timestamp: str, body: bytes) -> str:
    content = f"{id_}.{timestamp}.".encode("utf-8", "replace") + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
