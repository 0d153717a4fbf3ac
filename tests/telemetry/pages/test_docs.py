from driftwatch.telemetry.api import OPERATIONS
from driftwatch.telemetry.pages.docs import docs_page
from tests.telemetry.markup import Seen


def test_the_docs_page_has_every_operation() -> None:
    text = docs_page()
    seen = Seen(text)
    assert "script" not in seen.tags
    for operation in OPERATIONS:
        assert operation.path in seen.words
        assert operation.summary in seen.words or "`" in operation.summary
