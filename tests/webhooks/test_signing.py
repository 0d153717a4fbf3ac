"""Standard Webhooks signatures: the specification's own vector, rotation, replay, and every changed byte (F36)."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.webhooks.signing import Verification, parse_secret, signed_headers, verify

# Vector of the reference implementation's tests (standard-webhooks/standard-webhooks, libraries/python).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIME_S = 1_614_265_330
BODY = b'{"test": 2432232314}'
KEY = parse_secret(SECRET)
OTHER = bytes(range(32))


def test_the_published_vector() -> None:
    assert signed_headers([KEY], ID, TIME_S, BODY) == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_formula_of_the_specification_computed_by_hand() -> None:
    content = b"%s.%d.%s" % (ID.encode(), TIME_S, BODY)
    expected = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert signed_headers([KEY], ID, TIME_S, BODY)["webhook-signature"] == f"v1,{expected}"


def test_without_keys_there_is_no_signature() -> None:
    assert signed_headers([], ID, TIME_S, BODY).keys() == {"webhook-id", "webhook-timestamp"}


@pytest.mark.parametrize("text", [SECRET, SECRET.removeprefix("whsec_"), f" {SECRET}\n"])
def test_a_secret_with_and_without_prefix_is_the_same_key(text: str) -> None:
    assert parse_secret(text) == base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def test_missing_padding_is_added() -> None:
    assert parse_secret("whsec_" + base64.b64encode(bytes(32)).decode().rstrip("=")) == bytes(32)


@pytest.mark.parametrize(
    "text", ["", "whsec_", "hunter2 canary", "whsec_AAAA", "whsec_" + "A" * 400, "whsec_é"]
)
def test_what_is_no_secret_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="openssl rand -base64 32") as caught:
        parse_secret(text)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_both_keys_hold_while_a_key_is_rotated() -> None:
    headers = signed_headers([KEY, OTHER], ID, TIME_S, BODY)
    assert headers["webhook-signature"].count("v1,") == 2
    for receiver in ([KEY], [OTHER], [OTHER, KEY]):
        assert verify(receiver, headers, BODY, TIME_S) is Verification.VALID
    assert verify([bytes(24)], headers, BODY, TIME_S) is Verification.WRONG_SIGNATURE


def test_header_names_in_any_case_and_signatures_of_other_versions() -> None:
    headers = signed_headers([KEY], ID, TIME_S, BODY)
    shouted = {name.upper(): value for name, value in headers.items()}
    shouted["WEBHOOK-SIGNATURE"] = "v1a,abc v2,def " + shouted["WEBHOOK-SIGNATURE"] + " v1,Zm9v"
    assert verify([KEY], shouted, BODY, TIME_S) is Verification.VALID


@pytest.mark.parametrize(
    ("age_s", "found"),
    [
        (0, Verification.VALID),
        (300, Verification.VALID),
        (-300, Verification.VALID),
        (301, Verification.TOO_OLD),
        (-301, Verification.TOO_NEW),
    ],
)
def test_a_replay_is_refused_after_five_minutes(age_s: int, found: Verification) -> None:
    headers = signed_headers([KEY], ID, TIME_S, BODY)
    assert verify([KEY], headers, BODY, TIME_S + age_s) is found


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header(name: str) -> None:
    headers = signed_headers([KEY], ID, TIME_S, BODY)
    assert verify([KEY], headers | {name: ""}, BODY, TIME_S) is Verification.HEADER_MISSING
    del headers[name]
    assert verify([KEY], headers, BODY, TIME_S) is Verification.HEADER_MISSING


@pytest.mark.parametrize("text", ["soon", "-1", "1.5", "１６１４２６５３３０", "9" * 400, "1_614_265_330"])
def test_a_timestamp_that_is_none(text: str) -> None:
    headers = signed_headers([KEY], ID, TIME_S, BODY) | {"webhook-timestamp": text}
    assert verify([KEY], headers, BODY, TIME_S) is Verification.BAD_TIMESTAMP


@pytest.mark.parametrize("signature", ["v1", "v1,", "v1,é", "v2," + "A" * 44, ",", " "])
def test_a_signature_that_is_none(signature: str) -> None:
    headers = signed_headers([KEY], ID, TIME_S, BODY) | {"webhook-signature": signature}
    assert verify([KEY], headers, BODY, TIME_S) is Verification.WRONG_SIGNATURE


def test_without_keys_nothing_is_valid() -> None:
    assert verify([], signed_headers([KEY], ID, TIME_S, BODY), BODY, TIME_S) is Verification.WRONG_SIGNATURE


@given(st.binary(min_size=1, max_size=200), st.data())
def test_every_changed_byte_is_noticed(body: bytes, data: st.DataObject) -> None:
    headers = signed_headers([KEY], ID, TIME_S, body)
    place = data.draw(st.integers(0, len(body) - 1))
    changed = bytearray(body)
    changed[place] ^= data.draw(st.integers(1, 255))
    assert verify([KEY], headers, bytes(changed), TIME_S) is Verification.WRONG_SIGNATURE
    assert verify([KEY], headers | {"webhook-id": ID + "x"}, body, TIME_S) is Verification.WRONG_SIGNATURE
    moved = headers | {"webhook-timestamp": str(TIME_S + 1)}
    assert verify([KEY], moved, body, TIME_S) is Verification.WRONG_SIGNATURE
