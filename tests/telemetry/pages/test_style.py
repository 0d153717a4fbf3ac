import re

from driftwatch.telemetry.pages.style import STYLE


def colours(text: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", text))


LIGHT, DARK = (colours(part) for part in STYLE.split("@media (prefers-color-scheme: dark)")[:2])


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_has_contrast_in_light_and_dark() -> None:
    for palette in (LIGHT, DARK):
        for ink, back in [
            *((ink, back) for ink in ("ink", "soft", "link") for back in ("page", "card")),
            *((word, f"{word}-back") for word in ("ok", "warning", "drift", "quiet")),
            *(("ink", shade) for shade in ("h0", "h1", "h2", "h3")),
            ("h4-ink", "h4"),
        ]:
            least = 3.9 if "h4" in ink else 4.5
            assert contrast(palette[ink], palette[back]) >= least, (ink, back)


def test_pictures_can_be_told_apart_from_their_card() -> None:
    for palette in (LIGHT, DARK):
        for mark in ("now", "ok-fill", "drift-fill"):
            assert contrast(palette[mark], palette["card"]) >= 2.5, mark


def test_every_colour_that_is_used_is_defined_and_nothing_is_loaded() -> None:
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) <= set(colours(STYLE)) | {"band"}
    assert "url(" not in STYLE
    assert "@import" not in STYLE
