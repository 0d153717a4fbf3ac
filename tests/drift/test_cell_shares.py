import numpy as np

from driftwatch.drift.cell_shares import CellShare, cell_shares, cells_in, coarse_counts
from driftwatch.drift.moved import moved
from tests.drift import counting as c


def test_cells_are_joined_as_psi_joins_them() -> None:
    field = c.categorical("kind", 0, ["a", "b"])
    part = c.fields_part(field)
    reference, current = np.array([[60, 30, 5, 4, 1]]), np.array([[10, 80, 0, 10, 0]])
    counts = coarse_counts(part, reference), coarse_counts(part, current)
    assert cells_in(field) == 5
    assert cell_shares(part, counts, 0, "kind") == (
        CellShare("a", 0.6, 0.1),
        CellShare("b", 0.3, 0.8),
        CellShare("other", 0.05, 0.0),
        CellShare("missing", 0.04, 0.1),
        CellShare("invalid", 0.01, 0.0),
    )


def test_it_agrees_with_the_words_of_messages() -> None:
    first, second = c.categorical("x", 0, ["a"]), c.categorical("y", 4, ["b", "c"])
    part = c.fields_part(first, second)
    reference = np.array([[50, 40, 5, 5, 10, 20, 30, 20, 20]])
    current = np.array([[20, 70, 5, 5, 60, 20, 10, 5, 5]])
    counts = coarse_counts(part, reference), coarse_counts(part, current)
    pair = c.pair_of(part, reference[0], current[0])
    for field in ("x", "y"):
        shares = cell_shares(part, counts, 0, field)
        loudest = max(shares, key=lambda cell: abs(cell.current - cell.reference))
        assert moved(pair, 0, field)[0].startswith(f"{loudest.name}: ")
        assert abs(sum(cell.reference for cell in shares) - 1) < 1e-12


def test_nothing_is_known_of_an_empty_side_or_an_unknown_field() -> None:
    part = c.fields_part(c.categorical("x", 0, ["a"]))
    counts = coarse_counts(part, np.array([[1, 2, 3, 4]])), coarse_counts(part, np.array([[0, 0, 0, 0]]))
    assert cell_shares(part, counts, 0, "x") == ()
    assert cell_shares(part, counts, 0, "y") == ()
