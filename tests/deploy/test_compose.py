"""compose.yaml fits the Compose schema, and everything that it and its neighbours name exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dashboards.build import DASHBOARDS
from driftwatch.config.spec import Configuration
from driftwatch.telemetry.spec import HttpSpec
from tests.deploy import documents
from tests.deploy.commands import ROOT, assert_command_exists
from tests.integration.broker import free_ports
from tests.waiting import until

DEPLOY = ROOT / "deploy"
SCHEMA = Path(__file__).parent / "schemas" / "compose-spec.json"
COMPOSE: dict[str, Any] = documents.read(DEPLOY / "compose.yaml")
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "driftwatch:local"]


def read(path: str) -> Any:
    return documents.read(DEPLOY / path)


def strings(value: Any) -> Iterator[str]:
    """Every string inside nested lists and mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def test_it_fits_the_compose_schema() -> None:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(COMPOSE)] == []


def test_every_service_of_the_design_is_there() -> None:
    needed = {"kafka", "driftwatch", "prometheus", "grafana", "alertmanager", "traffic"}
    assert needed <= SERVICES.keys()


def test_topics_are_made_before_driftwatch_asks_for_them() -> None:
    """It never makes one, so a daemon without topics would end, and traffic that waits for it would never come."""
    models = Configuration.model_validate(read("driftwatch.yaml")).models
    (script,) = SERVICES["topics"]["command"]
    made = re.search("for topic in (.*); do", script)
    assert made is not None
    assert set(made[1].split()) == {
        of.topic for model in models for of in (model.predictions, model.labels) if of is not None
    }
    assert SERVICES["driftwatch"]["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    assert "kafka" in SERVICES["topics"]["depends_on"]


def test_what_it_mounts_exists() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists(), source
            else:
                assert source in COMPOSE["volumes"], source


def test_no_image_floats() -> None:
    for service in SERVICES.values():
        assert re.search(r":(local|v?\d[\w.]*)$", service["image"]), service["image"]


@pytest.mark.parametrize("name", [name for name in OURS if "command" in SERVICES[name]])
def test_its_commands_exist(name: str) -> None:
    service = SERVICES[name]
    if "entrypoint" not in service:
        assert_command_exists(["driftwatch", *service["command"]])


@pytest.mark.parametrize("name", OURS)
def test_our_containers_run_with_nothing_to_spare(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_ports_are_published_on_this_machine_only_and_driftwatch_has_its_own() -> None:
    for service in SERVICES.values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), port
    assert SERVICES["driftwatch"]["ports"] == [f"127.0.0.1:{HttpSpec().port}:{HttpSpec().port}"]


def test_the_example_configuration_is_valid() -> None:
    configuration = Configuration.model_validate(read("driftwatch.yaml"))
    assert configuration.http.port == HttpSpec().port


def test_the_environment_that_the_configuration_asks_for_is_set() -> None:
    configuration = read("driftwatch.yaml")
    asked = {
        field["env"]
        for endpoint in configuration["endpoints"]
        for field in endpoint.values()
        if isinstance(field, dict)
    }
    assert asked == SERVICES["driftwatch"]["environment"].keys()


def test_the_receiver_is_in_the_network_that_the_endpoints_allow() -> None:
    subnet = COMPOSE["networks"]["default"]["ipam"]["config"][0]["subnet"]
    for endpoint in read("driftwatch.yaml")["endpoints"]:
        assert endpoint["allow_networks"] == [subnet]


@pytest.mark.parametrize(
    "path",
    [
        "driftwatch.yaml",
        "compose.yaml",
        "prometheus/prometheus.yml",
        "alertmanager/alertmanager.yml",
        "grafana/provisioning/datasources/prometheus.yaml",
    ],
)
def test_hosts_are_services_and_their_ports_are_right(path: str) -> None:
    ports = {
        "kafka": {9092, 9093},
        "driftwatch": {HttpSpec().port},
        "receiver": {8080},
        "prometheus": {9090},
        "alertmanager": {9093},
    }
    for text in strings(read(path)):
        for host, port in re.findall(r"\b([a-z]+):(\d{4,5})\b", text):
            if host == "localhost":
                continue
            assert host in SERVICES, text
            assert int(port) in ports[host], text


def test_grafana_finds_dashboards_and_prometheus() -> None:
    volumes = SERVICES["grafana"]["volumes"]
    (provider,) = read("grafana/provisioning/dashboards/driftwatch.yaml")["providers"]
    assert f"../dashboards:{provider['options']['path']}:ro" in volumes
    assert {path.name for path in (ROOT / "dashboards").glob("*.json")} == set(DASHBOARDS)
    sources = {s["uid"]: s for s in read("grafana/provisioning/datasources/prometheus.yaml")["datasources"]}
    assert {s["type"] for s in sources.values()} == {"prometheus", "alertmanager"}
    assert sources["prometheus"]["jsonData"]["alertmanagerUid"] in sources
    assert [s["uid"] for s in sources.values() if s.get("isDefault")] == ["prometheus"]
    scraped = read("prometheus/prometheus.yml")["global"]["scrape_interval"]
    assert sources["prometheus"]["jsonData"]["timeInterval"] == scraped, "or rates have gaps"


def test_the_receiver_prints_what_it_is_sent() -> None:
    port, _ = free_ports()
    process = subprocess.Popen(
        [sys.executable, str(DEPLOY / "receiver.py"), str(port)], stdout=subprocess.PIPE, text=True
    )
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/slack", data=b'{"text": "drift"}', headers={"webhook-id": "msg_1"}
    )

    def answered() -> int | None:
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.status
        except OSError:
            return None

    try:
        assert until(answered, 10, "the receiver's answer") == 204
    finally:
        process.terminate()
        printed, _ = process.communicate(timeout=10)
    assert "POST /slack {'Webhook-Id': 'msg_1'}" in printed
    assert '{"text": "drift"}' in printed
