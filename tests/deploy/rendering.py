"""Render manifests with the real kustomize and helm, and hold them to the published schemas, without any network."""

from __future__ import annotations

import copy
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.deploy.commands import ROOT

TOOLS = ROOT / "build" / "tools"
KUBERNETES = ROOT / "deploy" / "kubernetes"
CHART = ROOT / "deploy" / "helm" / "driftwatch"
OLDEST = "1.29"
"""The first version with native sidecars switched on."""
MISSING = [name for name in ("kustomize", "helm", "crds") if not (TOOLS / name).exists()]
needs_tools = pytest.mark.skipif(
    bool(MISSING), reason=f"needs {', '.join(MISSING)} in build/tools: `make tools` (Go)"
)

Document = dict[str, Any]


@cache
def _kustomized(overlay: str) -> str:
    run = subprocess.run(
        [str(TOOLS / "kustomize"), "build", str(KUBERNETES / "overlays" / overlay)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "deprecated" not in run.stderr
    return run.stdout


def kustomized(overlay: str) -> list[Document]:
    """The documents of an overlay."""
    return list(yaml.safe_load_all(_kustomized(overlay)))


def helm(*arguments: str, chart: Path = CHART, values: Document | None = None) -> tuple[int, str]:
    """Exit code and output of `helm template` with these values."""
    run = subprocess.run(
        [str(TOOLS / "helm"), "template", "dw", str(chart), "--kube-version", OLDEST, "-f", "-", *arguments],
        input=yaml.safe_dump(values or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def templated(*arguments: str, chart: Path = CHART, values: Document | None = None) -> list[Document]:
    """The documents of the chart with these values."""
    code, text = helm(*arguments, chart=chart, values=values)
    assert code == 0, text
    return [document for document in yaml.safe_load_all(text) if document]


def only(documents: list[Document], kind: str) -> Document:
    """The one document of this kind."""
    (found,) = [document for document in documents if document["kind"] == kind]
    return found


def validate(document: Document) -> None:
    """Raises where a document is none that Kubernetes or the Prometheus operator takes; unknown keys are refused."""
    group = document["apiVersion"].partition("/")[0]
    if group == "monitoring.coreos.com":
        _validate_custom(document)
        return
    for version in (OLDEST, kubernetes_validate.latest_version().rpartition(".")[0]):
        kubernetes_validate.validate(document, version, strict=True)


def _validate_custom(document: Document) -> None:
    name = f"monitoring.coreos.com_{document['kind'].lower()}s.yaml"
    definition = yaml.safe_load((TOOLS / "crds" / name).read_text(encoding="utf-8"))
    version = document["apiVersion"].rpartition("/")[2]
    (schema,) = [
        served["schema"]["openAPIV3Schema"]
        for served in definition["spec"]["versions"]
        if served["name"] == version
    ]
    spec = _closed(copy.deepcopy(schema["properties"]["spec"]))
    errors = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(spec).iter_errors(document["spec"])
    ]
    assert errors == [], errors


def _closed(schema: Any) -> Any:
    """The schema with unknown keys refused wherever the known ones are listed."""
    if isinstance(schema, dict):
        for inner in schema.values():
            _closed(inner)
        if "properties" in schema and schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
    elif isinstance(schema, list):
        for inner in schema:
            _closed(inner)
    return schema
