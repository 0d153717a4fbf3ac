from driftwatch.config.parts import Parts
from driftwatch.windows.spec import WindowSpec
from tests.config.files import good

PARTS = Parts({**good(), "windows": [{"size": "1h", "slide": "5m"}, {"size": "x", "slide": "5m"}, 7]})


def test_values_at_paths() -> None:
    assert PARTS.value(("models", 0, "task")) == "binary"
    assert PARTS.value(("models", 9, "task")) is None
    assert PARTS.value(("models", "task")) is None
    assert PARTS.text(("models", 0, "windows")) is None
    assert PARTS.entries(("kafka",)) == []
    assert PARTS.texts(("models", 0, "slices")) == [(("models", 0, "slices", 0), "country")]


def test_only_right_parts_are_handed_out() -> None:
    found = list(PARTS.parts(("windows",), WindowSpec))
    assert [(path, window.slide) for path, window in found] == [(("windows", 0), 300_000)]
    assert PARTS.part(("windows", 2), WindowSpec) is None
