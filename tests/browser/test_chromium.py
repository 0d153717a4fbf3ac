"""The checks themselves: a page with faults is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import browser, missing

pytestmark = [pytest.mark.slow, pytest.mark.skipif(missing() is not None, reason=str(missing()))]

FAULTY = """<!doctype html><html><title>t</title><body><img src="gone.png"><p style="color:#bbb;background:#fff">pale</p>
<script>console.error("broken")</script></body></html>"""


def test_faults_complaints_and_requests_are_seen(tmp_path: Path) -> None:
    page_file = tmp_path / "faulty.html"
    page_file.write_text(FAULTY)
    with browser() as page:
        page.goto(page_file.as_uri())
        faults = " ".join(page.faults())
        assert "color-contrast" in faults
        assert "image-alt" in faults
        assert "html-has-lang" in faults
        assert any("broken" in complaint for complaint in page.complaints)
        assert any(address.endswith("gone.png") for address in page.requests)
        page.screenshot(tmp_path / "a.png", height=100)
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
