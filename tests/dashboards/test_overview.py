import subprocess
from pathlib import Path

from dashboards.overview import dashboard
from dashboards.queries import RANK
from driftwatch.verdicts.verdict import Verdict
from tests.telemetry.promtool import promtool

PANELS = {panel["title"]: panel for panel in dashboard()["panels"]}


def test_the_worst_model_comes_first() -> None:
    panel = PANELS["Models, the worst first"]
    assert panel["options"]["sortBy"] == [{"displayName": "verdict", "desc": True}]
    assert max(RANK, key=RANK.__getitem__) is Verdict.DRIFT
    assert min(RANK, key=RANK.__getitem__) is Verdict.OK
    assert set(RANK) == set(Verdict)


def test_every_rank_has_its_word_and_colour() -> None:
    [words] = [m["options"] for m in PANELS["Verdicts"]["fieldConfig"]["defaults"]["mappings"]]
    assert {place: word["text"] for place, word in words.items()} == {str(r): str(v) for v, r in RANK.items()}
    assert words["4"]["color"] == "red"


def test_the_verdict_query_gives_one_number_per_version(tmp_path: Path) -> None:
    query = PANELS["Verdicts"]["targets"][0]["expr"]
    for variable in ("model", "job", "instance"):
        query = query.replace(f"${variable}", ".*")
    series = "\n".join(
        f"""      - series: 'driftwatch_verdict{{model="credit",version="{version}",verdict="{word}"}}'
        values: '{int(word == held)}x2'"""
        for version, held in (("v1", "drift"), ("v2", "learning"))
        for word in ("ok", "warning", "drift", "insufficient", "learning")
    )
    text = f"""
tests:
  - interval: 1m
    input_series:
{series}
    promql_expr_test:
      - expr: '{query}'
        eval_time: 1m
        exp_samples:
          - labels: '{{model="credit",version="v1"}}'
            value: 4
          - labels: '{{model="credit",version="v2"}}'
            value: 1
"""
    file = tmp_path / "test.yaml"
    file.write_text(text, "utf-8")
    done = subprocess.run(
        [promtool(), "test", "rules", str(file)], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
