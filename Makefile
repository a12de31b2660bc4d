# Two commands do all the set-up on a fresh Debian or Ubuntu machine with Python 3.11 or later:
#
#   make produce          a verified data set of N=200 problems in OUT, its funnel and its report
#   make test             the tests
#
# When a prerequisite is missing the script behind the target says so in one sentence and exits 3
# (make itself then exits 2, as it does for any recipe that fails).

N ?= 200
OUT ?= runs/first
FAULT_RATE ?= 0.1
TEST_WORKERS ?= 2
PYTEST_ARGS ?=

VENV := .venv
STAMP := $(VENV)/.installed

.PHONY: help produce test check bench venv engine image
.DEFAULT_GOAL := help

help:
	@echo 'make produce [N=200] [OUT=runs/first] [FAULT_RATE=0.1]   make a verified data set and its report'
	@echo 'make test [TEST_WORKERS=2] [PYTEST_ARGS=...]             run the tests'
	@echo 'make check                                               ruff, mypy --strict, import-linter'
	@echo 'make bench                                               the measurements in bench/'
	@echo 'make venv | engine | image                               one part of the set-up alone'

produce: $(STAMP) engine image
	$(VENV)/bin/synthgen produce --n $(N) --fault-rate $(FAULT_RATE) --out $(OUT)

test: $(STAMP) engine image
	$(VENV)/bin/python -m pytest -n $(TEST_WORKERS) $(PYTEST_ARGS)

check: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --strict
	$(VENV)/bin/lint-imports

bench: $(STAMP) engine image
	$(VENV)/bin/python bench/verify_throughput.py

venv: $(STAMP)

$(STAMP): pyproject.toml constraints.txt scripts/make-venv.sh
	scripts/make-venv.sh
	@touch $@

engine:
	@scripts/docker-engine.sh

image: $(STAMP) engine
	@$(VENV)/bin/python -m sandbox.image
