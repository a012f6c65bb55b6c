# Every target does its own set-up in .venv; nothing else on the machine is touched.
PYTHON ?= python3
BIN := .venv/bin
# What was compiled once is kept, whatever the machine is set to: the tests alone start Python some sixty times.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-long test-browser test-faults gallery bench check lock
.DEFAULT_GOAL := demo

# The application alone: what `make demo` needs.
.venv/.ready: requirements/run.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# The application and everything that tests and checks it.
.venv/.dev: requirements/dev.txt .venv/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

setup: .venv/.dev

demo: .venv/.ready
	$(BIN)/psirf-bot demo

test: setup
	$(BIN)/python -m pytest -n auto --dist worksteal

# Storms, kills, and the looks for a word that nobody may see: each takes many seconds by itself.
test-long: setup
	$(BIN)/python -m pytest -n auto --dist worksteal -m long

# What the browser tests and the gallery draw and drive cards with; it needs Node.js, and Chromium to look at them.
RENDERERS := tests/browser/node_modules/.package-lock.json
$(RENDERERS): tests/browser/package-lock.json
	npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund

test-browser: setup $(RENDERERS)
	$(BIN)/python -m pytest -m browser

gallery: setup $(RENDERERS)
	$(BIN)/python docs/gallery/make.py

# Everything that can go wrong, seeded: a few minutes for each engine.
test-faults: setup
	PYTHONPATH=tests $(BIN)/python -m faults

bench: setup
	$(BIN)/python -m bench

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Locks name no download host: pip takes packages from wherever this machine is set to.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock:
	$(LOCK) pyproject.toml requirements/build.in -o requirements/run.txt
	$(LOCK) --extra dev pyproject.toml requirements/build.in -o requirements/dev.txt
