from pathlib import Path

import pytest

from driftwatch.config.load import fingerprint, load
from driftwatch.config.render import report
from driftwatch.config.spec import Configuration
from driftwatch.errors import ConfigurationError, ExitCode
from tests.config.files import GOOD, good, load_text, mistakes, text_of

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted([ROOT / "deploy" / "driftwatch.yaml", *(ROOT / "deploy" / "examples").glob("*.yaml")])

FIVE = """\
kafka:
  bootstrap_server: [kafka:9092]
models:
  - name: credit
    task: bianry
    reference: {learn: 7d}
    predictions: {topic: p, id: id, score: score, features: [age, income, country]}
    labels: {topic: l, label: y}
    slices: [contry]
    windows: [{size: 1h, slide: 7m}]
"""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_loads(path: Path) -> None:
    loaded = load(path, outside=False)
    assert loaded.configuration.models
    assert len(loaded.hash) == 64


def test_five_different_mistakes_are_five_errors_with_their_lines(tmp_path: Path) -> None:
    told = mistakes(tmp_path, FIVE)
    expected = [
        (1, 1, "`bootstrap_servers` is missing", "`bootstrap_servers:` a list"),
        (2, 3, "unknown key `bootstrap_server`", "`bootstrap_servers`"),
        (5, 11, "`task` is `bianry`", "one of binary, multiclass, regression"),
        (8, 5, "`labels` has no `id`", "`id:` the dotted path"),
        (9, 14, "the slice column `contry`", "`country`"),
        (10, 22, "the size 1h is not a multiple of the slide 7m", "56m or 1h3m"),
    ]
    assert len(told) == len(expected)
    for problem, (line, column, message, write) in zip(told, expected, strict=True):
        assert (problem.line, problem.column) == (line, column)
        assert problem.message.startswith(message)
        assert problem.write.startswith(write)
    text = report(told)
    assert f"{tmp_path}/c.yaml:5:11: error: `task` is `bianry`" in text
    assert "      task: bianry\n            ^^^^^^\n  write: one of binary" in text


def test_mistakes_of_all_kinds_come_together(tmp_path: Path) -> None:
    """Syntax aside, nothing hides anything: duplicate keys, types, cross checks, the environment, secrets."""
    text = GOOD.replace("task: binary", "task: binary\n    task: 1").replace("[1h", "[").replace("7d", "soon")
    text += "http: {port: x, token: {env: DRIFTWATCH_TEST_UNSET}}\n"
    text = text.replace("name: ci", "name: c i")
    found = {p.message.split(",")[0] for p in mistakes(tmp_path, text, outside=True)}
    assert found == {
        "the key `task` is there twice",
        "`learn`: 'soon' is not a duration",
        "`name` is `c i`",
        "`port` is `x`",
        "the environment variable `DRIFTWATCH_TEST_UNSET` is not set",
    }


def test_the_same_mistake_is_told_once(tmp_path: Path) -> None:
    told = mistakes(tmp_path, GOOD.replace("psi > 0.25 for 3 panes", "pzi > 1"))
    assert [p.message for p in told] == ["`when`: there is no statistic 'pzi'"]


def test_the_environment_overrides_and_its_mistakes_carry_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTWATCH_KAFKA__GROUP_ID", "blue")
    monkeypatch.setenv("DRIFTWATCH_KAFKA__BOOTSTRAP_SERVERS", "a:1,b:2")
    loaded = load_text(tmp_path, GOOD)
    assert loaded.configuration.kafka.group_id == "blue"
    assert loaded.configuration.kafka.bootstrap_servers == ["a:1", "b:2"]
    monkeypatch.setenv("DRIFTWATCH_HTTP__PORT", "many")
    monkeypatch.setenv("DRIFTWATCH_HTPP__PORT", "1")
    assert [(p.place, p.message) for p in mistakes(tmp_path, GOOD)] == [
        ("environment variable DRIFTWATCH_HTTP__PORT", "`port` is `many`, which does not fit here"),
        ("environment variable DRIFTWATCH_HTPP__PORT", "unknown key `htpp`"),
    ]


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"nope.yaml: error: the file cannot be read: No such file"
    ) as caught:
        load(tmp_path / "nope.yaml")
    assert caught.value.exit_code is ExitCode.CONFIGURATION
    with pytest.raises(ConfigurationError, match="Is a directory"):
        load(tmp_path)


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    data = good()
    data["models"][0]["reference"] = [{"version": "v1", "path": "v1.ref"}, {"path": "/abs/v2.ref"}]
    data["state"] = {"directory": "state"}
    data["http"] = {"token": {"file": "token"}}
    loaded = load_text(tmp_path, text_of(data))
    first, second = loaded.configuration.models[0].references
    assert (first.path, second.path) == (str(tmp_path / "v1.ref"), "/abs/v2.ref")
    assert loaded.configuration.state.directory == str(tmp_path / "state")
    assert loaded.configuration.http.token is not None
    assert loaded.configuration.http.token.file == tmp_path / "token"


def test_the_hash_is_of_what_counts(tmp_path: Path) -> None:
    one = load_text(tmp_path, GOOD).hash
    assert load_text(tmp_path, "# a comment\n" + GOOD.replace("1h,", "60m,")).hash == one
    assert load_text(tmp_path, GOOD + "http: {port: 9464}\n").hash == one, "a default written out"
    assert load_text(tmp_path, GOOD + "http: {token: {env: A}}\n").hash == one, "where a secret lies"
    assert load_text(tmp_path, GOOD.replace("5m", "10m")).hash != one
    (tmp_path / "elsewhere").mkdir()
    assert load_text(tmp_path / "elsewhere", GOOD).hash == one, "where the file lies"


def test_the_hash_of_a_configuration_is_stable() -> None:
    configuration = Configuration.model_validate(good())
    assert fingerprint(configuration) == fingerprint(Configuration.model_validate(good()))


def test_nothing_secret_is_ever_told(tmp_path: Path) -> None:
    text = GOOD.replace(
        "9092]}", "9092], sasl_password: hunter2, sasl_user: hunter2, sasl_username: hunter2}"
    )
    text = text.replace(
        "url: https://ci.example.com/hook", "url: ftp://hunter2@ci/hunter2, secret: hunter2, bad: 1"
    )
    told = mistakes(tmp_path, text, outside=True)
    assert len(told) >= 5
    assert "hunter2" not in report(told) + "".join(map(str, told)) + repr(told)


def test_thousands_of_mistakes_are_all_told(tmp_path: Path) -> None:
    text = GOOD + "telemetry:\n" + "".join(f"  unknown{i}: {i}\n" for i in range(5_000))
    assert len(mistakes(tmp_path, text)) == 5_000
