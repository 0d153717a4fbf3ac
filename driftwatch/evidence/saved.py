"""Evidence as bytes for the checkpoint, and back; what another reference or setting wrote is not taken up."""

from __future__ import annotations

import hashlib
import zlib
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.evidence.bank import Bank
from driftwatch.evidence.detector import Detector
from driftwatch.evidence.recursion import UNIT
from driftwatch.evidence.spec import EvidenceSpec

_LEVEL: Final = 1
_FORMAT: Final = 1


class BankState(msgspec.Struct, frozen=True):
    """The arrays of one bank, little-endian and compressed."""

    shape: tuple[int, int, int, int]
    """Steps, rows, indicators, watches."""
    log: bytes
    """int64: ln R in units of 2^-32."""
    path: bytes
    since: bytes
    limit: bytes
    """int64: ln c of the streams that fire, in the same units."""
    calm: bytes
    seen: bytes


class EvidenceState(msgspec.Struct, frozen=True):
    """What the checkpoint holds of one version's evidence; the empty one starts anew."""

    fingerprint: str = ""
    sharers: int = 1
    """The most models and versions that ever had the budget in common with this one; more never become fewer."""
    banks: tuple[BankState, ...] = ()


def fingerprint(reference: str, spec: EvidenceSpec, pane_ms: int) -> str:
    """16 hex digits over everything that gives evidence its meaning: reference, tolerances, pane."""
    parts = (_FORMAT, reference, spec.tolerance.model_dump_json(), spec.page, pane_ms)
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def save(detector: Detector, name: str) -> EvidenceState:
    """The state that `load` turns back into this evidence, to the last bit; `name` is its fingerprint."""
    return EvidenceState(name, detector.sharers, tuple(_save(bank) for bank in detector.banks))


def load(detector: Detector, name: str, state: EvidenceState) -> bool:
    """Take up a stored state; False, and no evidence, where it is of another reference or setting."""
    shapes = [(*bank.observer.kept.shape, bank.bets.shape[1]) for bank in detector.banks]
    if state.fingerprint != name or [bank.shape for bank in state.banks] != shapes:
        return False
    detector.sharers = max(detector.sharers, state.sharers)
    for bank, stored in zip(detector.banks, state.banks, strict=True):
        _load(bank, stored)
    return True


def _save(bank: Bank) -> BankState:
    evidence = bank.evidence
    return BankState(
        shape=(*bank.observer.kept.shape, bank.bets.shape[1]),
        log=_logs(evidence.log),
        path=_logs(evidence.path),
        since=_packed(evidence.since.astype(np.int64)),
        limit=_logs(bank.firing.limit),
        calm=_packed(bank.firing.calm),
        seen=_packed(bank.seen),
    )


def _load(bank: Bank, stored: BankState) -> None:
    evidence = bank.evidence
    evidence.log[...] = _unpacked(stored.log, evidence.log.shape) * UNIT
    evidence.path[...] = _unpacked(stored.path, evidence.path.shape) * UNIT
    evidence.since[...] = _unpacked(stored.since, evidence.since.shape)
    bank.firing.limit[...] = _unpacked(stored.limit, bank.firing.limit.shape) * UNIT
    bank.firing.calm[...] = _unpacked(stored.calm, bank.firing.calm.shape)
    bank.seen[...] = _unpacked(stored.seen, bank.seen.shape)
    bank.refresh()


def _logs(values: NDArray[np.float64]) -> bytes:
    return _packed(np.rint(values / UNIT).astype(np.int64))


def _packed(values: NDArray[np.int64]) -> bytes:
    return zlib.compress(values.astype("<i8").tobytes(), _LEVEL)


def _unpacked(data: bytes, shape: tuple[int, ...]) -> NDArray[np.int64]:
    return np.frombuffer(zlib.decompress(data), "<i8").astype(np.int64).reshape(shape)
