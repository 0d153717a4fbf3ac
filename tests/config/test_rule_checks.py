from typing import Any

import pytest

from driftwatch.config.errors import Mistake
from driftwatch.config.parts import Parts
from driftwatch.config.rule_checks import check_rules, check_statistics
from tests.config.files import good


def found(labels: bool = True, task: str = "binary", **rule: Any) -> list[Mistake]:
    data = good()
    model = data["models"][0]
    model["task"] = task
    model["slices"] = ["country", ["country", "channel"]]
    if not labels:
        del model["labels"]
    model["rules"] = [{"name": "r", "when": "psi > 0.2", **rule}]
    return list(check_rules(Parts(data), ("models", 0)))


def only(**rule: Any) -> Mistake:
    (one,) = found(**rule)
    return one


def test_nothing_to_say_of_right_rules() -> None:
    assert found() == []
    assert (
        found(when="accuracy_decay.lower > 0.02 for 3 panes", slices=["country=*", "all"], windows=["1*"])
        == []
    )


def test_an_unknown_statistic_names_the_nearest() -> None:
    one = only(when="pzi > 0.2")
    assert one.path == ("models", 0, "rules", 0, "when")
    assert (one.message, one.write) == ("there is no statistic 'pzi'", "did you mean 'psi'?")


def test_a_condition_that_is_none_says_its_form() -> None:
    assert "STATISTIC[.lower|.upper] >|< NUMBER" in only(when="psi is high").write


def test_statistics_on_labels_need_labels() -> None:
    (one,) = found(labels=False, when="accuracy_decay.lower > 0")
    assert one.message == "`accuracy_decay` rests on labels, and the model has none"
    assert found(labels=False) == []


def test_statistics_must_fit_the_task() -> None:
    one = only(when="mae > 1")
    assert one.message == "`mae` is not computed for a binary model"
    assert "accuracy" in one.write
    assert found(task="regression", when="mae > 1") == []


def test_windows_must_exist() -> None:
    one = only(windows=["1d"])
    assert (one.message, one.write) == ("the pattern `1d` matches no window", "one of `1h`")


@pytest.mark.parametrize(
    "pattern", ["all", "*", "country=*", "country=PT", "country=PT,channel=*", "c*=PT", "?ountry=x"]
)
def test_slice_patterns_that_may_match(pattern: str) -> None:
    assert found(slices=[pattern]) == []


@pytest.mark.parametrize("pattern", ["contry=PT", "channel=web", "channel=a,country=b", "country", "any"])
def test_slice_patterns_that_match_nothing(pattern: str) -> None:
    assert only(slices=[pattern]).message == f"the pattern `{pattern}` matches no declared slice"


def test_asked_statistics_and_variants_are_known_and_fit() -> None:
    def asked(**statistics: object):
        data = good()
        data["models"][0]["statistics"] = statistics
        return list(check_statistics(Parts(data), ("models", 0)))

    assert asked(also=["all", "wasserstein", "auc"], variants={"psi": "classic", "ks": "exact"}) == []
    (one,) = asked(also=["psi", "waserstein"])
    assert one.path == ("models", 0, "statistics", "also", 1)
    assert "wasserstein" in one.write
    (one,) = asked(also=["mae"])
    assert "binary" in one.message
    (one,) = asked(variants={"psi": "evidently-0.7"})
    assert one.path == ("models", 0, "statistics", "variants", "psi")
    assert "change with every window" in one.message
    assert one.write == "there is classic"
