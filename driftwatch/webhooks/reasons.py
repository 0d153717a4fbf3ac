"""What an attempt came to: the closed list of reasons, the same word in metric, log, status and outbox."""

from __future__ import annotations

import ssl
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """`delivered`, or why an attempt failed."""

    DELIVERED = "delivered"
    TIMEOUT = "timeout"
    """No whole answer within the deadline, wherever it stood still."""
    DNS = "dns"
    CONNECT = "connect"
    TLS_EXPIRED = "tls_expired"
    TLS_WRONG_HOST = "tls_wrong_host"
    TLS_UNKNOWN_CA = "tls_unknown_ca"
    TLS = "tls"
    NO_ANSWER = "no_answer"
    """The connection ended, or spoke something else than HTTP, before there was an answer."""
    TOO_LARGE = "too_large"
    """The answer's headers did not end within the limit."""
    REDIRECT = "redirect"
    ADDRESS_REFUSED = "address_refused"
    """The host has no address that this endpoint may be sent to (F23)."""
    BAD_URL = "bad_url"
    """The address cannot be read, or is none."""
    BAD_KEY = "bad_key"
    """The signing secret or a token cannot be read, or is none."""
    HTTP_400 = "http_400"
    HTTP_401 = "http_401"
    HTTP_403 = "http_403"
    HTTP_404 = "http_404"
    HTTP_408 = "http_408"
    HTTP_409 = "http_409"
    HTTP_410 = "http_410"
    HTTP_429 = "http_429"
    HTTP_4XX = "http_4xx"
    HTTP_500 = "http_500"
    HTTP_502 = "http_502"
    HTTP_503 = "http_503"
    HTTP_504 = "http_504"
    HTTP_5XX = "http_5xx"
    HTTP_OTHER = "http_other"
    SMTP_4XX = "smtp_4xx"
    SMTP_5XX = "smtp_5xx"
    SMTP_AUTH = "smtp_auth"
    """The mail server refused user name or password."""
    INTERNAL = "internal"
    """A fault of our own; the log has it in full."""


FAILING: Final = "failing_5_days"
"""Why an endpoint was disabled that answered nothing but failures for too long (F26)."""

_VALUES: Final = frozenset(reason.value for reason in Reason)
_VERIFY_CODES: Final = {
    10: Reason.TLS_EXPIRED,  # X509_V_ERR_CERT_HAS_EXPIRED
    18: Reason.TLS_UNKNOWN_CA,  # X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
    19: Reason.TLS_UNKNOWN_CA,  # X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
    20: Reason.TLS_UNKNOWN_CA,  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    21: Reason.TLS_UNKNOWN_CA,  # X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
    62: Reason.TLS_WRONG_HOST,  # X509_V_ERR_HOSTNAME_MISMATCH
    64: Reason.TLS_WRONG_HOST,  # X509_V_ERR_IP_ADDRESS_MISMATCH
}


def reason_of_status(status: int) -> Reason:
    """What an HTTP status means: 2xx is delivered, everything else is a failure (Standard Webhooks 1.0.0)."""
    if 200 <= status < 300:
        return Reason.DELIVERED
    if 300 <= status < 400:
        return Reason.REDIRECT
    named = f"http_{status}"
    if named in _VALUES:
        return Reason(named)
    return {4: Reason.HTTP_4XX, 5: Reason.HTTP_5XX}.get(status // 100, Reason.HTTP_OTHER)


def reason_of_tls(error: ssl.SSLError) -> Reason:
    """What went wrong in a handshake, from OpenSSL's code."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY_CODES.get(error.verify_code, Reason.TLS)
    return Reason.TLS
