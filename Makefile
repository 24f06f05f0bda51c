# Everything runs from here. Each target sets itself up; the second run starts at once.
# `make run` needs only Python 3.11 or newer.

SHELL := /bin/bash
.DEFAULT_GOAL := run
VENV := .venv
PY := $(VENV)/bin/python
MARK := $(VENV)/.installed
DEV_MARK := $(VENV)/.installed-dev
CALLS ?= 300
MUTANTS ?= 48
SEED ?= 1

# A name on PATH may be a version manager's shim that does not run: try each.
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

# Test processes side by side. Whole calls in real time mostly wait, so one more than there are cores.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

.PHONY: run test check lint types unit bench pictures mutate chaos lock fmt clean

run: $(MARK)   ## start everything on this machine, after playing one booking (DEMO=0: without)
	@exec $(PY) -m app dev --with-parent

test: $(DEV_MARK)   ## the default test suite
	@$(PY) -m pytest -n $(WORKERS) --dist worksteal -m "not browser and not faults"

check: lint types $(DEV_MARK)   ## lint, types, layers, tests, browser and fault tests
	@$(PY) -m pytest -n $(WORKERS) --dist worksteal

lint: $(DEV_MARK)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: $(DEV_MARK)
	@$(PY) -m mypy

bench: $(DEV_MARK)   ## the benchmarks; tables are written under bench-results/
	@for p in wrk espeak-ng; do command -v $$p >/dev/null || { [ "$$(id -u)" = 0 ] && \
		apt-get install -y -qq --no-install-recommends $$p >/dev/null; } || true; done
	@$(PY) -m bench

pictures: $(DEV_MARK)   ## pictures of the console for the docs, from a real run (needs Chromium)
	@$(PY) -m bench.pictures

mutate: $(DEV_MARK)   ## would the unit tests notice small mistakes in the core? (MUTANTS=48 SEED=1)
	@$(PY) -m bench.mutation --mutants $(MUTANTS) --seed $(SEED)

chaos: $(DEV_MARK)   ## random faults on all sides over hundreds of calls (CALLS=300)
	@CHAOS_CALLS=$(CALLS) $(PY) -m pytest -m faults tests/acceptance/test_chaos.py

fmt: $(DEV_MARK)   ## put the code into its form
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

lock: $(DEV_MARK)   ## regenerate requirements*.txt from pyproject.toml
	@test -x $(VENV)/bin/uv || $(PY) -m pip install --quiet --disable-pip-version-check uv
	@$(VENV)/bin/uv --quiet pip compile pyproject.toml --universal --generate-hashes --no-annotate \
		--no-header --python-version 3.11 -o requirements.txt
	@$(VENV)/bin/uv --quiet pip compile pyproject.toml --all-extras --universal --generate-hashes \
		--no-annotate --no-header --python-version 3.11 -c requirements.txt -o requirements-all.txt
	@$(VENV)/bin/uv --quiet pip compile pyproject.toml --all-extras --group dev --universal --generate-hashes \
		--no-annotate --no-header --python-version 3.11 -c requirements-all.txt -o requirements-dev.txt

clean:   ## remove what the other targets made
	rm -rf $(VENV) .run bench-results .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found" >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment (on Debian: apt install python3-venv)" >&2; exit 1; }

$(MARK): requirements-all.txt | $(PY)
	@echo "Installing the locked dependencies ..."
	@$(PY) -m pip install --quiet --no-compile --require-hashes --disable-pip-version-check -r requirements-all.txt
	@touch $@

$(DEV_MARK): requirements-dev.txt requirements-all.txt | $(PY)
	@echo "Installing the locked dependencies and the tools ..."
	@$(PY) -m pip install --quiet --no-compile --require-hashes --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(MARK)
