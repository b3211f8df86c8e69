# Two commands: `make demo` and `make test`. Both set up all they need and print what they do.
PYTHON ?= $(shell sh scripts/pythons.sh | head -n 1)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
BOX ?= auto
SEEDS ?= 1 2 3

.PHONY: help demo test lint attacks chaos audit bench images clean setup lock
help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(VENV)/.demo: requirements/run.lock pyproject.toml starter_kit/pyproject.toml
	@test -n "$(PYTHON)" || { echo "minjoule: no Python 3.11 to 3.13 here: install one, or say make PYTHON=/path/to/python" >&2; exit 2; }
	@echo "minjoule: installing what the platform needs into $(VENV), of $(PYTHON) (once)"
	@sh scripts/install.sh $(VENV) $(PYTHON) run
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.demo
	@echo "minjoule: installing what the tests need (once)"
	@sh scripts/install.sh $(VENV) $(PYTHON) dev
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
	sh scripts/tests.sh $(BIN)/python
	@sh scripts/test-other-pythons.sh $(BIN)/python

attacks: $(VENV)/.dev ## Every attack of the corpus against a platform of its own, judging in Docker (WRITE=1: its table into docs/security.md)
	$(BIN)/python -m tests.attacks $(if $(WRITE),--write)

audit: $(VENV)/.dev ## Known vulnerabilities of the locked dependencies; exits 3, NOT AUDITED, where their data can't be reached
	$(BIN)/python scripts/audit.py

chaos: $(VENV)/.dev ## Minutes of kills, cuts and lies: SEEDS="1 2 3" (BOX=docker: in sandboxes, their engine killed too), then single faults; nothing is lost, doubled or left
	$(BIN)/python -m tests.chaos --seeds $(SEEDS) --box $(if $(filter docker,$(BOX)),docker,local)
	$(BIN)/python -m pytest -m chaos -p no:randomly tests/chaos

images: $(VENV)/.demo ## Build the boxes' images
	$(BIN)/python -m sandbox.images build python
	$(BIN)/python -m sandbox.images build torch

bench: $(VENV)/.dev ## Measure; writes benchmarks/results.json
	$(BIN)/python -m benchmarks

lock: $(VENV)/.dev ## Lock the dependencies anew, with hashes (UPGRADE=1: newer releases)
	PATH=$(abspath $(BIN)):$$PATH $(BIN)/python scripts/lock.py $(if $(UPGRADE),--upgrade)

clean: ## Remove the environment and what the demo left
	rm -rf $(VENV) $(VENV)-3.* var
