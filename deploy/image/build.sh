#!/bin/sh
# Build the wheel and install it with its locked dependencies into a new virtual environment.
# The image runs this, and so does tests/deploy/test_image.py, which needs no container engine.
# Usage: build.sh SOURCE TARGET WORK   (PYTHON names the interpreter)
set -eu
source="$1" target="$2" work="$3"
python="${PYTHON:-python3}"
locked="--disable-pip-version-check --no-cache-dir --require-hashes --only-binary :all:"

# The build tools stay in an environment of their own.
"$python" -m venv "$work/build"
# shellcheck disable=SC2086 # a list of options
"$work/build/bin/python" -m pip install --quiet $locked -r "$source/requirements/build.txt"
"$work/build/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-cache-dir \
    --no-deps --no-build-isolation --wheel-dir "$work/dist" "$source"

"$python" -m venv "$target"
# shellcheck disable=SC2086
"$target/bin/python" -m pip install --quiet $locked -r "$source/requirements/runtime.txt"
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index "$work"/dist/*.whl
"$target/bin/python" -m pip check
# What runs in production cannot install packages.
"$target/bin/python" -m pip uninstall --quiet --yes setuptools pip
