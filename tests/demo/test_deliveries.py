"""Only what arrived as it should completes an act, and only a verified request reaches the retrainer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from driftwatch.alerts.alert import Alert, AlertState
from driftwatch.alerts.messages import About, alert_notification
from driftwatch.alerts.notifications import NotificationType
from driftwatch.demo.acts import Act
from driftwatch.demo.deliveries import Deliveries
from driftwatch.demo.receiver import RETRAIN_PATH, SLACK_PATH, Delivery
from driftwatch.demo.retrainer import Request
from driftwatch.verdicts.verdict import Finding
from driftwatch.webhooks.signing import Verification
from driftwatch.webhooks.slack import slack_body

REQUEST: dict[str, Any] = {
    "type": "retrain.requested",
    "data": {
        "episode": {"id": "ep_1"},
        "links": {"acknowledge": "http://localhost/a"},
        "why": [{"findings": [{"since": "2024-01-01T00:00:00.000Z"}]}],
    },
}


class Read:
    """What one delivery leads to."""

    def __init__(self, delivery: Delivery) -> None:
        self.taken: list[Request] = []
        (self.told,) = Deliveries(self.taken.append).read(delivery)


def test_a_slack_message_is_shown_as_people_read_it() -> None:
    breach = Finding("a<b", "psi", "1h", "country=PT", "income", 0.9, 0.9, 0.9, 0.25, 1_500, 0)
    firing = AlertState.FIRING
    alert = Alert("f", "credit", "1", "a<b", "input", "drift", firing, 0, 0, findings=(breach,))
    notification = alert_notification(alert, NotificationType.ALERT_FIRING, 0, About("http://localhost:9464"))
    content = msgspec.json.decode(slack_body(notification))
    told = Read(Delivery(SLACK_PATH, "", content, None)).told
    assert (told.who, told.text) == ("slack", "Drift in credit: a<b")
    assert told.act is Act.SLACK
    assert any("income in country=PT" in line and "0.9" in line for line in told.details)
    assert told.details[-1] == "Open the alert: http://localhost:9464/alerts/f"
    assert not {"*", "`", "&"} & set("".join(told.details))


@pytest.mark.parametrize("content", [{}, {"text": " \n"}])
def test_a_message_without_text_is_no_message(content: dict[str, Any]) -> None:
    assert Read(Delivery(SLACK_PATH, "", content, None)).told.act is None


def test_a_verified_request_goes_to_the_retrainer() -> None:
    read = Read(Delivery(RETRAIN_PATH, "msg_1", REQUEST, Verification.VALID))
    assert read.taken == [Request("ep_1", "http://localhost/a", 1_704_067_200_000)]
    assert read.told.act is Act.REQUEST
    assert "msg_1" in read.told.text


def test_a_request_that_is_not_verified_goes_nowhere() -> None:
    read = Read(Delivery(RETRAIN_PATH, "msg_1", {}, Verification.WRONG_SIGNATURE))
    assert read.taken == []
    assert read.told.act is None
    assert "refuses msg_1: wrong_signature" in read.told.text


def test_a_verified_request_that_says_nothing_goes_nowhere() -> None:
    read = Read(Delivery(RETRAIN_PATH, "msg_1", {"type": "retrain.requested"}, Verification.VALID))
    assert read.taken == []
    assert read.told.act is None


def test_the_end_of_an_episode_asks_for_nothing() -> None:
    read = Read(Delivery(RETRAIN_PATH, "msg_2", REQUEST | {"type": "retrain.ended"}, Verification.VALID))
    assert read.taken == []
    assert read.told.act is None
    assert "retrain.ended" in read.told.text
