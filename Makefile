# Vigil. `make demo` and `make test` set everything up by themselves.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: help demo test test-slow lint check bench differences generate clean
.PHONY: slow-package slow-crashes slow-telling slow-faults slow-hostile

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.txt requirements-lambda.txt pyproject.toml scripts/setup.sh scripts/setup-chromium.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/setup.sh
	@touch $@

demo: $(STAMP) ## The whole product on this machine: make demo ARGS="--exit"
	@$(BIN)/vigil demo $(ARGS)

test: $(STAMP) ## All tests but the slow ones
	@$(BIN)/python -m pytest $(ARGS)

test-slow: $(STAMP) ## The long versions of the tests; by part:
	@$(BIN)/python -m pytest -m slow --hypothesis-profile=new $(ARGS)

slow-package: PART = tests/e2e/test_newer_python.py tests/integration/package
slow-package: slow ## … the package on every Python that is found
slow-crashes: PART = tests/e2e/crash
slow-crashes: slow ## … the functions killed at every call
slow-telling: PART = tests/integration/notify
slow-telling: slow ## … hundreds of days of bad weather between us and Slack
slow-faults: PART = tests/integration/faults
slow-faults: slow ## … every fault of every read
slow-hostile: PART = tests/hostile
slow-hostile: slow ## … thousands of hostile records and items

.PHONY: slow
slow: $(STAMP)
	@$(BIN)/python -m pytest -m slow --hypothesis-profile=new $(PART) $(ARGS)

lint: $(STAMP) ## Style, types, architecture
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint test ## All that CI runs

bench: $(STAMP) ## The benchmarks as one table; needs the network once, for the peer
	@PYTHON="$(BIN)/python" sh scripts/setup-c7n.sh
	@$(BIN)/python -m benchmarks $(ARGS)

differences: $(STAMP) ## Ask Prowler anew and write where it and Vigil disagree; installs it once
	@PYTHON="$(BIN)/python" sh scripts/setup-prowler.sh
	@$(BIN)/python -m tests.prowler.record --ask

generate: $(STAMP) ## Write what is generated from the code (.chalice, docs/reference)
	@$(BIN)/vigil generate

clean: ## Remove everything that can be made again
	@rm -rf $(VENV) build
