# Everything is installed into the project's own folders; nothing else on the machine is changed.
# `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The first Python on the path that is new enough.
PYTHON ?= $(shell for one in python3.13 python3.12 python3.11 python3 python3.14; do \
	$$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$one && break; done)

export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export npm_config_cache := $(CURDIR)/.cache/npm
export npm_config_fund := false
export npm_config_audit := false
export npm_config_update_notifier := false
export PYTHONPATH := $(CURDIR)

BIN := .venv/bin
PACKAGES := shared_lib functions tests docs/verify_statement.py
WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts -type f 2>/dev/null)
# Two workers fit the smallest machine that this is built for.
WORKERS ?= 2

.PHONY: help setup demo stack test soak check format hooks lock clean
.PHONY: check-format check-lint check-types check-architecture check-sql check-web check-terraform
.PHONY: test-web test-python

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 22

# ---- set-up --------------------------------------------------------------------------------------

setup: .venv/installed tests/sandbox/node_modules/installed web/dist/index.html ## install all that is needed, quickly when it is there already

.venv/installed: requirements/bootstrap.txt requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and was not found."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	$(BIN)/uv pip sync -q --require-hashes --python $(BIN)/python requirements/dev.txt
	@touch $@

tests/sandbox/node_modules/installed: tests/sandbox/package-lock.json
	npm ci --silent --prefix tests/sandbox
	@touch $@

web/node_modules/installed: web/package-lock.json
	npm ci --silent --prefix web
	@touch $@

web/dist/index.html: web/node_modules/installed $(WEB_SOURCES)
	npm run --silent --prefix web build
	@touch $@

# ---- running -------------------------------------------------------------------------------------

demo: setup ## play the funnel from a channel's registration to settled payouts
	@$(BIN)/python -m tests.sandbox.demo

stack: setup ## run the whole product on this machine until Ctrl-C
	@$(BIN)/python -m tests.sandbox.stack

# ---- tests ---------------------------------------------------------------------------------------

test: test-web test-python ## run every test

test-web: web/node_modules/installed
	npm test --silent --prefix web

test-python: setup
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup

# ---- benchmarks ----------------------------------------------------------------------------------

bench: setup ## measure against the budgets, within five minutes; a missed one is no failure
	@$(BIN)/python -m tests.bench

# How long `make soak` plays, and how many buy in the storm that follows (none: no storm).
MINUTES ?= 10
PURCHASES ?= 1000

soak: setup ## random histories and a search for planted bugs for MINUTES, then a storm of PURCHASES
	@$(BIN)/python -m tests.soak --minutes $(MINUTES) --purchases $(PURCHASES)

# ---- checks --------------------------------------------------------------------------------------

check: setup ## format, lint, types, architecture, SQL, Terraform and every test
	@tests/timed.sh check-format check-lint check-types check-architecture check-sql check-web check-terraform test-web test-python

check-format: .venv/installed
	$(BIN)/ruff format --check $(PACKAGES)

check-lint: .venv/installed
	$(BIN)/ruff check $(PACKAGES)

check-types: .venv/installed
	$(BIN)/mypy $(PACKAGES)

check-architecture: .venv/installed
	$(BIN)/lint-imports --cache-dir .cache/import-linter
	$(BIN)/deptry --config requirements/deptry.toml shared_lib functions

check-sql: .venv/installed
	$(BIN)/squawk sql/migrations/*.sql sql/views/*.sql
	$(BIN)/python -m tests.sandbox.schema

check-web: web/dist/index.html
	npm run --silent --prefix web check
	npm run --silent --prefix web size

check-terraform:
	terraform/check.sh

format: .venv/installed web/node_modules/installed ## format all code
	$(BIN)/ruff format $(PACKAGES)
	$(BIN)/ruff check --fix-only -q $(PACKAGES)
	npm run --silent --prefix web format
	if command -v terraform >/dev/null; then terraform -chdir=terraform fmt -recursive; fi

hooks: .venv/installed ## run the quick checks before each commit in this clone
	PRE_COMMIT_HOME=$(CURDIR)/.cache/pre-commit $(BIN)/pre-commit install

lock: .venv/installed ## write the locks of all requirements anew
	requirements/lock.sh

clean: ## remove everything that was installed or built
	rm -rf .venv .cache build web/dist web/node_modules tests/sandbox/node_modules
