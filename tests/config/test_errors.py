from typing import Any

import pytest
from pydantic import ValidationError

from driftwatch.config.errors import Mistake, translate
from driftwatch.config.spec import Configuration
from tests.config.files import good


def told(change: Any) -> list[Mistake]:
    data = good()
    change(data)
    with pytest.raises(ValidationError) as caught:
        Configuration.model_validate(data)
    return translate(caught.value, data)


def only(change: Any) -> Mistake:
    (one,) = told(change)
    return one


def test_the_starting_point_is_right() -> None:
    Configuration.model_validate(good())


def test_an_unknown_key_names_the_one_that_was_meant() -> None:
    one = only(lambda d: d["kafka"].update(group="x"))
    assert one == Mistake(("kafka", "group"), "unknown key `group`", "`group_id` (did you mean that?)", True)
    far = only(lambda d: d["models"][0].update(zzz=1))
    assert far.write.startswith("one of `name`, `task`")


def test_a_missing_key_says_where_and_what_to_write() -> None:
    one = only(lambda d: d["models"][0]["labels"].pop("label"))
    assert one.path == ("models", 0, "labels")
    assert one.message == "`label` is missing in models[0].labels"
    assert one.write.startswith("`label:` a dotted path such as output.probability  # The label: 0/1")
    assert only(lambda d: d.pop("kafka")).message == "`kafka` is missing"


def test_a_closed_list_is_listed_with_the_nearest() -> None:
    one = only(lambda d: d["models"][0].update(task="bianry"))
    assert one.message == "`task` is `bianry`, which does not fit here"
    assert one.write == "one of binary, multiclass, regression (did you mean `binary`?)"


def test_durations_numbers_and_quotes() -> None:
    assert "5 is not a duration" in only(lambda d: d["models"][0]["windows"][0].update(size=5)).message
    assert "for example 30s" in only(lambda d: d["models"][0]["windows"][0].update(size="5 min")).write
    out = only(lambda d: d.update(http={"port": 70_000}))
    assert (out.message, out.write) == (
        "`port` is 70000, which is out of range",
        "a whole number from 0 to 65535",
    )
    assert only(lambda d: d["endpoints"][0].update(on=[5])).write == 'quotes around it: "5"'
    assert (
        only(lambda d: d["models"][0]["predictions"].update(threshold=float("nan"))).path[-1] == "threshold"
    )


def test_an_empty_list_is_called_empty() -> None:
    assert only(lambda d: d["models"][0].update(windows=[])).message == "`windows` is empty"
    assert (
        only(lambda d: d.update(kafka={"bootstrap_servers": None})).message
        == "`bootstrap_servers` has no value"
    )


def test_a_union_tells_only_of_the_branch_that_was_meant() -> None:
    one = only(lambda d: d["endpoints"][0].update(url={"fiel": "/x"}))
    assert (one.path, one.write) == (("endpoints", 0, "url", "fiel"), "`file` (did you mean that?)")
    assert only(lambda d: d["models"][0].update(reference={"learn": "a week"})).path == (
        "models",
        0,
        "reference",
        "learn",
    )
    many = told(
        lambda d: d["models"][0].update(
            reference=[{"learn": "7d"}, {"path": "x", "learn": "7d"}, {"pth": "x"}]
        )
    )
    assert [m.path for m in many] == [("models", 0, "reference", 1), ("models", 0, "reference", 2, "pth")]
    assert (
        only(lambda d: d["models"][0]["predictions"].update(time={"path": "t", "unit": "sec"})).path[-1]
        == "unit"
    )
    assert only(lambda d: d["models"][0].update(slices=[{"a": 1}])).message.endswith(
        "is a mapping, which does not fit here"
    )


def test_a_secret_written_down_is_never_repeated() -> None:
    for value in ("hunter2", 20_202_020):
        one = only(lambda d, value=value: d["kafka"].update(sasl_password=value))
        assert one.message == "`sasl_password` holds the secret itself"
        assert one.write == "{file: PATH} or {env: NAME}"
    assert (
        "exactly one" in only(lambda d: d["kafka"].update(sasl_password={"file": "/x", "env": "X"})).message
    )


def test_control_characters_and_long_texts_are_cut_and_escaped() -> None:
    one = only(lambda d: d["models"][0].update(task="\x1b[31m" + "x" * 500))
    assert "\x1b" not in one.message
    assert len(one.message) < 120


def test_a_bad_path_as_a_key() -> None:
    one = only(lambda d: d["models"][0]["predictions"].update(where={"": 1}))
    assert one.on_key
    assert "where" in one.path
