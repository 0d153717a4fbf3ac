"""A real broker that asks who is there: TLS with client certificates, and SASL with every mechanism we pass through."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from tests.integration.broker import Broker

USER = "alice"
PASSWORD = "canary-password"
_MODULES = "org.apache.kafka.common.security"


class SecuredBroker(Broker):
    """Adds three listeners to the plain one, through which the tests arrange topics and users."""

    def __init__(self, certificates: Path) -> None:
        super().__init__()
        self._certificates = certificates
        self.ports = dict(zip(("SSL", "SASLP", "SASLS"), _free_ports(3), strict=True))

    def _format(self, attempt: int) -> None:
        super()._format(attempt)
        file = self.directory / "server.properties"
        given = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
        more = [f"{name}://127.0.0.1:{port}" for name, port in self.ports.items()]
        settings = {
            "listeners": ",".join([given["listeners"], *more]),
            "advertised.listeners": ",".join([given["advertised.listeners"], *more]),
            "listener.security.protocol.map": given["listener.security.protocol.map"]
            + ",SSL:SSL,SASLP:SASL_PLAINTEXT,SASLS:SASL_SSL",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._certificates / "server.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self._certificates / "ca.crt"),
            "listener.name.ssl.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        }
        plain = f'{_MODULES}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
        scram = f"{_MODULES}.scram.ScramLoginModule required;"
        token = (
            f'{_MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="{USER}";'
        )
        for name in ("saslp", "sasls"):
            settings[f"listener.name.{name}.plain.sasl.jaas.config"] = plain
            settings[f"listener.name.{name}.scram-sha-256.sasl.jaas.config"] = scram
            settings[f"listener.name.{name}.scram-sha-512.sasl.jaas.config"] = scram
            settings[f"listener.name.{name}.oauthbearer.sasl.jaas.config"] = token
        file.write_text("".join(f"{key}={value}\n" for key, value in (given | settings).items()))

    def add_scram_user(self) -> None:
        with KafkaAdminClient(bootstrap_servers=self.bootstrap_servers) as admin:
            for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
                said = admin.alter_user_scram_credentials(
                    [UserScramCredentialUpsertion(USER, mechanism, PASSWORD)]
                )
                assert said == {USER: None}


def make_certificates(directory: Path) -> None:
    """An authority, and a certificate of the broker and of a client, signed by it."""
    _openssl(
        directory, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=authority"
    )
    (directory / "names").write_text("subjectAltName=IP:127.0.0.1")
    for name in ("server", "client"):
        _openssl(
            directory, f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
        )
        _openssl(
            directory,
            f"x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out {name}.crt",
        )
    _openssl(directory, "rsa -aes256 -passout pass:canary-key -in client.key -out client-locked.key")
    parts = [(directory / name).read_text() for name in ("server.key", "server.crt", "ca.crt")]
    (directory / "server.pem").write_text("".join(parts))


def unsecured_token(lifetime_s: int = 600) -> str:
    """A JSON web token without a signature, which a broker for tests accepts (RFC 7519, section 6)."""
    now = int(time.time())
    return ".".join([_part({"alg": "none"}), _part({"sub": USER, "iat": now, "exp": now + lifetime_s}), ""])


def _part(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def _openssl(directory: Path, arguments: str) -> None:
    program = shutil.which("openssl")
    assert program is not None
    subprocess.run([program, *arguments.split()], cwd=directory, check=True, capture_output=True)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
