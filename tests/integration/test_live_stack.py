"""The whole stack with real Kafka, Prometheus and Alertmanager: every query has data, and a drift reaches people."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboards.build import DASHBOARDS
from dashboards.page import ANY
from driftwatch.source.embedded import RecordProducer
from tests.dashboards.filling import Asked, asked, filled, several_of, variables
from tests.dashboards.promql import metrics_in
from tests.deploy.alerts import CASES, rules
from tests.integration.broker import Broker
from tests.integration.lender import HOSTILE, PETS, PRICE, Lender
from tests.integration.stack import Stack
from tests.waiting import stays, until

pytestmark = [pytest.mark.slow]

CREDIT = {
    "job": "driftwatch",
    "instance": ANY,
    "model": "credit-default",
    "version": "1",
    "window": "1h",
    "slice": "country=PT",
    "feature": "income",
}
FILLINGS: tuple[dict[str, str], ...] = (
    CREDIT,
    {**CREDIT, "slice": f"country={HOSTILE}", "feature": "device"},
    {**CREDIT, "model": "price", "version": "default", "slice": "all", "feature": "area"},
    {**CREDIT, "model": "pets", "version": "default", "slice": "all", "feature": "weight"},
)
"""A binary model with a numeric and with a categorical feature and a hostile slice, a regression and a multiclass model."""

CALM = "nothing of the kind is wrong in this stack"
MAY_BE_EMPTY = {"reason", "feature", "version"}
"""Metric labels that can be the empty text, which Prometheus does not keep."""
EMPTY_RULES = {
    case.alert: CALM
    for case in CASES
    if case.alert not in ("DriftwatchModelDrift", "DriftwatchModelWarning", "DriftwatchRetrainingUnanswered")
}
"""Alerts whose expression rightly returns nothing here; promtool's unit tests prove each of them with series of its own."""


@pytest.fixture
def stack(kafka: Broker, tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path, kafka, [PRICE, PETS]) as running:
        yield running


class Story:
    """The stack, its traffic, and when it began."""

    def __init__(self, stack: Stack, kafka: Broker) -> None:
        self.stack = stack
        self.began_s = time.time()
        self._producer = RecordProducer(kafka.bootstrap_servers)
        self._lender = Lender()
        self._sent: Counter[str] = Counter()

    def send(self, hours: float, **how: Any) -> None:
        """The next hours of event time, and wait until they are counted: labels are learned from as far as they are read."""
        for record in self._lender.stretch(hours, **how):
            topic = self.stack.topics[record.topic]
            self._producer.send(topic, record.key, record.value, record.time_ms)
            self._sent[topic] += 1
        assert self._producer.flush(30) == 0
        until(lambda: self.stack.offsets() == self._sent, 60, "everything is counted", every_s=0.1)

    def sees(self, query: str, within_s: float = 60) -> list[dict[str, Any]]:
        """Wait until an instant query returns something."""
        return until(lambda: self.stack.ask(query), within_s, query, every_s=0.5)

    def pages(self, status: str, **labels: str) -> list[dict[str, Any]]:
        """Alerts that Alertmanager has told the receiver of."""
        told = self.stack.received("/alertmanager/pages") + self.stack.received("/alertmanager/tickets")
        found = [alert for body in told for alert in body["alerts"] if alert["status"] == status]
        return [alert for alert in found if labels.items() <= alert["labels"].items()]


def test_drift_reaches_people_and_every_query_has_data(
    stack: Stack, kafka: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Story(stack, kafka)
    for _ in range(9):
        story.send(3)  # a day to learn from, and three calm hours
    story.sees('driftwatch_psi{model="credit-default",slice="country=PT",feature="income",window="1h"}', 90)
    assert story.pages("firing", alertname="DriftwatchModelDrift") == []
    silence = stack.amtool(
        "silence", "add", "--author=test", "--comment=known", "--duration=1h", "model=price"
    )
    story.send(2.5, drift=True)
    check_drift_is_told(story)
    check_the_silence_is_honoured(story)
    queries, marks = check_dashboards(story), check_annotations(story)
    listed, executed = check_variables(story), check_rules(story)
    stack.amtool("silence", "expire", silence)
    until(lambda: story.pages("firing", model="price"), 30, "what was silenced is told")
    story.send(3)
    until(lambda: story.pages("resolved", **DRIFT), 60, "the drift alert resolves")
    check_a_vanished_slice_vanishes(story)
    with capsys.disabled():
        print(
            f"\nlive stack: {queries} panel queries, {marks} annotations, {listed} variables, {executed} rules"
        )


DRIFT = {"alertname": "DriftwatchModelDrift", "model": "credit-default", "rule": "inputs moved"}


def check_drift_is_told(story: Story) -> None:
    """Once, with the words of the rule, on the way for pages."""
    [alert, *_] = until(lambda: story.pages("firing", **DRIFT), 60, "the drift alert arrives")
    assert alert["labels"]["severity"] == "page"
    assert alert["annotations"]["summary"] == "credit-default 1 drifts: inputs moved"
    assert alert["annotations"]["runbook_url"] == "docs/runbooks/DriftwatchModelDrift.md"
    assert any(DRIFT.items() <= one["labels"].items() for one in paged(story))
    assert until(lambda: story.stack.received("/slack"), 30, "driftwatch's own message")


def paged(story: Story) -> list[dict[str, Any]]:
    return [alert for body in story.stack.received("/alertmanager/pages") for alert in body["alerts"]]


def check_the_silence_is_honoured(story: Story) -> None:
    """Alertmanager holds the other model's alert, calls it suppressed by the silence, and tells nobody."""

    def suppressed() -> list[dict[str, Any]]:
        found = [alert for alert in story.stack.alerts() if alert["labels"].get("model") == "price"]
        return [alert for alert in found if alert["status"]["state"] == "suppressed"]

    [alert, *_] = until(suppressed, 60, "the price model's alert is suppressed")
    assert alert["status"]["silencedBy"]
    stays(lambda: not story.pages("firing", model="price"), 3, "nobody is told")


def check_dashboards(story: Story) -> str:
    """Every query of every panel returns data of the right shape for at least one of the fillings."""
    now_s = time.time()
    found: dict[str, list[str]] = {}
    for made in (make() for make in DASHBOARDS.values()):
        for values in FILLINGS:
            for one in asked(made, {**values, "datasource": "", "runbooks": ""}):
                series = (
                    story.stack.ask(one.query)
                    if one.instant
                    else story.stack.ask(one.query, story.began_s, now_s)
                )
                check_shape(one, series)
                found.setdefault(one.name, []).extend(["data"] * bool(series))
    empty = sorted(name for name, data in found.items() if not data)
    assert empty == [], "these returned nothing:\n" + "\n".join(empty)
    return f"{len(found) - len(empty)}/{len(found)}"


def check_shape(one: Asked, series: list[dict[str, Any]]) -> None:
    """The metric labels that legend, columns and bars need, no series twice, and a number among the values."""
    names = [tuple(sorted(each["metric"].items())) for each in series]
    assert len(set(names)) == len(names), one.name
    for each in series:
        labels = set(each["metric"])
        assert labels >= one.labels - MAY_BE_EMPTY, (one.name, labels)
        assert labels <= one.labels or not one.exact, (one.name, labels)
    values = [float(v) for each in series for _, v in each.get("values", [each.get("value")])]
    assert not values or any(math.isfinite(value) for value in values), one.name


def check_annotations(story: Story) -> str:
    """Every mark on the pictures is there for the model that drifts."""
    done = 0
    for made in (make() for make in DASHBOARDS.values()):
        for annotation in made["annotations"]["list"]:
            query = filled(annotation["expr"], CREDIT, several_of(made))
            assert story.stack.ask(query, story.began_s, time.time()), query
            done += 1
    return f"{done}/{done}"


def check_variables(story: Story) -> str:
    """Every variable lists what the fillings choose from it."""
    done = 0
    for made in (make() for make in DASHBOARDS.values()):
        for name, selector, label in variables(made, CREDIT):
            listed = {each["metric"].get(label) for each in story.stack.ask(selector)}
            assert CREDIT[name] in (*listed, ANY), name
            assert listed - {None}, name
            done += 1
    return f"{done}/{done}"


def check_rules(story: Story) -> str:
    """Every expression is executed: those of recording rules return data, those of alerts as listed; none has an error.

    Of an alert that is rightly silent here, every series that it looks at exists.
    """
    for rule in rules():
        name = rule.get("alert") or rule["record"]
        series = story.stack.ask(rule["expr"])
        if name in EMPTY_RULES:
            assert series == [], name
            check_what_it_looks_at(story, rule["expr"], name)
        else:
            assert series, name
    shown = story.stack.ask('count by (__name__) ({__name__=~"job_.+"})')
    assert {each["metric"]["__name__"] for each in shown} == {r["record"] for r in rules() if "record" in r}
    return f"{len(rules())}/{len(rules())} ({len(rules()) - len(EMPTY_RULES)} with data, {len(EMPTY_RULES)} rightly none)"


def check_what_it_looks_at(story: Story, expression: str, name: str) -> None:
    for metric, matchers in metrics_in(expression):
        pairs = ",".join(f'{label}{op}"{value}"' for label, (op, value) in matchers.items())
        assert story.stack.ask(f"{metric}{{{pairs}}}"), (name, metric)


def check_a_vanished_slice_vanishes(story: Story) -> None:
    """Its statistics are gone from queries as soon as it has no events, not minutes later; it is said to have none."""
    of = 'model="credit-default",slice="country=PT",window="1h"'
    assert story.stack.ask(f"driftwatch_psi{{{of}}}")
    story.send(2, without="PT")
    until(lambda: not story.stack.ask(f"driftwatch_psi{{{of}}}"), 60, "the slice vanishes")
    events = story.stack.ask(f'driftwatch_window_events{{{of},stream="predictions"}}')
    assert [each["value"][1] for each in events] == ["0"]
    assert story.stack.ask('driftwatch_psi{model="credit-default",slice="country=DE",window="1h"}')
