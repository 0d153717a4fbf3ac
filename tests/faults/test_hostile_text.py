"""Text that wants to break out, in slice values, feature values, names and versions, and secrets that must stay inside (F34, F35)."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from driftwatch.events.classes import RecordClass as Class
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.reference import Reference
from tests.faults.scene import End, Scene, Sent, built_from, series
from tests.integration.broker import Broker
from tests.integration.receiver import SECRET, Receiver
from tests.monitor.world import START, prediction, truth
from tests.telemetry.markup import Seen
from tests.telemetry.promtool import promtool
from tests.waiting import until
from tests.webhooks.receiver import Receiver as Wire
from tests.webhooks.receiver import receiving, status

pytestmark = pytest.mark.slow

LONG = 1_000_000
HOSTILE = (
    "line\nbreak\r\n",
    'quote"back\\slash',
    "{}{0}%s${x}",
    "\x1b[31mred\x1b[0m\x07",
    "nul\x00nul",
    "\ud800 lone \udfff",
    "\u202eright to left\u2028",
    "</script><script>alert(1)</script>",
    "a" * LONG,
    "a" * (LONG - 1) + "b",
)
"""As slice values and categories; the last two differ only far behind."""
VERSIONS = ("1", 'v"\n{}\\', "\x1b[2J\x00\ud800")
REFUSED_VERSIONS = ("v" * LONG, *(f"other-{n}" for n in range(3)))
"""Too long, or more than are watched at once."""
FEATURE = 'x"\n{}\x1b[1m'
"""Name of the numeric feature, from the configuration."""
EVENTS = 1_500
STEP_MS = 500

CANARIES = {
    "secret": SECRET,
    "previous": "whsec_Q0FOQVJZLXByZXZpb3VzLWtleS0wMTIzNDU2Nzg5",
    "token": "canary-http-token-7f3a",
    "path": "CANARYxTOKENxINxPATH",
}


def record(number: int, time_ms: int, country: str, version: str, *, drifted: bool = False) -> dict[str, Any]:
    made = json.loads(prediction(number, time_ms, random.Random(number), drifted=drifted))
    return made | {"country": country, "v": version, "kind": HOSTILE[number % 7]}


def reference(spec: ModelSpec) -> Reference:
    rng = random.Random(5)
    rows: list[bytes] = []
    for n in range(1_000):
        country = HOSTILE[n % 8] if n % 100 else HOSTILE[8 + n // 100 % 2]
        made = record(n, START - 10**8 + n, country, "1")
        rows.append(json.dumps(made | {"y": truth(made["score"], rng)}).encode())
    return built_from(spec, rows)


@dataclass
class Run:
    scene: Scene
    receiver: Receiver
    slack: Wire
    end: End = field(init=False)
    pages: dict[str, str] = field(default_factory=dict[str, str])
    told: list[str] = field(default_factory=list[str])
    """What the command line says."""


@pytest.fixture(scope="module")
def run(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with ExitStack() as stack:
        scene = Scene(kafka, tmp_path_factory.mktemp("hostile"))
        receiver = stack.enter_context(Receiver())
        slack = stack.enter_context(receiving(status(200)))
        run = Run(scene, receiver, slack)
        configure(run)
        stack.callback(scene.daemon.close)
        scene.start()
        scene.produce(scene.topic("hostile"), traffic())
        scene.consumed()
        until(lambda: receiver.ids("alert.firing") and slack.requests, 20, "both are told of the drift")
        look(run)
        run.end = scene.stop()
        tell(scene, "report", "--out", str(scene.folder / "drift.html"), "-c")
        run.pages["report"] = (scene.folder / "drift.html").read_text(encoding="utf-8")
        run.told = [tell(scene, "check", "-c"), tell(scene, "retry", "--json", "-c")]
        yield run


def configure(run: Run) -> None:
    scene = run.scene
    secrets = CANARIES | {"slack": f"http://127.0.0.1:{run.slack.port}/services/{CANARIES['path']}"}
    secrets["dead"] = f"http://127.0.0.1:1/services/{CANARIES['path']}?key={CANARIES['path']}"
    secrets["broken"] = f"http://[{CANARIES['path']}/"
    for name, text in secrets.items():
        (scene.folder / name).write_text(text)

    def secret(name: str) -> dict[str, str]:
        return {"file": str(scene.folder / name)}

    features = {FEATURE: "x", "kind": "kind"}
    limits = {"max_record_bytes": 4 * LONG}
    rules = [
        {"name": "psi", "when": "psi > 0.5 for 2 panes", "slices": ["*"]},
        {"name": "kind", "when": "psi > 0.5 for 2 panes", "features": ["kind"], "slices": ["*"]},
    ]
    scene.model(
        "hostile",
        {"predictions": {"features": features, **limits}, "labels": None, "rules": rules},
        build=reference,
    )
    allowed = {"allow_networks": ["127.0.0.0/8"], "on": ["alert", "retrain"]}
    keys = {"secret": secret("secret"), "previous_secret": secret("previous")}
    scene.config["endpoints"] = [
        {"name": "hook", "url": run.receiver.url, **keys, **allowed},
        *(
            {"name": name, "type": "slack", "url": secret(name), **allowed}
            for name in ("slack", "dead", "broken")
        ),
    ]
    scene.config["http"]["token"] = secret("token")
    scene.config["telemetry"]["log_level"] = "debug"


def traffic() -> Iterator[Sent]:
    for n in range(EVENTS):
        time_ms = START + n * STEP_MS
        country = HOSTILE[n % 8] if n % 100 else HOSTILE[8 + n // 100 % 2]
        version = VERSIONS[n % len(VERSIONS)]
        yield Sent(json.dumps(record(n, time_ms, country, version, drifted=True)).encode(), time_ms)
    for n, version in enumerate(REFUSED_VERSIONS, EVENTS):
        time_ms = START + EVENTS * STEP_MS
        yield Sent(json.dumps(record(n, time_ms, "unseen\n" + "z" * LONG, version)).encode(), time_ms)


PAGES = (
    "/",
    "/metrics",
    "/healthz",
    "/readyz",
    "/api/docs",
    "/api/v1/openapi.json",
    "/api/v1/models",
    "/api/v1/models/hostile",
    "/api/v1/windows",
    "/api/v1/alerts",
    "/api/v1/episodes",
    "/api/v1/explain-last",
    "/api/v1/status",
    "/nowhere",
    "/models/hostile",
    "/models/%3Cscript%3Ealert(1)%3C%2Fscript%3E%00",
    "/alerts/%1B%5B2J%00%3Cscript%3E",
)
HTML = ("/", "/api/docs", "/models/", "/alerts/", "report")


def look(run: Run) -> None:
    """Every page, as text, whatever its status; also with a wrong token."""
    for path in PAGES:
        run.pages[path] = asked(run, path)
    for alert in json.loads(run.pages["/api/v1/alerts"])["alerts"]:
        path = f"/alerts/{alert['fingerprint']}"
        run.pages[path] = asked(run, path)
    for name in ("slice", "version"):
        for number, value in enumerate((*HOSTILE, *VERSIONS)):
            path = f"/models/hostile?{urlencode({name: value[:2_000]}, errors='surrogatepass')}"
            run.pages[f"/models/{name} {number}"] = asked(run, path)
    wrong = {"Authorization": "Bearer wrong"}
    run.pages["wrong token"] = asked(run, "/api/v1/episodes/ep_x/acknowledge", b'{"by": "me"}', wrong)


def asked(run: Run, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{run.scene.port}{path}", body, headers or {})
    opener = urllib.request.build_opener(_AnyStatus())
    with opener.open(request, timeout=20) as answer:
        return answer.read().decode("utf-8")


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    def http_response(self, request: Any, response: Any) -> Any:
        return response


def tell(scene: Scene, *arguments: str) -> str:
    command = [sys.executable, "-m", "driftwatch", *arguments, str(scene.path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_f34_hostile_records_are_counted_like_any_other(run: Run) -> None:
    refused = len(REFUSED_VERSIONS) - 1  # `other-0` is the fourth version
    assert run.end.of("hostile") == {Class.ACCEPTED: EVENTS + 1, Class.UNKNOWN_VERSION: refused}


def test_f34_the_exposition_passes_promtool(run: Run) -> None:
    checked = subprocess.run(
        [promtool(), "check", "metrics"],
        input=run.pages["/metrics"].encode(),
        capture_output=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    shown = series(run.pages["/metrics"], "driftwatch_window_events", window="10m")
    assert len(shown) == len(VERSIONS) * (1 + len(HOSTILE) + 2), "every slice has a series of its own"
    assert max(map(len, shown)) < 1_000


def test_f34_every_log_line_is_one_json_object(run: Run) -> None:
    """Checked for every daemon by `Scene.end`; here with lines that carry hostile names."""
    text = run.scene.daemon.log.read_bytes()
    assert text.isascii()
    assert not any(byte < 32 for byte in text.replace(b"\n", b""))
    named = {line["version"] for line in run.end.lines if line["event"] == "version_seen"}
    assert named >= {"1", VERSIONS[1], "\x1b[2J\x00?"}


def test_f34_answers_are_json_and_pages_are_escaped(run: Run) -> None:
    for path, text in run.pages.items():
        if path.startswith("/api/v1/") or path in ("/healthz", "/readyz"):
            json.loads(text)
        assert len(text) < 5_000_000, f"{path} does not grow with a text of the data"
    (model,) = json.loads(run.pages["/api/v1/models"])["models"]
    assert {version["version"] for version in model["versions"]} >= {"1", VERSIONS[1]}
    for path, text in run.pages.items():
        if path == "/" or path.startswith(HTML[1:]):
            assert "\x1b" not in text, path
            assert "\x00" not in text, path
            if text.startswith("{"):  # there is no such model
                continue
            seen = Seen(text)
            assert "script" not in seen.tags, path
            assert "</html>" in text


def test_f34_the_pages_show_the_names_for_what_they_are(run: Run) -> None:
    words = Seen(run.pages["/models/hostile"]).words
    assert "psi" in words
    assert any(name in words for name in HOSTILE if "<" in name), "markup is shown as it is written"
    fired = next(
        text for path, text in run.pages.items() if path.startswith("/alerts/") and "What changed?" in text
    )
    assert "\\x1b" in Seen(fired).words, "control characters are written out"


def test_f34_bodies_are_valid_and_signed(run: Run) -> None:
    assert run.receiver.refused == []
    fired = [body for body in run.receiver.seen if body["type"] == "alert.firing"]
    assert {body["version"] for body in fired} == {"1", 'v"\ufffd{}\\', "\ufffd[2J\ufffd?"}
    fields = {finding["field"] for body in fired for finding in body["data"]["findings"]}
    assert fields == {'x"\ufffd{}\ufffd[1m'}
    for request in run.slack.requests:
        assert len(request.body) < 20_000
        assert json.loads(request.body)["blocks"]
        assert b"<script" not in request.body


def test_f35_no_canary_gets_out(run: Run) -> None:
    bodies = [request.body.decode() for request in run.slack.requests]
    places = {
        "log": run.scene.daemon.log.read_text(),
        **run.pages,
        **{f"slack {n}": body for n, body in enumerate(bodies)},
        **{f"hook {n}": json.dumps(body) for n, body in enumerate(run.receiver.seen)},
        **{f"command {n}": text for n, text in enumerate(run.told)},
        "dead letters": "".join(p.read_text() for p in (run.scene.folder / "state").glob("dead-letters*")),
    }
    found = [
        (name, place) for name, canary in CANARIES.items() for place, text in places.items() if canary in text
    ]
    assert found == []
    assert any(CANARIES["path"] in request.target for request in run.slack.requests), "it was in use"
    reasons = {line["endpoint"]: line["reason"] for line in run.end.lines if line["event"] == "attempt"}
    assert reasons == {"hook": "delivered", "slack": "delivered", "dead": "connect", "broken": "dns"}
