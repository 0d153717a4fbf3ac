"""The overlays render, are what Kubernetes takes, name only what the program has, and leave the model alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from driftwatch.config.load import load
from driftwatch.config.plan import plan as cost_plan
from driftwatch.config.spec import StateSpec
from driftwatch.telemetry.api import OPERATIONS
from driftwatch.telemetry.spec import HttpSpec
from tests.deploy.commands import ROOT, assert_command_exists
from tests.deploy.rendering import KUBERNETES, Document, kustomized, needs_tools, only, validate
from tests.waiting import until

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
OVERLAYS = ["standalone", "sidecar"]
SCRAPED = "/metrics"
PROBED = {"/healthz", "/readyz"}
UNITS = {"Mi": 2**20, "Gi": 2**30}


def standalone() -> Document:
    return only(kustomized("standalone"), "StatefulSet")["spec"]


def sidecar_pod() -> Document:
    return only(kustomized("sidecar"), "Deployment")["spec"]["template"]["spec"]


def container(overlay: str) -> Document:
    if overlay == "standalone":
        (found,) = standalone()["template"]["spec"]["containers"]
    else:
        (found,) = sidecar_pod()["initContainers"]
    return found


def size_bytes(quantity: str) -> int:
    return int(quantity[:-2]) * UNITS[quantity[-2:]]


@needs_tools
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_document_is_one_that_kubernetes_takes(overlay: str) -> None:
    documents = kustomized(overlay)
    assert len(documents) >= 3
    for document in documents:
        validate(document)


@needs_tools
def test_the_schemas_refuse_what_is_wrong() -> None:
    wrong = kustomized("standalone")
    only(wrong, "StatefulSet")["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    only(wrong, "ServiceMonitor")["spec"]["endpoints"][0]["intervall"] = "30s"
    with pytest.raises(kubernetes_validate.ValidationError) as refused:
        validate(only(wrong, "StatefulSet"))
    assert "livenesProbe" in refused.value.message
    with pytest.raises(AssertionError, match="intervall"):
        validate(only(wrong, "ServiceMonitor"))


@needs_tools
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_arguments_ports_paths_and_users_are_those_of_the_program(overlay: str) -> None:
    found = container(overlay)
    command = found["args"]
    if overlay == "sidecar":
        (line,) = re.findall(r"^\s*(driftwatch run .*) &$", command[0], re.MULTILINE)
        command = line.split()[1:]
    assert_command_exists(["driftwatch", *command])
    assert json_of(r"^CMD (.*)$") == command, "as the image does it"
    assert [port["containerPort"] for port in found["ports"]] == [HttpSpec().port]
    mounts = {mount["mountPath"]: mount for mount in found["volumeMounts"]}
    assert StateSpec().directory in mounts
    assert not mounts[StateSpec().directory].get("readOnly")
    assert str(Path(command[-1]).parent) in mounts
    (user,) = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    security = found["securityContext"] | (
        standalone()["template"]["spec"]["securityContext"] if overlay == "standalone" else {}
    )
    assert (str(security["runAsUser"]), str(security["runAsGroup"])) == user
    assert "env" not in found
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        if probe in found:
            assert found[probe]["httpGet"]["path"] in PROBED
            assert found[probe]["httpGet"]["port"] == found["ports"][0]["name"]
    assert {operation.path for operation in OPERATIONS} >= PROBED


def json_of(pattern: str) -> Any:
    (text,) = re.findall(pattern, DOCKERFILE, re.MULTILINE)
    return yaml.safe_load(text)


@needs_tools
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_it_may_do_as_little_as_it_can(overlay: str) -> None:
    security = container(overlay)["securityContext"]
    if overlay == "standalone":
        pod = standalone()["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        security = security | pod["securityContext"]
        labels = only(kustomized("standalone"), "Namespace")["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        for volume in pod["volumes"]:
            assert volume.keys() - {"name"} <= {"configMap", "secret", "emptyDir"}, "what `restricted` allows"
    else:
        token = "/var/run/secrets/kubernetes.io/serviceaccount"
        (mount,) = [m for m in container(overlay)["volumeMounts"] if m["mountPath"] == token]
        (volume,) = [v for v in sidecar_pod()["volumes"] if v["name"] == mount["name"]]
        assert volume["emptyDir"] == {}, "the admission leaves a path alone at which something is mounted"
    assert security["runAsNonRoot"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}


@needs_tools
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_configuration_is_right_and_fits_the_limits(overlay: str, tmp_path: Path) -> None:
    text = only(kustomized(overlay), "ConfigMap")["data"]["driftwatch.yaml"]
    file = tmp_path / "driftwatch.yaml"
    file.write_text(text)
    loaded = load(file, outside=False)
    costs = cost_plan(loaded.configuration, loaded.references)
    resources = container(overlay)["resources"]
    assert costs.memory_bytes <= size_bytes(resources["limits"]["memory"])
    assert size_bytes(resources["requests"]["memory"]) >= 300 * 2**20, "what docs/performance.md has measured"
    if overlay == "standalone":
        (claim,) = standalone()["volumeClaimTemplates"]
        assert costs.disk_bytes <= size_bytes(claim["spec"]["resources"]["requests"]["storage"])
    mounted = {mount["mountPath"] for mount in container(overlay)["volumeMounts"]}
    for secret in re.findall(r"file: (\S+?)\}", text):
        assert str(Path(secret).parent) in mounted


@needs_tools
def test_the_model_is_as_it_was_but_for_the_sidecar() -> None:
    before = yaml.safe_load((KUBERNETES / "overlays" / "sidecar" / "model.yaml").read_text())
    after = only(kustomized("sidecar"), "Deployment")
    pod = after["spec"]["template"]
    assert pod["metadata"]["labels"].pop("driftwatch") == "sidecar"
    assert pod["spec"].pop("initContainers")
    assert pod["spec"].pop("volumes")
    assert after["metadata"].pop("namespace")
    assert after == before


@needs_tools
def test_the_sidecar_can_neither_hold_up_nor_fail_nor_outlive_its_model() -> None:
    found = container("sidecar")
    assert found["restartPolicy"] == "Always", "native: it starts before and ends after the model"
    for gate in ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle"):
        assert gate not in found
    assert "terminationGracePeriodSeconds" not in sidecar_pod()
    for volume in sidecar_pod()["volumes"]:
        kind = next(iter(volume.keys() - {"name"}))
        assert volume[kind].get("optional") is True or volume[kind] == {}, "nothing missing, nothing too full"


@needs_tools
def test_it_is_found_by_the_operator_under_the_name_that_the_rules_use() -> None:
    rules = "\n".join(path.read_text() for path in (ROOT / "deploy" / "prometheus" / "rules").glob("*.y*ml"))
    patterns = re.findall(r'job=~"([^"]+)"', rules)
    assert patterns
    assert all(re.fullmatch(pattern, "driftwatch") for pattern in patterns)
    service = only(kustomized("standalone"), "Service")
    monitor = only(kustomized("standalone"), "ServiceMonitor")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    assert service["spec"]["selector"].items() <= standalone()["template"]["metadata"]["labels"].items()
    pods = only(kustomized("sidecar"), "PodMonitor")["spec"]
    labels = only(kustomized("sidecar"), "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert pods["selector"]["matchLabels"].items() <= labels.items()
    assert pods["podMetricsEndpoints"][0]["port"] == container("sidecar")["ports"][0]["name"]
    for endpoint in (monitor["endpoints"][0], pods["podMetricsEndpoints"][0]):
        assert endpoint["path"] == SCRAPED
        assert {"targetLabel": "job", "replacement": "driftwatch"} in endpoint["relabelings"]


@needs_tools
def test_the_network_policy_opens_the_ports_of_the_configuration() -> None:
    policy = only(kustomized("standalone"), "NetworkPolicy")["spec"]
    assert policy["ingress"][0]["ports"] == [{"port": HttpSpec().port, "protocol": "TCP"}]
    out = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    text = only(kustomized("standalone"), "ConfigMap")["data"]["driftwatch.yaml"]
    named = {int(port) for port in re.findall(r":(\d{2,5})\b(?![^\n]*external_url)", text)}
    assert named <= out


FAKE = """#!/bin/sh
echo "$@" >>"$LOG"
trap 'echo term >>"$LOG"; exit 0' TERM
[ -e "$HEALTHY" ] || exit 5
echo up >>"$LOG"
while :; do sleep 0.05; done
"""


def test_the_loop_of_the_sidecar_restarts_what_failed_and_hands_on_the_signal(tmp_path: Path) -> None:
    patch = yaml.safe_load((KUBERNETES / "overlays" / "sidecar" / "sidecar.yaml").read_text())
    (found,) = patch["spec"]["template"]["spec"]["initContainers"]
    program = tmp_path / "driftwatch"
    program.write_text(FAKE)
    program.chmod(0o755)
    log, healthy = tmp_path / "log", tmp_path / "healthy"
    log.touch()
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "LOG": str(log),
        "HEALTHY": str(healthy),
        "RESTART_AFTER_S": "0.05",
    }

    def lines() -> list[str]:
        return log.read_text().splitlines()

    process = subprocess.Popen([*found["command"], *found["args"]], env=environment)
    try:
        until(lambda: len(lines()) >= 3, 20, "it was started again and again")
        assert process.poll() is None, "the container does not end"
        assert set(lines()) == {"run -c /etc/driftwatch/driftwatch.yaml"}
        healthy.touch()
        until(lambda: "up" in lines(), 20, "it runs")
        process.send_signal(signal.SIGTERM)
        until(lambda: process.poll() is not None, 20, "the container ends with its program")
        assert lines()[-2:] == ["up", "term"]
        assert process.returncode == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
