# One command each: make demo, make studio, make test, make test-all, make coverage, make lint, make bench.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet -c constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo studio test test-slow test-all coverage lint format bench clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# torch comes through the constraints file only: the small CPU build, not gigabytes of CUDA.
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	IMPASTO_BUILD_PAGE=0 $(PIP) -e '.[demo]'
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	IMPASTO_BUILD_PAGE=0 $(PIP) -e '.[demo,dev]'
	touch $@

# The page is TypeScript: this needs Node 20.19 or newer, and says so.
$(VENV)/.studio: pyproject.toml constraints.txt hatch_build.py $(shell find studio-page -name node_modules -prune -o -type f -print) | $(BIN)/python
	IMPASTO_BUILD_PAGE=1 $(PIP) -e '.[studio]'
	touch $@

demo: $(VENV)/.demo
	$(BIN)/python examples/demo.py

studio: $(VENV)/.studio
	$(BIN)/impasto studio

test: $(VENV)/.dev
	$(BIN)/python -m pytest

# Ray for the slow tests; it asks for no torch.
$(VENV)/.all: pyproject.toml constraints.txt | $(BIN)/python
	IMPASTO_BUILD_PAGE=0 $(PIP) -e '.[demo,dev,ray]'
	touch $@

# What takes long or needs a browser, a server, a cluster. The studio's page is built for its tests where that is
# possible; where not, they skip and say so.
test-slow: $(VENV)/.all
	-$(BIN)/python hatch_build.py
	$(BIN)/python -m pytest -m slow

test-all: test test-slow

# The tests of make test, with the branches of src they take; python -m benchmarks house has it by room.
coverage: $(VENV)/.dev
	$(BIN)/python -m pytest --cov --cov-report=term --cov-report=json

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) out dist
