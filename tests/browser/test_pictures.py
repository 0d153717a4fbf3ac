from pathlib import Path

import pytest

from tests.browser.chromium import missing
from tests.browser.pictures import BYTES_MAX, IMAGES, make, shots

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_readme_shows_every_picture_and_each_is_small() -> None:
    text = README.read_text(encoding="utf-8")
    for shot in shots():
        path = IMAGES / f"{shot.name}.png"
        assert f"docs/images/{path.name}" in text
        assert 10_000 < path.stat().st_size <= BYTES_MAX


@pytest.mark.full
@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_they_can_be_made_again(tmp_path: Path) -> None:
    assert len(make(tmp_path)) == len(shots())
