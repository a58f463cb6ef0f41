# One entry for everything. `make run` and `make test` prepare the machine by themselves (scripts/setup).
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
ARGS ?=
# Most of a test on the daemons is waiting, so more of them run side by side than there are cores.
PARALLEL ?= -n 3 --dist loadgroup
OUT ?= var/gallery
# Whose own words are rendered, too: every municipality that is served from here.
VOICED ?= config/saga.toml config/fujisawa.toml config/fujisawa-hall.toml
# Debian keeps daemons and lpadmin where an ordinary user does not look.
export PATH := $(PATH):/usr/sbin:/sbin

.PHONY: help run devices test test-quick bench check lint format types contracts requirements gallery voices setup-run setup-test clean

help:  ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: setup-run  ## start the terminal with all its devices simulated; ARGS=... are handed on (ARGS=--help)
	@exec $(PY) -m hardware_sim $(ARGS)

devices: setup-run  ## start the simulated devices without the kiosk, to be tried one by one
	@exec $(PY) -m hardware_sim.devices $(ARGS)

test: setup-test  ## every test, those on the real daemons included; ARGS=... are handed on to pytest
	@exec $(PY) -m pytest $(PARALLEL) $(ARGS)

test-quick: setup-test  ## the tests that start no daemons
	@exec $(PY) -m pytest $(PARALLEL) -m "not stack" $(ARGS)

bench: setup-test  ## measures how fast the machine is, beside the same thing done bare; ARGS=--help
	@exec $(PY) tests/bench/harness.py $(ARGS)

check: lint format types contracts requirements  ## linter, formatter, types, import contracts, requirements

lint: setup-test
	@$(PY) -m ruff check .

format: setup-test
	@$(PY) -m ruff format --check --output-format concise .

types: setup-test
	@$(PY) -m mypy
	@$(PY) -m mypy scripts/check_requirements.py

contracts: setup-test
	@.venv/bin/lint-imports

requirements: setup-test
	@$(PY) scripts/check_requirements.py

gallery: setup-run  ## a picture of every screen, into OUT=var/gallery
	@$(PY) -m screens.gallery $(OUT)

voices: setup-run  ## render what is spoken anew, as far as its words have changed (installs an engine into .venv)
	@command -v ffmpeg >/dev/null || { echo "ffmpeg measures the loudness: sudo apt-get install ffmpeg" >&2; exit 1; }
	@command -v festival >/dev/null || { echo "Festival speaks English: sudo apt-get install festival festvox-us-slt-hts" >&2; exit 1; }
	@$(PY) -m pip install --quiet --no-deps -r requirements-voices.lock
	@$(PY) -m screens.render_voices $(VOICED:%=--profile %)
	@$(PY) -m screens.render_voices --measure
	@$(PY) -m screens.render_voices --check $(VOICED:%=--profile %)

setup-run:
	@scripts/setup run

setup-test:
	@scripts/setup test

clean:  ## remove what tests, checks and runs left here (not .venv)
	@rm -rf var build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	@find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
