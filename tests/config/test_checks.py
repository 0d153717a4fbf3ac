from collections.abc import Callable
from typing import Any

import pytest

from driftwatch.config.checks import KINDS, check, url_fault
from driftwatch.config.errors import Mistake
from driftwatch.config.spec import Configuration
from tests.config.files import good


def found(change: Callable[[Any], Any]) -> list[Mistake]:
    data = good()
    change(data)
    return check(data)


def only(change: Callable[[Any], Any]) -> Mistake:
    (one,) = found(change)
    return one


def test_nothing_to_say_of_a_right_file() -> None:
    assert found(lambda d: None) == []


def test_names_are_unique() -> None:
    one = only(lambda d: d["models"].append({**d["models"][0]}))
    assert (one.path, one.message) == (
        ("models", 1, "name"),
        "the model name `credit` is there twice, first in entry 1 of `models`",
    )
    assert only(lambda d: d["endpoints"].append({**d["endpoints"][0]})).path == ("endpoints", 1, "name")
    assert only(lambda d: d["models"][0]["rules"].append({"name": "moved", "when": "psi > 1"})).path[-3:] == (
        "rules",
        1,
        "name",
    )


@pytest.mark.parametrize("server", ["kafka", "kafka:0", "kafka:99999", "http://kafka:9092", "a b:1", ""])
def test_broker_addresses(server: str) -> None:
    assert only(lambda d: d["kafka"].update(bootstrap_servers=["ok:1", server])).path == (
        "kafka",
        "bootstrap_servers",
        1,
    )
    assert found(lambda d: d["kafka"].update(bootstrap_servers=["[::1]:9092", "10.0.0.1:9092"])) == []


def test_sasl_needs_its_parts() -> None:
    assert (
        "`sasl_mechanism` is missing"
        in only(lambda d: d["kafka"].update(security_protocol="SASL_SSL")).message
    )
    scram = {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-256"}
    assert len(found(lambda d: d["kafka"].update(scram))) == 2
    assert (
        found(lambda d: d["kafka"].update(scram, sasl_username={"env": "U"}, sasl_password={"env": "P"}))
        == []
    )
    token = {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"}
    assert "`sasl_token` is missing" in only(lambda d: d["kafka"].update(token)).message
    assert (
        "`security_protocol` is PLAINTEXT"
        in only(lambda d: d["kafka"].update(sasl_mechanism="PLAIN")).message
    )
    assert only(lambda d: d["kafka"].update(ssl_keyfile="k.pem")).path == ("kafka", "ssl_keyfile")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://ci.example.com/x?y=1", ""),
        ("http://[::1]:8080/", ""),
        ("ftp://x", "begin"),
        ("https://", "no host"),
        ("http://[", "not an address"),
        ("http://a:99999/", "not an address"),
        ("http://a b/", "blank"),
        ("example.com", "begin"),
    ],
)
def test_addresses(url: str, fault: str) -> None:
    assert (fault in url_fault(url)) if fault else url_fault(url) == ""


def test_external_url_and_budget() -> None:
    assert only(lambda d: d.update(alerting={"external_url": "ftp://x"})).path == ("alerting", "external_url")
    assert "query" in only(lambda d: d.update(alerting={"external_url": "https://x/?a=1"})).message
    assert (
        only(lambda d: d.update(alerting={"budget": "often"})).write
        == "`1 per week`, or per hour, day, month, year"
    )
    assert found(lambda d: d.update(alerting={"budget": "0.5 per month"})) == []


def test_endpoints() -> None:
    one = only(lambda d: d["endpoints"][0].update(on=["retrain", "retrained"]))
    assert (one.path[-1], one.write) == (1, "`retrain` (did you mean that?)")
    assert found(lambda d: d["endpoints"][0].update(on=list(KINDS))) == []
    assert "nothing is ever sent" in only(lambda d: d["endpoints"][0].update(on=[])).message
    assert only(lambda d: d["endpoints"][0].update(severities=["loud"])).write == (
        "one of `warning`, `drift`, `ticket`, `page`"
    )
    assert only(lambda d: d["endpoints"][0].update(allow_networks=["10.0.0.1/8"])).write == "10.0.0.0/8"
    assert "CIDR" in only(lambda d: d["endpoints"][0].update(allow_networks=["local"])).write
    assert (
        only(lambda d: d["endpoints"][0].update(models=["cred*", "crdit"])).write
        == "`credit` (did you mean that?)"
    )
    secret = "https://u:hunter2@"
    assert "hunter2" not in str(only(lambda d: d["endpoints"][0].update(url=secret)))


def test_dead_letters_must_not_come_back() -> None:
    assert only(lambda d: d.update(state={"dead_letter_topic": "l"})).path == ("state", "dead_letter_topic")
    assert found(lambda d: d.update(state={"dead_letter_topic": "dead"})) == []


def test_wrong_parts_do_not_keep_others_from_being_checked() -> None:
    def change(d: Any) -> None:
        d["models"][0]["task"] = 7
        d["models"].append("nonsense")
        d["models"].append({"name": "credit"})
        d["endpoints"].append({"name": ["x"], "on": ["never"]})
        d["kafka"] = None

    assert {m.path for m in found(change)} == {("models", 2, "name"), ("endpoints", 1, "on", 0)}


@pytest.mark.parametrize("junk", [None, 1, "x", [], {}, {"models": 1}, {"models": [None]}, {"kafka": []}])
def test_any_data_is_survived(junk: Any) -> None:
    assert check(junk) == []


def test_the_kinds_are_those_of_the_spec() -> None:
    """The list here and the words in the key's description must not part."""
    described = Configuration.model_json_schema()["$defs"]["EndpointSpec"]["properties"]["on"]["description"]
    assert all(f"`{kind}`" in described for kind in KINDS)
