import gzip
import json
from pathlib import Path

import pytest

from driftwatch.cli.program import run
from driftwatch.cli.reference import load_reference
from driftwatch.errors import ExitCode
from driftwatch.events.classes import Stream
from tests.config.files import GOOD

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
HEADER = "id,score,age,income,country,y\n"


def rows(events: int = 300) -> list[str]:
    return [
        f"{i},{i * 37 % 100 / 100},{18 + i % 60},{i * 7919 % 10_007},{('PT', 'ES')[i % 2]},{i % 2}\n"
        for i in range(events)
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(GOOD)
    Path("p.csv").write_text(HEADER + "".join(rows()))
    return tmp_path


def built(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert run(["reference", "build", "-c", "c.yaml", *arguments, "--json"]) == ExitCode.OK, (
        capsys.readouterr().err
    )
    return json.loads(capsys.readouterr().out)


def test_from_a_file_with_labels_in_the_predictions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reference", "build", "-c", "c.yaml", "p.csv", "-o", "out.ref"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert out.startswith("out.ref: reference ")
    assert "300 predictions" in out
    reference = load_reference(folder / "out.ref")
    assert (reference.model, reference.source, reference.events) == ("credit", "p.csv", 300)
    assert reference.totals[Stream.LABELS][0].sum() > 0
    assert [path.name for path in folder.glob("*.ref*")] == ["out.ref"], "nothing half-written is left"


def test_labels_in_a_file_of_their_own_give_the_same_reference(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = built(capsys, "p.csv", "-o", "a.ref")["reference"]
    plain = [line.rstrip("\n").rpartition(",") for line in rows()]
    with gzip.open("p2.csv.gz", "wt") as file:
        file.write("id,score,age,income,country\n" + "".join(f"{p[0]}\n" for p in plain))
    labels = [json.dumps({"id": str(i), "y": int(p[2])}) + "\n" for i, p in enumerate(plain)]
    Path("l.jsonl").write_text("".join(reversed(labels)))
    two = built(capsys, "credit", "p2.csv.gz", "--labels", "l.jsonl", "-o", "b.ref")["reference"]
    assert two["hash"] == one["hash"]
    assert two["source"] == "p2.csv.gz, l.jsonl"


def test_the_default_output_is_what_the_configuration_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["reference", "build", "-c", "c.yaml", "p.csv"]) == ExitCode.USAGE
    assert "-o" in capsys.readouterr().err
    Path("c.yaml").write_text(GOOD.replace("{learn: 7d}", "refs/credit.ref"))
    assert run(["reference", "build", "-c", "c.yaml", "p.csv"]) == ExitCode.REFERENCE
    assert "credit.ref cannot be written" in capsys.readouterr().err
    Path("refs").mkdir()
    assert built(capsys, "p.csv")["file"].endswith("refs/credit.ref")
    assert run(["check", "-c", "c.yaml"]) == ExitCode.OK


def test_what_cannot_be_counted_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Path("p.csv").open("a") as file:
        file.write(",0.5,1,1,PT,1\n")
    assert run(["reference", "build", "-c", "c.yaml", "p.csv", "-o", "out.ref"]) == ExitCode.OK
    assert "  1 predictions records are not counted: invalid:bad_id" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["gone.csv"], ExitCode.SOURCE, "no such file: gone.csv"),
        (["c.yaml"], ExitCode.SOURCE, "no known kind"),
        (["other", "p.csv"], ExitCode.USAGE, "there is no model"),
        (["a", "b", "p.csv"], ExitCode.USAGE, "at most the name of a model"),
        (["p.csv", "--features", "p.csv"], ExitCode.SOURCE, "no stream of features"),
        (["p.csv", "--from", "yesterday"], ExitCode.USAGE, "not a moment"),
    ],
)
def test_wrong_inputs_are_one_clear_error(
    folder: Path, arguments: list[str], code: ExitCode, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["reference", "build", "-c", "c.yaml", *arguments, "-o", "out.ref"]) == code
    assert says in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not Path("out.ref").exists()


def test_a_failed_build_leaves_the_old_file(folder: Path) -> None:
    Path("out.ref").write_bytes(b"old")
    Path("empty.csv").write_text(HEADER)
    assert run(["reference", "build", "-c", "c.yaml", "empty.csv", "-o", "out.ref"]) == ExitCode.REFERENCE
    assert Path("out.ref").read_bytes() == b"old"


def test_several_models_must_be_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = GOOD[GOOD.index("  - name: credit") : GOOD.index("endpoints:")].replace("credit", "fraud")
    Path("c.yaml").write_text(GOOD.replace("endpoints:", second + "endpoints:"))
    assert run(["reference", "build", "-c", "c.yaml", "p.csv", "-o", "out.ref"]) == ExitCode.USAGE
    assert "credit, fraud" in capsys.readouterr().err
    assert built(capsys, "fraud", "p.csv", "-o", "out.ref")["reference"]["model"] == "fraud"


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")
def test_the_car_loan_data_in_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "car-loan.yaml"
    config.write_bytes((ROOT / "deploy" / "examples" / "car-loan.yaml").read_bytes())
    data = str(DATA / "car_loan_reference.csv.gz")
    assert (
        run(["reference", "build", "-c", str(config), data, "-o", str(tmp_path / "car-loan.ref")])
        == ExitCode.OK
    )
    reference = load_reference(tmp_path / "car-loan.ref")
    assert reference.events == 50_000
    assert len(reference.panes[Stream.PREDICTIONS].times_ms) == 10
    assert {counts.sum() for counts in (pane_events(reference, k) for k in range(10))} == {5_000}
    assert run(["check", "-c", str(config)]) == ExitCode.OK
    assert "7 slices (salary_range 4)" in capsys.readouterr().out


def pane_events(reference, k: int):
    """Row `all` of one field of a pane: one count per prediction."""
    part = reference.layout.part(Stream.PREDICTIONS)
    field = part.field("car_value")
    rows_ = len(reference.layout.slices.rows)
    return reference.panes[Stream.PREDICTIONS].matrix(k, rows_, part.columns)[0, field.start : field.stop]
