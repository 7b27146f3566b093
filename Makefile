# One command each: make demo, make studio, make site, make test, make test-all, make coverage, make lint, make bench.
# LOCKED=1 installs for development what requirements-dev.lock names, checked by its hashes.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip install --quiet -c constraints.txt
LOCK := $(if $(LOCKED),$(PIP) --no-deps --require-hashes -r requirements-dev.lock)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo studio site test test-kernels test-page test-slow test-all coverage lint format types generated lock bench clean

$(VENV)/pyvenv.cfg:
	$(PYTHON) -m venv $(VENV)

# torch comes through the constraints file only: the small CPU build, not gigabytes of CUDA.
$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	IMPASTO_BUILD_PAGE=0 $(PIP) -e '.[demo]'
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	$(LOCK)
	IMPASTO_BUILD_PAGE=0 $(PIP) -e '.[demo,dev]'
	touch $@

# The page is TypeScript: this needs Node 20.19 or newer, and says so.
$(VENV)/.studio: pyproject.toml constraints.txt hatch_build.py $(shell find studio-page -name node_modules -prune -o -type f -print) | $(VENV)/pyvenv.cfg
	IMPASTO_BUILD_PAGE=1 $(PIP) -e '.[studio]'
	touch $@

demo: $(VENV)/.demo
	$(BIN)/python examples/demo.py

studio: $(VENV)/.studio
	$(BIN)/impasto studio

# A process for each processor, each with one thread: small pictures gain nothing from more.
PARALLEL := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses 8 --dist loadfile

test: $(VENV)/.dev
	$(PARALLEL)

# The same tests, with the branches of src they take; it fails below the share that pyproject.toml asks for.
# python -m benchmarks house has the shares by room.
coverage: $(VENV)/.dev
	$(PARALLEL) --cov --cov-report=term --cov-report=json

# What computes, once more as on an old processor: other kernels round otherwise.
test-kernels: $(VENV)/.dev
	ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=AVX2 $(PARALLEL) -m 'numerical and not slow'

# Ray for the slow tests; it asks for no torch.
$(VENV)/.all: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	$(LOCK)
	IMPASTO_BUILD_PAGE=0 $(PIP) -e '.[demo,dev,ray]'
	touch $@

# The units of the studio's page, in Node; without it they are skipped, and said to be.
test-page: $(VENV)/.dev
	$(BIN)/python hatch_build.py test

# What takes long or needs a browser, a server, a cluster. The studio's page is built for its tests where that is
# possible; where not, they skip and say so. The page's tests, which wait for a browser, go beside the others.
test-slow: $(VENV)/.all
	-$(BIN)/python hatch_build.py
	mkdir -p build
	$(BIN)/python -m pytest -m slow -rs --durations=15 tests/studio_page > build/page-tests.log 2>&1 & page=$$!; \
	$(BIN)/python -m pytest -m slow -rs --durations=30 --ignore=tests/studio_page; others=$$?; \
	wait $$page; page=$$?; cat build/page-tests.log; exit $$((page | others))

test-all: test test-kernels test-page test-slow

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python hatch_build.py lint

# The page's types for what the studio's API takes and gives.
types: $(VENV)/.dev
	mkdir -p build
	$(BIN)/python studio-page/openapi.py | IMPASTO_BUILD_PAGE=1 $(BIN)/python hatch_build.py types > build/api.d.ts
	mv build/api.d.ts studio-page/src/api.d.ts

# All that is made from the code and kept in the repository; tests tell when it is out of date.
generated: types
	$(BIN)/python -m impasto.cli.reference docs/options.md
	$(BIN)/python -m impasto.cli.python_reference docs/python-reference.md
	$(BIN)/python -m impasto.cli.keywords src/impasto/pipelines/keywords.py

# torch is left to constraints.txt: its CPU build has other hashes, and an index of its own.
lock: | $(VENV)/pyvenv.cfg
	$(PIP) uv
	echo torch | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --excludes - \
		--extra demo --extra dev --extra ray --no-annotate --custom-compile-command "make lock" \
		pyproject.toml -o requirements-dev.lock

$(VENV)/.site: pyproject.toml | $(VENV)/pyvenv.cfg
	IMPASTO_BUILD_PAGE=0 $(PIP) -e '.[site]'
	touch $@

# The site, into build/site, with its links checked.
site: $(VENV)/.site
	$(BIN)/python recipes/site/build.py

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) out dist
