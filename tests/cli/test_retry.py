import json
from pathlib import Path

import pytest

from driftwatch.alerts.notifications import OutboxRow
from driftwatch.alerts.outbox import Attempt
from driftwatch.cli.program import run
from driftwatch.errors import ExitCode
from driftwatch.monitor.changes import Changes
from driftwatch.storage.outbox import SqliteOutbox, open_outbox
from driftwatch.storage.sqlite import open_checkpoint
from tests.config.files import GOOD

FAR = 4_000_000_000.0


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A daemon's state with four notifications for `ci`: delivered, given up, waiting, new."""
    path = tmp_path / "c.yaml"
    path.write_text(GOOD + "state: {directory: state}\n")
    checkpoint = open_checkpoint(tmp_path / "state")
    checkpoint.load()
    rows = [OutboxRow(f"msg_{i}", "ci", "retrain.requested", f"subject {i}", i, b"{}") for i in range(4)]
    checkpoint.commit(Changes(outbox=rows))
    checkpoint.close()
    outbox = open_outbox(tmp_path / "state")
    outbox.pending("ci", 10)
    for number, (state, next_at_s) in enumerate([("delivered", 0.0), ("abandoned", 0.0), ("pending", FAR)]):
        reason = "" if state == "delivered" else "status_500"
        outbox.record(Attempt(f"msg_{number}", "ci", 3, next_at_s, state, reason, 1.0, 2.0 + number))
    outbox.disable("ci", "status_410")
    outbox.close()
    return str(path)


def outbox_of(config: str) -> SqliteOutbox:
    return open_outbox(Path(config).parent / "state")


def due(config: str) -> list[str]:
    outbox = outbox_of(config)
    try:
        if outbox.disabled():
            return []
        return sorted(
            row.id for row, attempt in outbox.pending("ci", 10) if attempt is None or attempt.next_at_s == 0.0
        )
    finally:
        outbox.close()


def test_without_an_endpoint_all_are_listed(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["retry", "-c", config]) == ExitCode.OK
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["ci", "2", "1", "1", "status_500", "status_410"]
    assert run(["retry", "-c", config, "--json"]) == ExitCode.OK
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["endpoint"], one["disabled"], one["pending"]) == ("ci", "status_410", 2)
    assert [n["state"] for n in one["notifications"]] == ["delivered", "abandoned", "pending", "pending"]
    assert due(config) == []


def test_an_endpoint_is_enabled_and_everything_undelivered_is_due(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["retry", "-c", config, "ci"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("ci: enabled, 3 to be sent")
    assert due(config) == ["msg_1", "msg_2", "msg_3"]
    outbox = outbox_of(config)
    assert outbox.failing_since("ci") is None, "its days of failing begin anew"
    outbox.close()


def test_one_notification_is_sent_again_also_if_it_was_delivered(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["retry", "-c", config, "ci", "msg_0"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("ci: enabled, 1 to be sent")
    assert due(config) == ["msg_0", "msg_3"]


def test_what_is_unknown_is_said(config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["retry", "-c", config, "slack"]) == ExitCode.USAGE
    assert "there is no endpoint 'slack'; there are ci" in " ".join(
        capsys.readouterr().err.replace("│", " ").split()
    )
    assert run(["retry", "-c", config, "ci", "msg_9"]) == ExitCode.USAGE
    assert "msg_9" in capsys.readouterr().err
    (tmp_path / "new.yaml").write_text(GOOD + "state: {directory: nothing-here}\n")
    assert run(["retry", "-c", str(tmp_path / "new.yaml")]) == ExitCode.STATE
    assert "does not exist" in capsys.readouterr().err


def test_it_works_while_the_daemon_holds_its_state(config: str) -> None:
    """The running sender sees the change with its next look."""
    checkpoint = open_checkpoint(Path(config).parent / "state")
    running = outbox_of(config)
    try:
        assert running.disabled() == {"ci": "status_410"}
        assert run(["retry", "-c", config, "ci"]) == ExitCode.OK
        assert running.disabled() == {}
        assert len(running.pending("ci", 10)) == 3
    finally:
        running.close()
        checkpoint.close()


def test_the_instances_of_a_cluster_are_endpoints_of_their_own(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = "{name: am, type: alertmanager, url: 'http://am-0:9093', peers: ['http://am-1:9093']}"
    path = Path(config)
    path.write_text(path.read_text().replace("endpoints:\n", f"endpoints:\n  - {cluster}\n"))
    assert run(["retry", "-c", config, "--json"]) == ExitCode.OK
    assert [one["endpoint"] for one in json.loads(capsys.readouterr().out)] == ["am", "am@am-1:9093", "ci"]
    assert run(["retry", "-c", config, "am@am-1:9093"]) == ExitCode.OK
