import msgspec
import pytest

from driftwatch.cli.paper import Paper
from driftwatch.cli.show_status import show
from driftwatch.errors import DriftwatchError
from driftwatch.telemetry.answers import (
    EndpointStatus,
    ModelSummary,
    PartitionStatus,
    Status,
    VersionSummary,
    WindowSummary,
)

WINDOW = WindowSummary("predictions", "1h", "2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z", 1_234)
VERSION = VersionSummary("v1", "drift", "l", "r", 5, "2024-01-01T01:00:00Z", [WINDOW])
STATUS = Status(
    version="1.2.3",
    config_hash="0123456789abcdef0123",
    ready=False,
    reasons={"kafka_away": "no broker answers"},
    connected=False,
    standing_by="",
    started="2024-01-01T00:00:00Z",
    commit=1_000,
    last_commit="2024-01-01T01:00:00Z",
    last_commit_duration_s=0.024,
    checkpoint_bytes=1_048_576,
    memory_bound_bytes=1,
    open_panes=3,
    dead_letters_dropped=0,
    event_time_lag_s={},
    models=[
        ModelSummary(
            "credit",
            "binary",
            "drift",
            [VERSION],
            1,
            {},
            {"predictions": {"accepted": 5_000, "late": 0}},
            0,
            0,
            1.0,
        )
    ],
    partitions=[PartitionStatus("p", 0, 12_345, None, True), PartitionStatus("p", 1, 1, 7, False)],
    endpoints=[EndpointStatus("ml-oncall", 2, "gone", {}, "", "", "status_410")],
)


def test_everything_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show(msgspec.to_builtins(STATUS), "http://x", Paper())
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "http://x: not ready, driftwatch 1.2.3, configuration 0123456789abcdef"
    assert lines[1] == "kafka_away: no broker answers"
    assert lines[2] == "commit 1 000 at 2024-01-01T01:00:00Z (24 ms, 1.0 MiB), 3 open panes"
    assert "model credit (binary): drift, 1 alerts" in lines
    assert "v1 drift predictions 1h 2024-01-01T01:00:00Z 1 234" in lines
    assert "predictions: accepted 5 000" in lines
    assert "p 0 12 345 unknown idle" in lines
    assert "ml-oncall 2 never status_410 gone" in lines


def test_standing_by_is_not_called_broken(capsys: pytest.CaptureFixture[str]) -> None:
    show(msgspec.to_builtins(msgspec.structs.replace(STATUS, standing_by="host-b")), "http://x", Paper())
    assert "standing by" in capsys.readouterr().out.splitlines()[0]


def test_a_strange_answer_is_a_clear_error() -> None:
    with pytest.raises(DriftwatchError, match="use --json"):
        show({"ready": True}, "http://x", Paper())
