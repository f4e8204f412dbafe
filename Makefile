# `make demo` and `make test` set up everything they need. `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
KWS_DATA ?= ../shared/data/keywords
export KWS_DATA

BIN := $(VENV)/bin
READY := $(VENV)/.ready
# files share what they build; in the order that tests/conftest.py gives them, not by how many tests they have
IN_PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup for-tests demo test test-all lint bench faults misuse fuzz mutants lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(READY) ## system packages, virtual environment, pinned dependencies
	@tools/system-packages.sh

$(READY): pyproject.toml requirements.lock
	@tools/system-packages.sh
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' \
	  || { echo "Python 3.11 or 3.12 is needed; name one with: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[speech,baseline,swd,search,dev]'
	@touch $@

for-tests: setup
	@tools/system-packages.sh tests

demo: setup ## train on synthetic speech, test on an emulated Cortex-M4F, write out/synthetic/synthetic_4bit_qemu.html
	$(BIN)/python -m pipeline.build --target qemu

test: for-tests ## the tests, in minutes
	$(BIN)/python -m pytest $(IN_PARALLEL) -m "not slow"

test-all: for-tests ## the long ones too
	$(BIN)/python -m pytest $(IN_PARALLEL)

lint: setup ## ruff, mypy, clang-format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	git ls-files '*.c' '*.h' '*.cc' '*.cpp' | xargs $(BIN)/clang-format --dry-run --Werror

bench: setup ## instruction counts of the kernels on every core, against the committed figures
	$(BIN)/python -m lab.bench

faults: setup ## thousands of runs over a link that drops, flips and doubles bytes
	$(BIN)/python -m lab.faults

fuzz: for-tests ## half an hour of anything for the protocol's parser, and another for the operator; FUZZ_SECONDS sets it
	FUZZ_SECONDS=$${FUZZ_SECONDS:-1800} $(BIN)/python -m pytest tests/firmware/test_fuzz.py tests/tflm/test_fuzz.py

misuse: setup ## hundreds of bad inputs, full disks, damaged caches and interruptions
	$(BIN)/python -m lab.misuse

mutants: setup ## small mistakes in the sources, each of which the tests must notice
	$(BIN)/python -m lab.mutants

lock: ## pin what is installed now
	$(BIN)/python -m pip freeze --exclude-editable | grep -vE '^(pip|setuptools|wheel)==' > requirements.lock

clean: ## everything that can be made again
	rm -rf out build .pio $(VENV)
