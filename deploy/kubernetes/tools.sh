#!/bin/sh
# kustomize, helm and the Prometheus operator's resource definitions into build/tools, for the tests of these manifests.
# Needs Go; what is there in the right version is left alone.
set -eu
KUSTOMIZE=v5.7.1
HELM=v3.22.0
OPERATOR=v0.85.0

cd "$(dirname "$0")/../.."
tools="$PWD/build/tools"
mkdir -p "$tools"
cd "$tools" # outside of any module

install_tool() { # install_tool NAME MODULE VERSION
    [ -x "$1" ] && [ "$(cat "$1.version" 2>/dev/null)" = "$3" ] && return
    GOBIN="$tools" go install "$2@$3"
    echo "$3" >"$1.version"
}
install_tool kustomize sigs.k8s.io/kustomize/kustomize/v5 "$KUSTOMIZE"
install_tool helm helm.sh/helm/v3/cmd/helm "$HELM"

if [ "$(cat crds.version 2>/dev/null)" != "$OPERATOR" ]; then
    module=github.com/prometheus-operator/prometheus-operator
    go mod download "$module@$OPERATOR"
    mkdir -p crds
    for kind in podmonitors servicemonitors; do
        cp "$(go env GOMODCACHE)/$module@$OPERATOR/example/prometheus-operator-crd/monitoring.coreos.com_$kind.yaml" crds/
    done
    chmod -R u+w crds
    echo "$OPERATOR" >crds.version
fi
