from dataclasses import replace

from driftwatch.monitor.snapshot import Snapshot
from driftwatch.telemetry.board import Picture
from driftwatch.telemetry.health import Health
from driftwatch.telemetry.pages.overview import ordered, overview
from driftwatch.verdicts.verdict import Verdict
from tests.telemetry import pictures
from tests.telemetry.lender import lender
from tests.telemetry.markup import Seen


def seen(picture: Picture) -> Seen:
    return Seen(overview(picture, 0.0))


def test_the_first_page_says_what_drifts_and_why() -> None:
    shown = seen(lender().picture)
    for said in (
        "credit-default drifts",
        "The daemon works",
        "inputs moved",
        "income in country=PT",
        "Failing: timeout",
    ):
        assert said in shown.words, said
    assert "/models/credit-default?version=1" in shown.links
    assert any(link.startswith("/alerts/") for link in shown.links)
    assert "script" not in shown.tags


def test_before_the_first_commit_it_says_why_it_is_not_ready() -> None:
    shown = seen(Picture(health=Health()))
    assert "The daemon is not ready" in shown.words
    assert "State is being loaded" in shown.words
    assert "No model is watched yet" in shown.words


def test_models_are_worst_first() -> None:
    version = pictures.version_view(pictures.reading(pictures.layout()))
    verdicts = {"calm": Verdict.OK, "bad": Verdict.DRIFT, "new": Verdict.INSUFFICIENT, "odd": Verdict.WARNING}
    models = {
        name: replace(
            pictures.model_view(replace(version, verdict=verdict)), model=name, alerts=(), episodes=()
        )
        for name, verdict in verdicts.items()
    }
    snapshot = Snapshot(1, models)
    assert [model.model for model in ordered(snapshot)] == ["bad", "odd", "new", "calm"]
    words = seen(Picture(snapshot, pictures.health())).words
    assert "Of 4 models 1 drifts, 1 has a warning, 1 has too little data, 1 is well" in words


def test_all_well_is_said_in_so_many_words() -> None:
    version = replace(pictures.version_view(pictures.reading(pictures.layout())), verdict=Verdict.OK)
    model = replace(pictures.model_view(version), alerts=())
    assert "credit is well" in seen(Picture(Snapshot(1, {"credit": model}), pictures.health())).words
    two = {"a": replace(model, model="a"), "b": replace(model, model="b")}
    assert "All 2 models are well" in seen(Picture(Snapshot(1, two), pictures.health())).words
