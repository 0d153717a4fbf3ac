"""What is said of an endpoint that does not fit its type."""

from __future__ import annotations

from typing import Any

import pytest

from driftwatch.config.checks import check
from driftwatch.config.errors import Mistake
from driftwatch.config.spec import Configuration
from tests.config.files import good

TOKEN = {"env": "TOKEN"}


def found(**keys: Any) -> list[Mistake]:
    data = good()
    data["endpoints"] = [{"name": "e", "url": "https://x.example", **keys}]
    Configuration.model_validate(data)
    return check(data)


def only(**keys: Any) -> Mistake:
    (one,) = found(**keys)
    return one


@pytest.mark.parametrize(
    "right",
    [
        {"type": "alertmanager", "peers": ["http://am-1:9093"], "resend_every": "30s"},
        {"type": "alertmanager", "on": ["page", "ticket"]},
        {"type": "pagerduty", "token": TOKEN},
        {"type": "github", "token": TOKEN, "options": {"owner": "a", "repository": "b"}},
        {"type": "airflow", "username": "u", "password": TOKEN, "options": {"dag": "d", "api": "v1"}},
        {"type": "argo-events", "secret": TOKEN, "token": TOKEN},
        {"type": "mlflow", "on": ["retrain"]},
        {"type": "webhook", "secret": TOKEN, "token": TOKEN},
    ],
)
def test_nothing_to_say_of_a_right_one(right: dict[str, Any]) -> None:
    assert found(**right) == []


def test_options_are_known_and_there() -> None:
    one = only(type="airflow", options={"dagg": "d", "dag": "d"})
    assert (one.path[-1], one.write) == ("dagg", "`dag` (did you mean that?)")
    assert "needs the option `dag`" in only(type="airflow").message
    assert only(type="airflow", options={"dag": "d", "api": "v3"}).write == "one of `v2`, `v1`"
    assert only(type="slack", options={"dag": "d"}).write == "no `options`"


def test_credentials_are_those_that_the_type_takes() -> None:
    assert "needs a `token`" in only(type="pagerduty").message
    assert only(type="discord", token=TOKEN).message == "`token` is not used by type discord"
    one = only(type="airflow", secret=TOKEN, options={"dag": "d"})
    assert one.write == "`password` or `token` or `username` in its place"
    assert "without `password`" in only(type="mlflow", username="u").message
    assert "both there" in only(type="mlflow", username="u", password=TOKEN, token=TOKEN).message


def test_kinds_are_those_that_the_type_takes() -> None:
    one = only(type="alertmanager", on=["alert", "retrain"])
    assert (one.path[-2:], one.write) == (("on", 1), "`alert.firing` or `alert.resolved`")
    assert "takes no `alert`" in only(type="kubeflow", on=["alert"], options={"pipeline_id": "p"}).message
    assert "never of `alert.resolved`" in only(type="alertmanager", on=["alert.firing"]).message


def test_peers_are_for_alertmanager_and_each_is_there_once() -> None:
    assert "alertmanager only" in only(type="slack", peers=["http://x"]).message
    assert "alertmanager only" in only(type="slack", resend_every="1m").message
    assert "twice" in only(type="alertmanager", url="http://a:1", peers=["http://a:1/"]).message
    assert "does not begin with http" in only(type="alertmanager", peers=["am:9093"]).message


def test_an_address_that_gets_a_path_has_no_query() -> None:
    assert only(type="alertmanager", url="https://x.example/?a=1").write == "the server's address"


def test_a_mail_server_has_an_address_of_its_own_kind() -> None:
    options = {"from": "a@example.com", "to": "b@example.com"}
    mail = {"type": "email", "options": options}
    assert found(**mail, url="smtps://mail.example.com", username="u", password=TOKEN) == []
    assert only(**mail).write == "an address such as smtp://mail.example.com:587"
    assert only(**mail, url="smtp://m", token=TOKEN).write == "`password` or `username` in its place"
    assert "needs the option `to`" in only(type="email", url="smtp://m", options={"from": "a@b"}).message
    assert "does not begin with http" in only(type="slack", url="smtp://m").message
