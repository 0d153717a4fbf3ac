"""The chart renders in every form, refuses wrong values, and has the same containers as the kustomize overlays."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from driftwatch import __version__
from tests.deploy import documents
from tests.deploy.rendering import (
    CHART,
    KUBERNETES,
    Document,
    helm,
    kustomized,
    needs_tools,
    only,
    templated,
    validate,
)

CONFIGURATION = documents.read(KUBERNETES / "base" / "driftwatch.yaml")
FORMS: dict[str, Document] = {
    "least": {},
    "most": {
        "image": {"repository": "registry.example.com/driftwatch", "tag": "1", "pullPolicy": "Always"},
        "imagePullSecrets": [{"name": "pull"}],
        "extraVolumes": [{"name": "references", "configMap": {"name": "references"}}],
        "extraVolumeMounts": [{"name": "references", "mountPath": "/references", "readOnly": True}],
        "storage": {"size": "20Gi", "className": "fast"},
        "podAnnotations": {"a": "b"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "x", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "monitor": {"enabled": True, "interval": "15s", "labels": {"release": "prometheus"}},
        "networkPolicy": {"enabled": True, "from": ["a", "b"], "egress": [{"ports": [{"port": 9092}]}]},
    },
    "without monitor": {"monitor": {"enabled": False}},
    "sidecar": {"mode": "sidecar"},
}


def values(form: Document) -> Document:
    return {"configuration": CONFIGURATION} | form


@needs_tools
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_what_kubernetes_takes(form: str) -> None:
    found = templated(values=values(FORMS[form]))
    for document in found:
        validate(document)
    kinds = sorted(document["kind"] for document in found)
    expected = {
        "least": ["ConfigMap", "Service", "ServiceMonitor", "StatefulSet"],
        "most": ["ConfigMap", "NetworkPolicy", "Service", "ServiceMonitor", "StatefulSet"],
        "without monitor": ["ConfigMap", "Service", "StatefulSet"],
        "sidecar": ["ConfigMap", "PodMonitor"],
    }
    assert kinds == expected[form]
    assert yaml.safe_load(only(found, "ConfigMap")["data"]["driftwatch.yaml"]) == CONFIGURATION


@needs_tools
def test_the_container_is_that_of_the_overlay() -> None:
    ours = only(templated(values=values({})), "StatefulSet")["spec"]["template"]["spec"]
    theirs = only(kustomized("standalone"), "StatefulSet")["spec"]["template"]["spec"]
    for pod in (ours, theirs):
        pod["containers"][0]["image"] = ""
        for kind in ("requests", "limits"):
            pod["containers"][0]["resources"][kind].pop("ephemeral-storage", None)
        for volume in pod["volumes"]:
            volume.get("configMap", {}).pop("name", None)
    assert ours == theirs


PARENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: model}
spec:
  selector: {matchLabels: {app: model}}
  template:
    metadata: {labels: {app: model, driftwatch: sidecar}}
    spec:
      initContainers:
        {{- include "driftwatch.sidecar" .Subcharts.driftwatch | nindent 8 }}
      containers:
        - {name: model, image: model}
      volumes:
        {{- include "driftwatch.sidecar.volumes" .Subcharts.driftwatch | nindent 8 }}
"""


@needs_tools
def test_a_model_s_chart_takes_the_sidecar_in(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    shutil.copytree(CHART, tmp_path / "charts" / "driftwatch")
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: model, version: 0.1.0}\n")
    (tmp_path / "templates" / "model.yaml").write_text(PARENT)
    found = templated(chart=tmp_path, values={"driftwatch": values({"mode": "sidecar"})})
    pod = only(found, "Deployment")["spec"]["template"]["spec"]
    validate(only(found, "Deployment"))
    (ours,) = pod["initContainers"]
    (theirs,) = only(kustomized("sidecar"), "Deployment")["spec"]["template"]["spec"]["initContainers"]
    for container in (ours, theirs):
        container.pop("image")
        container.pop("resources")
    assert ours == theirs
    names = {volume["name"] for volume in pod["volumes"]}
    assert names == {mount["name"] for mount in ours["volumeMounts"]}
    (configuration,) = [v for v in pod["volumes"] if v["name"] == "driftwatch-configuration"]
    assert configuration["configMap"]["name"] == only(found, "ConfigMap")["metadata"]["name"]


@needs_tools
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"configuration": {}}, "kafka"),
        ({"mode": "both"}, "mode"),
        ({"storage": {"size": "a lot"}}, "size"),
        ({"replicas": 3}, "replicas"),
        ({"monitor": {"interval": 30}}, "interval"),
    ],
)
def test_wrong_values_are_refused(wrong: Document, told: str) -> None:
    code, text = helm(values=values({}) | wrong)
    assert code != 0
    assert told in text


def test_the_schema_has_every_value_and_the_chart_is_of_this_version() -> None:
    schema: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(defaults) | {"global", "nameOverride"} == set(schema["properties"])
    for name, value in defaults.items():
        if isinstance(value, dict) and schema["properties"][name].get("additionalProperties") is False:
            assert set(value) == set(schema["properties"][name]["properties"]), name
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == __version__
