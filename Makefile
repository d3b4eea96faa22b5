# Two commands: `make demo` shows the volunteers' page, `make test` runs every test.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test bench lock

demo: .venv/demo.stamp
	@exec $(BIN)/animelabel demo

test: .venv/test.stamp
	scripts/install-test-programs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	if command -v node >/dev/null; then node --test tests/js/; fi
	$(BIN)/pytest --numprocesses=2

bench: .venv/test.stamp
	$(BIN)/python benchmarks/import_frames.py
	$(BIN)/python benchmarks/hand_out.py
	$(BIN)/python benchmarks/evenness.py --volunteers 8 100
	$(BIN)/python benchmarks/ratings_per_second.py --seconds 2 --connections 1 32
	$(BIN)/python benchmarks/kill.py --times 1
	$(BIN)/python benchmarks/read_ratings.py --ratings 300000
	$(BIN)/python benchmarks/export_manifest.py --images 30000
	$(BIN)/python benchmarks/consensus_accuracy.py
	$(BIN)/python benchmarks/consensus_speed.py
	$(BIN)/python benchmarks/consensus_effort.py --images 5000 --volunteers 100
	$(BIN)/python benchmarks/consensus_out_of_core.py
	$(BIN)/python benchmarks/click.py
	$(BIN)/python benchmarks/first_paint.py
	$(BIN)/python benchmarks/visitors.py --visitors 50
	$(BIN)/python benchmarks/crowd.py --visitors 100 --minutes 0.5 --images 400
	$(BIN)/python benchmarks/review.py --images 30000
	$(BIN)/python benchmarks/galera.py

lock:
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
	  --no-header --no-annotate --output-file requirements.lock
	uv pip compile pyproject.toml --group build --group dev --universal --python-version 3.11 \
	  --no-header --no-annotate --constraints requirements.lock --output-file requirements-dev.lock

.venv/demo.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "Python 3.11 or later is needed, and this is " + sys.version.split()[0] + \
	  ": name another one as in `make PYTHON=python3.12 demo`.")'
	@echo "Installing the pinned packages into .venv …"
	@$(PYTHON) -m venv .venv
	@$(PIP) --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test.stamp: .venv/demo.stamp requirements-dev.lock
	@echo "Installing what the tests need …"
	@$(PIP) --requirement requirements-dev.lock
	@touch $@
