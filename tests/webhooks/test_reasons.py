"""The closed list of reasons: what every status and every TLS failure is called."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from driftwatch.webhooks.reasons import Reason, reason_of_status, reason_of_tls

DOCS = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"


@pytest.mark.parametrize("status", [*range(200, 300)])
def test_only_2xx_is_delivered(status: int) -> None:
    assert reason_of_status(status) is Reason.DELIVERED


@pytest.mark.parametrize("status", [*range(100, 200), *range(300, 600), 600, 999])
def test_nothing_else_is_delivered(status: int) -> None:
    assert reason_of_status(status) is not Reason.DELIVERED


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (301, "redirect"),
        (302, "redirect"),
        (304, "redirect"),
        (308, "redirect"),
        (400, "http_400"),
        (401, "http_401"),
        (403, "http_403"),
        (404, "http_404"),
        (408, "http_408"),
        (409, "http_409"),
        (410, "http_410"),
        (418, "http_4xx"),
        (429, "http_429"),
        (500, "http_500"),
        (503, "http_503"),
        (599, "http_5xx"),
        (101, "http_other"),
        (777, "http_other"),
    ],
)
def test_each_status_has_a_name(status: int, reason: str) -> None:
    assert reason_of_status(status).value == reason


def test_tls_failures_without_a_certificate_are_told_apart_from_those_with_one() -> None:
    assert reason_of_tls(ssl.SSLError("handshake failure")) is Reason.TLS
    expired = ssl.SSLCertVerificationError("certificate has expired")
    expired.verify_code = 10
    assert reason_of_tls(expired) is Reason.TLS_EXPIRED
    revoked = ssl.SSLCertVerificationError("certificate revoked")
    revoked.verify_code = 23
    assert reason_of_tls(revoked) is Reason.TLS


def test_the_documentation_lists_every_reason() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert [reason.value for reason in Reason if f"`{reason.value}`" not in text] == []
