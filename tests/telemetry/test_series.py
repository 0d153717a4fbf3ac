from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry.series import Family, Sample


def test_a_family_names_its_samples_after_the_metric() -> None:
    family = Family.of(c.OPEN_PANES, [((), 3)])
    assert family.samples == [Sample("driftwatch_open_panes", (), 3.0)]
    assert family == Family.one(c.OPEN_PANES, 3)


def test_values_are_floats_also_when_they_come_as_truth() -> None:
    sample = Family.one(c.READY, True).samples[0]
    assert type(sample.value) is float


def test_le_is_the_last_label_name() -> None:
    assert Family(c.RECORDS, []).label_names == ("model", "stream", "class", "reason", "le")
