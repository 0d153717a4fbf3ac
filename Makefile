# Every target works in a fresh clone on Linux with Python >= 3.11 and make.
# The broker tests and the benchmarks also need Java 17 and Maven.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KAFKA_LIBS := build/kafka/libs
LOCKED := requirements/runtime.txt requirements/dev.txt

.DEFAULT_GOAL := help
.PHONY: help demo test check faults soak bench simulate mutants pictures lock format kafka tools clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

# One stamp for the environment: made again when a lock file or the build changes.
# A venv of the wrong Python is refused here, not later in a traceback.
$(VENV)/.stamp: $(LOCKED) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "driftwatch needs Python 3.11 or newer; say which with PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
		-r requirements/runtime.txt -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(VENV)/.stamp ## drift, Slack message, retraining and recovery in one process
	$(BIN)/driftwatch demo

check: $(VENV)/.stamp ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# Fast tests first, so that a small mistake is seen before the broker starts.
# The one pytest run keeps one closing line; tests/conftest.py puts the broker tests last.
test: check kafka tools ## check, then every test, broker tests last
	$(BIN)/python -m pytest

tools: ## kustomize and helm into build/tools, where there is Go
	@PATH="$$PATH:/usr/local/go/bin"; if command -v go >/dev/null; then sh deploy/kubernetes/tools.sh; \
		else echo "without Go the tests of the Kubernetes manifests are skipped"; fi

faults: $(VENV)/.stamp kafka ## the long form of every fault (about an hour)
	$(BIN)/python -m pytest tests/faults tests/integration tests/storage -m "full or not full" -s

soak: $(VENV)/.stamp kafka ## 30 minutes under load: memory, files and lag stay flat
	$(BIN)/python -m tests.faults.soak --minutes 30

bench: $(VENV)/.stamp kafka ## benchmarks against the limits of this machine
	@mkdir -p build
	$(BIN)/python -m tests.benchmarks --output build/bench.json

mutants: $(VENV)/.stamp ## take one safety line out at a time: some test must fail
	$(BIN)/python -m tests.mutants

format: $(VENV)/.stamp ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

simulate: $(VENV)/.stamp ## evidence in worlds of known truth; its tables go into docs/evidence.md
	$(BIN)/python -m tests.simulations

pictures: $(VENV)/.stamp ## make the README's pictures again (needs chromium)
	$(BIN)/python -m tests.browser.pictures

# Pins with hashes and no index address, valid for every supported Python.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-annotate --no-header $(LOCK_FLAGS)

lock: $(VENV)/.stamp ## write requirements/*.txt again (LOCK_FLAGS=--upgrade for newer versions)
	$(LOCK) pyproject.toml --extra confluent --extra avro --extra parquet -o requirements/runtime.txt
	$(LOCK) --group build -o requirements/build.txt
	$(LOCK) --group dev -c requirements/runtime.txt -c requirements/build.txt -o requirements/dev.txt

kafka: ## fetch the Kafka broker for tests (nothing to do when a broker is named or Maven is missing)
	@if [ -n "$$DRIFTWATCH_TEST_KAFKA" ]; then :; \
	elif command -v mvn >/dev/null; then $(MAKE) --no-print-directory $(KAFKA_LIBS)/.stamp; \
	else echo "no mvn: the broker tests will be skipped (install Maven and Java 17)"; fi

$(KAFKA_LIBS)/.stamp: tests/integration/kafka-pom.xml
	mvn --batch-mode --quiet -Dstyle.color=never -f tests/integration/kafka-pom.xml dependency:copy-dependencies \
		-DoutputDirectory=$(CURDIR)/$(KAFKA_LIBS)
	@touch $@

clean: ## remove the environment and everything built
	rm -rf $(VENV) build dist .ruff_cache .pytest_cache .import_linter_cache .hypothesis
