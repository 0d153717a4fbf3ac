from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry.counts import MAX_SERIES_PER_METRIC, OTHER, Counting


def test_amounts_add_up_per_set_of_metric_labels() -> None:
    counting = Counting()
    counting.add(c.SPLIT_IDS, ("credit", "labels"), 2)
    counting.add(c.SPLIT_IDS, ("credit", "labels"))
    counting.add(c.SPLIT_IDS, ("fraud", "labels"))
    assert counting.counts().totals == {
        c.SPLIT_IDS.name: {("credit", "labels"): 3.0, ("fraud", "labels"): 1.0}
    }


def test_a_picture_does_not_change_afterwards() -> None:
    counting = Counting()
    counting.add(c.PANES_CLOSED, ("credit", "labels"))
    before = counting.counts()
    counting.add(c.PANES_CLOSED, ("credit", "labels"))
    assert before.totals[c.PANES_CLOSED.name] == {("credit", "labels"): 1.0}


def test_commits_fall_into_their_buckets() -> None:
    counting = Counting()
    for duration_s in (0.004, 0.005, 0.3, 99.0):
        counting.committed(duration_s)
    counts = counting.counts()
    assert counts.commit_buckets[0] == 2  # at most 5 ms
    assert counts.commit_buckets[c.COMMIT_BUCKETS_S.index(0.5)] == 1
    assert counts.commit_buckets[-1] == 1
    assert sum(counts.commit_buckets) == 4
    assert counts.commit_seconds == 0.004 + 0.005 + 0.3 + 99.0


def test_hostile_names_cannot_grow_memory() -> None:
    counting = Counting()
    for i in range(MAX_SERIES_PER_METRIC + 50):
        counting.add(c.SLICES_FOLDED, ("credit", f"column{i}"))
    totals = counting.counts().totals[c.SLICES_FOLDED.name]
    assert len(totals) == MAX_SERIES_PER_METRIC + 1
    assert totals[OTHER, OTHER] == 50
    assert sum(totals.values()) == MAX_SERIES_PER_METRIC + 50
