import inspect

import msgspec
import pytest

from driftwatch.telemetry import answers

TYPES = [
    t
    for _, t in inspect.getmembers(answers, inspect.isclass)
    if issubclass(t, msgspec.Struct) and t is not msgspec.Struct
]


@pytest.mark.parametrize("answer", TYPES, ids=lambda t: t.__name__)
def test_every_answer_is_immutable_and_says_what_it_is(answer: type[msgspec.Struct]) -> None:
    assert answer.__struct_config__.frozen
    assert answer.__doc__
    assert msgspec.json.schema(answer)


@pytest.mark.parametrize(
    "body", [b"{}", b'{"by": ""}', b'{"by": 1}', b'{"by": "x", "more": 1}', b'{"by": "%s"}' % (b"x" * 129)]
)
def test_a_bad_acknowledgement_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=answers.AcknowledgeRequest)
