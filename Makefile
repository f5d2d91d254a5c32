# Vigil. `make demo` and `make test` set everything up by themselves.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: help demo test test-slow lint check bench generate clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.txt requirements-lambda.txt pyproject.toml scripts/setup.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/setup.sh
	@touch $@

demo: $(STAMP) ## The whole product on this machine: make demo ARGS="--exit"
	@$(BIN)/vigil demo $(ARGS)

test: $(STAMP) ## All tests but the slow ones
	@$(BIN)/python -m pytest $(ARGS)

test-slow: $(STAMP) ## The long versions of the tests
	@$(BIN)/python -m pytest -m slow --hypothesis-profile=new $(ARGS)

lint: $(STAMP) ## Style, types, architecture
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint test ## All that CI runs

bench: $(STAMP) ## The benchmarks as one table; needs the network once, for the peer
	@PYTHON="$(BIN)/python" sh scripts/setup-c7n.sh
	@$(BIN)/python -m benchmarks $(ARGS)

generate: $(STAMP) ## Write what is generated from the code (.chalice, docs/reference)
	@$(BIN)/vigil generate

clean: ## Remove everything that can be made again
	@rm -rf $(VENV) build
