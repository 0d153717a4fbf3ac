import re

import pytest

from dashboards.page import ANY
from tests.dashboards.filling import asked, escaped, filled, variables
from tests.dashboards.promql import metrics_in
from tests.dashboards.test_build import MADE


@pytest.mark.parametrize("value", ["PT", "a.b", 'F"R\\<b>.*', "x|y", "(", "c:\\d", "'"])
def test_a_hostile_value_stays_one_value(value: str) -> None:
    [(_, matchers)] = metrics_in(filled('up{slice=~"$slice"}', {"slice": value}, {"slice"}))
    assert re.fullmatch(matchers["slice"][1], value)
    assert not re.fullmatch(matchers["slice"][1], value + "x")
    [(_, matchers)] = metrics_in(filled('up{slice="$slice"}', {"slice": value}, ()))
    assert matchers["slice"] == ("=", value)


def test_all_is_not_escaped_and_one_value_is_no_expression() -> None:
    assert filled('up{job=~"$job"}', {"job": ANY}, {"job"}) == 'up{job=~".+"}'
    assert escaped("a.b") == "a\\\\.b"
    assert filled('up{job="$job"}', {"job": "a.b"}, ()) == 'up{job="a.b"}'


def test_every_query_and_variable_is_asked() -> None:
    for made in MADE.values():
        names = [variable["name"] for variable in made["templating"]["list"]]
        values = dict.fromkeys(names, "x")
        targets = sum(len(panel.get("targets", [])) for panel in made["panels"])
        assert len(list(asked(made, values))) == targets > 0
        assert not any("$" in one.query for one in asked(made, values))
        assert {name for name, _, _ in variables(made, values)} == set(names) - {"datasource", "runbooks"}
