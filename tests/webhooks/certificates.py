"""Certificates for tests, made by openssl: a right one and every kind of wrong one."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

NAME = "hook.test"


class Authority:
    """A certificate authority of its own in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("openssl is missing: install the package openssl")
        self._folder = folder
        self._made = 0
        self._run(
            "req", "-x509", *self._key("ca"), "-out", "ca.pem", "-days", "2", "-subj", "/CN=test authority"
        )

    def client(self) -> ssl.SSLContext:
        """Trusts this authority only."""
        return ssl.create_default_context(cafile=str(self._folder / "ca.pem"))

    def server(self, name: str = NAME, days: int = 2) -> ssl.SSLContext:
        """A server whose certificate is for `name` and ends in `days`."""
        self._made += 1
        leaf = f"leaf{self._made}"
        kind = "IP" if name[0].isdigit() else "DNS"
        (self._folder / "names").write_text(f"subjectAltName={kind}:{name}")
        self._run("req", *self._key(leaf), "-out", f"{leaf}.csr", "-subj", f"/CN={name}")
        signed = ["-req", "-in", f"{leaf}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
        self._run("x509", *signed, "-out", f"{leaf}.pem", "-days", str(days), "-extfile", "names")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / f"{leaf}.pem", self._folder / f"{leaf}.key")
        return context

    def _key(self, name: str) -> list[str]:
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        return [*curve, "-nodes", "-keyout", f"{name}.key"]

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(
            ["openssl", *arguments], cwd=self._folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
