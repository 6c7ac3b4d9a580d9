# ReelBot's commands. `make` lists them. Each one sets up what it needs, in .venv, and nothing outside this folder.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/python -m uv
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal
ROOT := $(if $(filter-out 0,$(shell id -u)),sudo)

# Certificates that the machine trusts, its owner's own among them, where it has any; else those that the installer brings.
export UV_SYSTEM_CERTS := $(if $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/cert.pem),true,false)

.DEFAULT_GOAL := help
.PHONY: help run test quick test-long check house matrix doctor-tests test-needs bench docs pictures install lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: install ## start the service on http://127.0.0.1:8080 (SQLite in ./data)
	$(BIN)/reelbot serve

test: test-needs $(VENV)/tested-with check ## pass every test: on SQLite, on a real PostgreSQL, in a real browser
	$(PYTEST)

quick: $(VENV)/tested-with ## lint, types and the quick part of the tests, in a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST) $$($(BIN)/python -m tests.quick)

test-long: test-needs $(VENV)/tested-with ## pass the long forms of the simulations too (hours)
	$(PYTEST) -m "long or not long"

check: $(VENV)/tested-with ## lint, strict types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

house: $(VENV)/tested-with ## count the code: sizes of rooms, the length of one walk, what stands twice
	@$(BIN)/python tests/house.py

matrix: $(VENV)/uv ## try several Pythons, PYTHONS="3.12 3.13", newest, or all here: types, quick tests, one video
	$(BIN)/python -m tests.matrix $(PYTHONS)

doctor-tests: ## say what the tests need beside Python, and what of it is missing
	@$(PYTHON) tests/system_needs.py

bench: $(VENV)/tested-with $(VENV)/moviepy/installed ## measure, print one table, write bench/results.json
	$(BIN)/python -m bench

docs: $(VENV)/tested-with ## make the reference of the Python interface, in build/docs
	$(BIN)/python -m docs.reference

pictures: test-needs $(VENV)/tested-with ## take the guides' pictures again: a studio of its own, used and looked at
	$(BIN)/python -m docs.pictures

install: $(VENV)/installed ## only set up, into .venv

# One version of each library for all Pythons, where there is one: what was tried with one Python is what runs with another.
LOCKED := --upgrade --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url --no-header

lock: $(VENV)/uv ## choose the newest versions again and lock them with their hashes
	$(UV) pip compile -q $(LOCKED) pyproject.toml --extra all -o requirements/run.txt
	$(UV) pip compile -q $(LOCKED) pyproject.toml --extra all --group dev -o requirements/test.txt
	$(UV) pip compile -q $(LOCKED) requirements/setup.in -o requirements/setup.txt
	$(UV) pip compile -q $(LOCKED) requirements/moviepy.in -o requirements/moviepy.txt

test-needs: # install what the tests need outside this folder, where it is missing: the list stands in the script
	@$(PYTHON) tests/system_needs.py --install

clean: ## remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist

# The environment is made in steps; each step's stamp is younger than what it was made from.

$(VENV)/uv: requirements/setup.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	    { $(ROOT) apt-get -q update && $(ROOT) apt-get install -y -q --no-install-recommends python3-venv && $(PYTHON) -m venv $(VENV); } || \
	    { rm -rf $(VENV); echo "Python's venv is missing; on Debian, as root: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/setup.txt
	@touch $@

$(VENV)/installed: $(VENV)/uv requirements/run.txt pyproject.toml
	@test -e $(VENV)/tested-with || $(UV) pip sync -q --require-hashes requirements/run.txt requirements/setup.txt
	@test -e $(VENV)/tested-with || $(UV) pip install -q --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/tested-with: $(VENV)/uv requirements/test.txt pyproject.toml
	$(UV) pip sync -q --require-hashes requirements/test.txt requirements/setup.txt
	$(UV) pip install -q --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/installed

# An environment of its own for what renders are compared with: it wants an older Pillow than ReelBot has. The bench can do
# without it, and says so.
$(VENV)/moviepy/installed: $(VENV)/uv requirements/moviepy.txt
	@rm -f $@; { test -x $(VENV)/moviepy/bin/python || $(UV) venv -q --python $(BIN)/python $(VENV)/moviepy; } && \
	    $(UV) pip sync -q --python $(VENV)/moviepy/bin/python --require-hashes requirements/moviepy.txt && touch $@ || \
	    echo "MoviePy could not be installed: renders are not compared with it." >&2
