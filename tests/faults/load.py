"""Traffic that never ends, drifts again and again, and can be counted anew at any commit: what a fault is caused under."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import RecordClass as Class
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.monitor.changes import Saved
from driftwatch.storage.directory import DELIVERIES_FILE
from driftwatch.storage.outbox import open_outbox
from driftwatch.storage.sqlite import open_checkpoint
from driftwatch.summaries.layout import FieldKind
from tests.faults.scene import End, Scene, Sent
from tests.integration.receiver import SECRET, Receiver
from tests.monitor.world import MINUTE, START
from tests.waiting import until

STEP_MS = 2_000
PHASE = 400
"""Records, that is 13 minutes, after which the traffic drifts, or is calm again: an alert fires or is resolved."""
DELAY_MS = 30_000
KINDS, COUNTRIES = np.array(["a", "b", "c"]), np.array(["DE", "FR", "PT"])
WATCHED: Mapping[str, Any] = {
    # the second window keeps every pane of a run, so that all of it can be counted again
    "windows": [{"size": "10m", "slide": "1m"}, {"size": "1d", "slide": "1m"}],
    "rules": [{"name": "psi", "when": "psi > 0.5 for 2 panes", "features": ["x"], "windows": ["10m"]}],
}


@dataclass(frozen=True)
class Rows:
    """Everything sent so far, as columns."""

    x: NDArray[np.float64]
    score: NDArray[np.float64]
    kind: NDArray[np.str_]
    country: NDArray[np.str_]

    @property
    def number(self) -> NDArray[np.int64]:
        return np.arange(len(self.x))

    @property
    def time_ms(self) -> NDArray[np.int64]:
        return START + self.number * STEP_MS

    @property
    def label(self) -> NDArray[np.bool_]:
        return (self.score >= 0.5) ^ (self.number % 7 == 0)

    def more(self, count: int) -> Rows:
        rng = np.random.default_rng(len(self.x))
        number = np.arange(len(self.x), len(self.x) + count)
        x = np.round(rng.normal(0, 1, count) + 3.0 * (number // PHASE % 2), 4)
        return Rows(
            np.append(self.x, x),
            np.append(self.score, np.round(rng.random(count), 6)),
            np.append(self.kind, rng.choice(KINDS, count)),
            np.append(self.country, rng.choice(COUNTRIES, count)),
        )


HOOK = "hook"
"""The endpoint that always answers; a case may add others that do not."""
NOTHING = Rows(np.empty(0), np.empty(0), np.empty(0, "U1"), np.empty(0, "U2"))


@dataclass
class Load:
    """Predictions and their labels into two topics, in the order of their numbers; record n goes to partition n mod P."""

    scene: Scene
    receiver: Receiver
    name: str = "load"
    partitions: int = 2
    changes: Mapping[str, Any] = field(default_factory=lambda: WATCHED)
    rows: Rows = NOTHING
    kills: int = 0

    def __post_init__(self) -> None:
        self.scene.model(self.name, self.changes, partitions=self.partitions)
        secret = self.scene.folder / "secret"
        secret.write_text(SECRET)
        endpoint: dict[str, Any] = {"name": HOOK, "url": self.receiver.url, "secret": {"file": str(secret)}}
        endpoint["on"] = ["alert", "retrain"]
        self.scene.config["endpoints"] = [{**endpoint, "allow_networks": ["127.0.0.0/8"]}]
        # a partition that is idle between two portions, or empty at the start, would be late when it comes (E4)
        self.scene.config["kafka"]["idle_timeout"] = "10m"
        self.send(self.partitions)

    def send(self, count: int) -> None:
        """The next predictions and their labels."""
        first = len(self.rows.x)
        self.rows = self.rows.more(count)
        rows, times = self.rows, self.rows.time_ms.tolist()
        labels = rows.label.tolist()
        xs, scores = rows.x.tolist(), rows.score.tolist()
        kinds, countries = rows.kind.tolist(), rows.country.tolist()
        predictions, outcomes = [], []
        for n in range(first, first + count):
            value = (
                f'{{"id":"id-{n}","ts":{times[n]},"v":"1","score":{scores[n]!r},"x":{xs[n]!r},'
                f'"kind":"{kinds[n]}","country":"{countries[n]}"}}'
            )
            predictions.append(Sent(value.encode(), times[n], n % self.partitions))
            known_ms = times[n] + DELAY_MS
            value = f'{{"id":"id-{n}","ts":{known_ms},"y":{int(labels[n])}}}'
            outcomes.append(Sent(value.encode(), known_ms, n % self.partitions))
        self.scene.produce(self.scene.topic(self.name), predictions)
        self.scene.produce(self.scene.topic(self.name, Stream.LABELS), outcomes)

    @contextmanager
    def flowing(self, each: int = 20, every_s: float = 0.1) -> Iterator[None]:
        """Portions from a thread of its own while the block runs."""
        stop = threading.Event()
        errors: list[BaseException] = []

        def flow() -> None:
            try:
                while not stop.wait(every_s):
                    self.send(each)
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=flow)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(30)
        assert errors == []

    def count(self, event: str) -> int:
        """How many log lines of this name there are."""
        return sum(line["event"] == event for line in self.scene.daemon.lines())

    # --- what must hold -------------------------------------------------------------------------------

    def settle(self, within_s: float = 180) -> None:
        """Records far ahead let everything else be decided; wait until it is, and until the receiver knows."""
        for stream in (Stream.PREDICTIONS, Stream.LABELS):
            end_ms = int(self.rows.time_ms[-1]) + 20 * MINUTE
            last = {"id": "end", "ts": end_ms, "v": "1", "score": 0.5, "x": 0.0, "kind": "a", "country": "DE"}
            last = last if stream is Stream.PREDICTIONS else {"id": "end", "ts": end_ms, "y": 1}
            ends = [
                Sent(str({**last, "id": f"end-{p}"}).replace("'", '"').encode(), end_ms, p)
                for p in range(self.partitions)
            ]
            self.scene.produce(self.scene.topic(self.name, stream), ends)
        self.scene.consumed(within_s)
        until(self._all_delivered, 120, "the receiver knows")

    def _all_delivered(self) -> bool:
        """Nothing waits to be sent to our receiver: what the last commit decided may still be under way."""
        answer = self.scene.daemon.get("/api/v1/status")
        found = answer["endpoints"] if answer else []
        return any(one["endpoint"] == HOOK and one["pending"] == 0 for one in found)

    def check(self, end: End) -> dict[str, int]:
        """O1 by a plain recount, O2 by the receiver's ledger; the figures of the case."""
        sent = len(self.rows.x)
        assert end.of(self.name) == {Class.ACCEPTED: sent + self.partitions}
        assert end.of(self.name, Stream.LABELS) == {Class.ACCEPTED: sent, Class.WAITING: self.partitions}
        self.check_panes(end.saved)
        self.check_labels(end.saved)
        return {"records": 2 * sent, "kills": self.kills, **self.check_ledger()}

    def check_stored(self) -> Saved:
        """The last commit of a daemon that has ended, counted again from its own offsets."""
        checkpoint = open_checkpoint(self.scene.folder / "state")
        try:
            saved = checkpoint.load()
        finally:
            checkpoint.close()
        self.check_panes(saved)
        return saved

    def check_panes(self, saved: Saved) -> None:
        """Every pane of predictions holds exactly the records below the commit's offsets, cell by cell and slice by slice."""
        rows = self.rows
        topic = self.scene.topic(self.name)
        next_offset = np.array([saved.offsets.get(Partition(topic, p), 0) for p in range(self.partitions)])
        inside = rows.number // self.partitions < next_offset[rows.number % self.partitions]
        layout = self.scene.references[self.name].layout
        part = layout.part(Stream.PREDICTIONS)
        assert part is not None
        panes, of = self._panes(saved, Stream.PREDICTIONS, rows.time_ms)
        assert (of[inside] >= 0).all(), "every pane is there"
        if not len(panes):
            return
        for one in part.fields:
            cells = _cells(one, rows)
            if cells is None:
                continue
            for row, name in enumerate(layout.slices.rows):
                chosen = inside if name == "all" else inside & (rows.country == name.partition("=")[2])
                found = panes[:, row, one.start : one.stop]
                assert np.array_equal(found, _counts(of, cells, chosen, found.shape)), (one.name, name)

    def check_labels(self, saved: Saved) -> None:
        """Every label counted once, with what its prediction said, in the pane of its own time."""
        rows = self.rows
        part = self.scene.references[self.name].layout.part(Stream.LABELS)
        assert part is not None
        block = part.block("confusion")
        assert block is not None
        panes, of = self._panes(saved, Stream.LABELS, rows.time_ms + DELAY_MS)
        assert (of >= 0).all(), "every pane is there"
        cells = (rows.score >= 0.5) * 2 + rows.label
        found = panes[:, 0, block.start : block.stop]
        assert np.array_equal(found, _counts(of, cells, np.ones(len(cells), np.bool_), found.shape))

    def _panes(
        self, saved: Saved, stream: Stream, times_ms: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The panes of a stream but those of the records that ended it, and the pane of each time (-1: there is none)."""
        mine = {k.start_ms: p for k, p in saved.panes.items() if (k.model, k.stream) == (self.name, stream)}
        (width_ms,) = {k.width_ms for k in saved.panes} or {MINUTE}
        last_ms = int(times_ms[-1]) if len(times_ms) else 0
        starts = np.array(sorted(start for start in mine if start <= last_ms), np.int64)
        if not len(starts):
            return np.empty((0, 1, 1), np.int64), np.full(len(times_ms), -1)
        of = np.searchsorted(starts, times_ms, side="right") - 1
        of[(of >= 0) & (times_ms >= starts[of] + width_ms)] = -1
        return np.stack([mine[start] for start in starts.tolist()]), of

    def check_ledger(self) -> dict[str, int]:
        """Every transition decided was delivered at least once, nothing else was; at most one more for each kill (P5)."""
        folder = self.scene.folder / "state"
        checkpoint = open_checkpoint(folder)
        try:
            told = {notification.id for notification in checkpoint.notifications(50_000)}
        finally:
            checkpoint.close()
        assert (folder / DELIVERIES_FILE).exists()
        outbox = open_outbox(folder)
        try:
            superseded = {a.id for a in outbox.attempts("hook") if a.state == "superseded"}
        finally:
            outbox.close()
        seen = [one["id"] for one in self.receiver.seen]
        assert told - superseded <= set(seen) <= told
        assert self.receiver.refused == [], "every signature is valid"
        again = len(seen) - len(set(seen))
        assert again <= self.kills, "at most one more delivery for each kill"
        return {"transitions": len(told), "superseded": len(superseded), "delivered_again": again}


def _counts(
    of: NDArray[np.int64], cells: NDArray[np.int64], chosen: NDArray[np.bool_], shape: tuple[int, ...]
) -> NDArray[np.int64]:
    """int64[panes, cells]: how many of the chosen rows are in each cell of each pane."""
    panes, width = shape
    return np.bincount(of[chosen] * width + cells[chosen], minlength=panes * width).reshape(panes, width)


def _cells(field: Any, rows: Rows) -> NDArray[np.int64] | None:
    """The cell of every row in this field, by the plain rule; None for fields that are not recounted."""
    if field.kind is FieldKind.NUMERIC and field.name in ("x", "score"):
        values = rows.x if field.name == "x" else rows.score
        return np.searchsorted(np.array(field.edges), values, side="left")
    if field.name == "kind":
        known = {text: cell for cell, text in enumerate(field.categories)}
        return np.array([known[text] for text in rows.kind.tolist()], np.int64)
    return None
