# evalhub. Everything runs from a checkout with Python and make; nothing else has to be set up.
PYTHON ?= python3
BIN := .venv/bin
FRONTEND := $(shell find webui/frontend -type f -not -path '*/node_modules/*' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help up test check format

help: ## show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

up: $(BIN)/.installed ## start the whole platform with the sample conversations
	@$(BIN)/evalhub up --sample $(ARGS)

test: $(BIN)/.installed-dev ## run every test: pure, database, whole platform with a browser
	@$(BIN)/python tests/setup.py
	$(BIN)/python -m pytest -n 2 --dist loadgroup tests $(ARGS)

check: $(BIN)/.installed-dev ## lint, types, import rules, licences, front end
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/licences.py
	$(BIN)/python webui/frontend/build.py --check

format: $(BIN)/.installed-dev ## put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "evalhub needs Python 3.11 or newer: make up PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python cannot make environments here. On Debian: apt install python3-venv"; exit 1; }

$(BIN)/.installed: pyproject.toml $(FRONTEND) | $(BIN)/python
	@echo "Installing, and building the front end (once; a few minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(BIN)/.installed-dev: $(BIN)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
