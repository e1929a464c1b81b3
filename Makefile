# A fresh Debian machine with Python 3.11 and make is enough: everything else goes into .venv.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_OUT ?= demo-out
PYTEST_ARGS ?= -n 2

# Several processes share the cores: threads that wait must not spin.
export OMP_WAIT_POLICY ?= PASSIVE

.DEFAULT_GOAL := help
.PHONY: help demo test lint docs wheel-check clean results-quick results-search results results-real \
	results-teachers

help:
	@echo "make demo         train on digits with a planted shortcut, audit, repair, write $(DEMO_OUT)/report.html"
	@echo "make test         set up what is missing and run all tests"
	@echo "make lint         ruff and mypy"
	@echo "make docs         build the documentation as a site, build/site/index.html, and check its links"
	@echo "make wheel-check  build the wheel and use it with core dependencies only"
	@echo "make results-quick  compare methods on planted data, write docs/results/methods.md: 15 minutes"
	@echo "make results           the same with six times the data: hours"
	@echo "make results-real      the same on tweets and photographs: hours"
	@echo "make results-search    search the sieve's settings on planted data: two hours"
	@echo "make results-teachers  distil from teachers without the shortcut: two hours"
	@echo "                  all of these go on where they were stopped"
	@echo "make clean        remove what the above have made"

# The stamps make a second run instant. The development environment serves the demo, too.
$(VENV)/.ready-dev: pyproject.toml .ci/setup
	@.ci/setup $(VENV) dev
	@touch $@ $(VENV)/.ready-demo

$(VENV)/.ready-demo: pyproject.toml .ci/setup
	@.ci/setup $(VENV) demo
	@touch $@

demo: $(VENV)/.ready-demo
	@$(BIN)/earlysieve demo --out $(DEMO_OUT)

test: $(VENV)/.ready-dev
	@.ci/system-packages
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Built offline: nothing is fetched, neither now nor by the pages.
docs: $(VENV)/.ready-dev
	$(BIN)/python -m sphinx -q -E -W --keep-going -c docs/site -d build/doctrees . build/site
	$(BIN)/python docs/site/check.py build/site

wheel-check: $(VENV)/.ready-dev
	@.ci/wheel-check $(BIN)/python

# A results folder belongs to one protocol: remove it after a change of the grid.
BENCHMARK = OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/earlysieve benchmark --trust-config --jobs 2
results-quick results-search: results-%: $(VENV)/.ready-dev
	$(BENCHMARK) --grid benchmarks/grids/$*.yaml --out $@-out
	$(BIN)/python benchmarks/methods_table.py $@-out $*

results: $(VENV)/.ready-dev
	$(BENCHMARK) --grid benchmarks/grids/full.yaml --out $@-out
	$(BIN)/python benchmarks/methods_table.py $@-out full

# Where the data lie: EARLYSIEVE_DATA.
results-real: $(VENV)/.ready-dev
	PYTHONPATH=.:benchmarks OMP_NUM_THREADS=1 $(BIN)/earlysieve benchmark --trust-config --jobs 2 \
		--grid benchmarks/grids/real.yaml --out $@-out
	$(BIN)/python benchmarks/methods_table.py $@-out real

results-teachers: $(VENV)/.ready-dev
	for n in 5 12; do $(BENCHMARK) --grid benchmarks/grids/distil-$$n.yaml --out $@-$$n-out || exit; done
	$(BIN)/python benchmarks/teacher_table.py $@-5-out $@-12-out

clean:
	rm -rf $(VENV) build dist demo-out results*-out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
