# `make help` lists what can be made. Everything runs in .venv, which `make setup` makes from
# requirements.lock, and makes anew when the lock changes, the folder was moved, or the last
# attempt was interrupted. Choose another Python with PYTHON=/path/to/python3.12.

SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.ONESHELL:
.DEFAULT_GOAL := help

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
PYTHON ?=
PYTEST_ARGS ?=
UPGRADE ?=

.PHONY: help setup test test-slow lint format lock wheel bench docs clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

# .venv/.locked says from which folder and lock the environment was made, .venv/.installed from
# which pyproject.toml and Makefile the project was installed into it. Each is written last.
setup: ## make or refresh .venv (nothing to do: well under a second)
	@if command -v flock >/dev/null; then exec 9<Makefile; flock 9; fi  # one at a time
	say() { printf '%s\n' "setup: $$*"; }
	supported='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'
	version='import sys; print(*sys.version_info[:3], sep=".")'
	python='$(PYTHON)'
	locked="$$(pwd -P) $$(cksum < requirements.lock)"
	installed="$$(cat pyproject.toml Makefile | cksum)"

	fresh=yes
	current="$$($(BIN)/python -c "$$version" 2>/dev/null)" || fresh=no
	[ "$$(cat .venv/.locked 2>/dev/null)" = "$$locked" ] || fresh=no
	if [ -n "$$python" ] && [ "$$("$$python" -c "$$version")" != "$$current" ]; then fresh=no; fi

	if [ $$fresh = no ]; then
	    unready=
	    for candidate in $${python:-python3 python3.13 python3.12 python3.11}; do
	        "$$candidate" -c "$$supported" 2>/dev/null || continue
	        if "$$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
	            python=$$candidate
	            unready=
	            break
	        fi
	        unready=$${unready:-$$candidate}
	        python=
	    done
	    if [ -n "$$unready" ]; then
	        say "$${unready##*/}-venv is missing: sudo apt-get install $${unready##*/}-venv" >&2
	        exit 1
	    fi
	    if [ -z "$$python" ] || ! "$$python" -c "$$supported" 2>/dev/null; then
	        say "Python 3.11, 3.12 or 3.13 is needed$${python:+, and $$python is not one}:" \
	            "sudo apt-get install python3 python3-venv, or make setup PYTHON=/path/to/python3.12" >&2
	        exit 1
	    fi
	    say "making .venv with $$python ($$("$$python" -c "$$version")) from requirements.lock, about a minute"
	    rm -rf .venv
	    "$$python" -m venv .venv
	    $(PIP) install --require-hashes -r requirements.lock
	    printf '%s\n' "$$locked" > .venv/.locked
	fi
	if [ "$$(cat .venv/.installed 2>/dev/null)" != "$$installed" ]; then
	    say "installing the project into .venv"
	    rm -f .venv/.installed
	    $(PIP) install --no-build-isolation --no-deps -e .
	    printf '%s\n' "$$installed" > .venv/.installed
	fi

test: setup ## run the quick tests with coverage (PYTEST_ARGS="-k ...")
	@$(BIN)/python -m pytest -m "not slow" -n 2 --cov --cov-report=term $(PYTEST_ARGS)

test-slow: setup ## run the slow tests
	@$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

lint: setup ## check style, types, architecture, docstrings and dependencies
	@failed=
	check() {
	    name=$$1
	    shift
	    printf '%s\n' "--- $$name"
	    "$$@" || failed="$$failed $$name"
	}
	check format $(BIN)/ruff format --check .
	check style $(BIN)/ruff check .
	check types $(BIN)/mypy
	check architecture $(BIN)/lint-imports
	check docstrings find src/csa -name '*.py' -exec $(BIN)/numpydoc lint {} +
	check dependencies $(BIN)/deptry src
	[ -z "$$failed" ] || { printf '%s\n' "lint: failed:$$failed" >&2; exit 1; }
	printf '%s\n' "lint: all passed"

format: setup ## format the code, and repair what ruff can
	@$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: setup ## write requirements.lock from pyproject.toml (UPGRADE=1: newest versions)
	@$(BIN)/uv pip compile pyproject.toml --extra app --group dev --universal --python-version 3.11 \
	    --fork-strategy fewest --generate-hashes --custom-compile-command "make lock" \
	    --quiet $(if $(UPGRADE),--upgrade) \
	    --output-file requirements.lock

wheel: setup ## build a wheel in dist/
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist

bench: setup ## measure (benchmarks/)
	@$(BIN)/python -m benchmarks

docs: setup ## write the settings table and the picture in docs/
	@$(BIN)/python docs/make.py

clean: ## remove .venv, caches and what was built
	@rm -rf .venv dist build .coverage .coverage.* htmlcov
	rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find src tests benchmarks app -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
