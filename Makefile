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
FUZZ_ARGS ?=
FAULTS_ARGS ?=
MUTATE_ARGS ?=
BENCH_ARGS ?=
SOAK_ARGS ?=
CITY ?= sample
PORT ?= 8501
UPGRADE ?=
WRITE ?=
# What the lowest versions are tried on: the library, the command, files.
LOWEST ?= tests/base tests/geo tests/city tests/areas tests/workflow/test_frames.py tests/cli/test_main.py
LETTERS := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core
CYCLONEDX := cyclonedx-bom==7.5.0
BANDIT := bandit==1.9.4
AUDIT := pip-audit==2.9.0
# Matrices are small here: more threads cost more than they give.
export OPENBLAS_NUM_THREADS ?= 1
# What was compiled once is kept: the tests start the app and the command many times.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help setup run browser firefox postgres test test-changed test-share test-long test-browser test-wheel test-lowest coverage test-slow test-image campaigns fuzz faults soak mutate supply lint weigh format lock site release release-files wheel bench bench-cities golden words proofs docs clean

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
	    # The lock is complete. Resolving it again fails with pip before 23.3 as soon as a package
	    # that is named with an extra has a newer release than the lock's.
	    $(PIP) install --no-deps --require-hashes -r requirements.lock
	    printf '%s\n' "$$locked" > .venv/.locked
	fi
	if [ "$$(cat .venv/.installed 2>/dev/null)" != "$$installed" ]; then
	    say "installing the project into .venv"
	    rm -f .venv/.installed
	    $(PIP) install --no-build-isolation --no-deps -e .
	    printf '%s\n' "$$installed" > .venv/.installed
	fi
	[ -f csa.toml ] || printf '# csa keeps config/, data/ and var/ here.\n' > csa.toml
	# What weasyprint draws letters with, for PDFs. Everything else works without.
	letters() { PATH="$$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null | grep -q "$$1"; }
	if ! { letters libpango-1.0.so.0 && letters libpangoft2-1.0.so.0 && letters libharfbuzz-subset.so.0; }; then
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	        say "installing $(LETTERS), for PDFs"
	        export DEBIAN_FRONTEND=noninteractive
	        apt-get update -qq
	        apt-get install -y -qq --no-install-recommends $(LETTERS) >/dev/null
	    else
	        say "reports as PDF need more, HTML works without: sudo apt-get install $(LETTERS)" >&2
	    fi
	fi

# CITY is a name in config/, a city's file, or a dataset's folder. A name's files are read again
# first, so that the screen shows what the folder holds, and past years are judged for the page
# Track record; a dataset's folder is served as it is. The sample opens with two years of a made-up
# program in its own store, which is filled once: "Start over" on the page fills it again.
run: setup ## serve the app on http://127.0.0.1:8501 (CITY=kansas-city or a dataset folder; PORT=...)
	@if [ "$(CITY)" = sample ]; then set -- demo; else set -- serve --city "$(CITY)"; fi
	exec $(BIN)/csa "$$@" --again --port $(PORT)

# The browser tests use Debian's chromium; no test downloads a browser.
browser:
	@for name in "$${CHROMIUM:-chromium}" chromium-browser google-chrome; do
	    if command -v "$$name" >/dev/null; then exit 0; fi
	done
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	    printf '%s\n' "test: no browser, so the browser tests are skipped: sudo apt-get install chromium" >&2
	    exit 0
	fi
	printf '%s\n' "test: installing chromium for the browser tests, about a minute"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null

# A few of them run in Debian's firefox too, in `make test-browser` alone.
firefox:
	@if command -v firefox-esr >/dev/null || command -v firefox >/dev/null; then exit 0; fi
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	    printf '%s\n' "test: no firefox, so its tests are skipped: sudo apt-get install firefox-esr" >&2
	    exit 0
	fi
	printf '%s\n' "test: installing firefox for the browser tests, about a minute"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends firefox-esr >/dev/null

# The store is tested on a real PostgreSQL too: a server of its own on loopback, made in a folder.
postgres:
	@if command -v pg_ctl >/dev/null || ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1; then exit 0; fi
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	    printf '%s\n' "test: no PostgreSQL, so the store is tested on SQLite alone: sudo apt-get install postgresql" >&2
	    exit 0
	fi
	printf '%s\n' "test: installing PostgreSQL for the tests of the store, about half a minute"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends postgresql >/dev/null

# A file's tests on one worker, so that its fixtures are made once; which first, tests/workers.py says.
WORKERS := -n 2 --dist loadfile --max-worker-restart=0 --no-loadscope-reorder

# What a change can break; what the world can do to the program is tried by `make campaigns`.
QUICK := not slow and not long and not browser and not system and not wheel and not campaign

test: setup postgres ## run the quick tests (PYTEST_ARGS="-k ...")
	@$(BIN)/python -m pytest -m "$(QUICK)" $(WORKERS) $(PYTEST_ARGS)

# By what they import, the nearest first, until one fails; tests/changed.py says why so.
test-changed: setup postgres ## run the quick tests that what you changed reaches (BASE=a commit; else the last)
	@$(BIN)/python -m pytest -x -m "$(QUICK)" --changed $(or $(BASE),HEAD) $(WORKERS) $(PYTEST_ARGS)

# Of the long tests those files whose turn it is, all of them within five days; and the first case
# of each campaign. .ci/run runs it, so that what only a long test sees is seen within a week.
test-share: setup postgres ## run a fifth of the long tests, another each day, and the campaigns' first cases
	@$(BIN)/python -m pytest -m "(long or campaign) and not slow and not browser and not wheel" --share 5 \
	    $(WORKERS) $(PYTEST_ARGS)

test-long: setup postgres ## run further cases of the quick tests, which `make test` leaves out
	@$(BIN)/python -m pytest -m "long and not slow" $(WORKERS) $(PYTEST_ARGS)

# What failed is tried once more, and both together must end before the run is stopped as hung.
test-browser: setup browser firefox ## run the tests in a real browser, and those of the wheel and the image
	@$(BIN)/python -m pytest -o faulthandler_timeout=1200 -m "(browser or system) and not slow and not campaign" \
	    $(WORKERS) $(PYTEST_ARGS)

# In new environments outside of this folder, on each Python that is there: from the wheel, from the
# sdist, and with the lowest versions that pyproject.toml allows. uv keeps what it fetched once.
test-wheel: setup ## install the wheel and the sdist elsewhere, and use them as a stranger would
	@$(BIN)/python -m pytest -m wheel -rs tests/test_wheel.py $(PYTEST_ARGS)

test-lowest: setup ## run the quick tests of the library with the lowest versions that are allowed
	@rm -rf .venv-lowest
	$(BIN)/uv venv --quiet --python $(BIN)/python .venv-lowest
	$(BIN)/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct \
	    --editable '.[app,pdf,excel]' --group lowest
	.venv-lowest/bin/python -m pytest -p no:cacheprovider -m "$(QUICK)" \
	    $(LOWEST) $(PYTEST_ARGS)

# Apart, since to count lines takes half as long again.
coverage: setup browser postgres ## run the quick tests, and say which lines they do not reach
	@$(BIN)/python -m pytest -m "not slow and not wheel" $(WORKERS) --cov --cov-report=term $(PYTEST_ARGS)

test-slow: setup postgres ## run the slow tests, and each property with twenty times the examples
	@$(BIN)/python -m pytest -o faulthandler_timeout=7200 -m "slow or hypothesis" --hypothesis-profile deep $(WORKERS) $(PYTEST_ARGS)

test-image: setup ## build the container's image and start it (root, buildah and crun; ten minutes)
	@$(BIN)/python -m pytest -m slow -rs tests/campaigns/image/test_image.py $(PYTEST_ARGS)

fuzz: setup ## give the readers 10,000 files that went wrong (FUZZ_ARGS="--seed 2"; --case N repeats one)
	@$(BIN)/python -W ignore -m tests.campaigns.fuzz $(FUZZ_ARGS)

faults: setup postgres ## stop commands at every step, kill them, fill disks, stop clocks and databases
	@$(BIN)/python -W ignore -m tests.campaigns.faults $(FAULTS_ARGS)

# Each from a seed of the day; the image and an hour of viewers are `make test-image` and `make soak`.
campaigns: setup postgres ## let things go wrong, all kinds of it (nightly): faults, broken files, planted faults
	@$(BIN)/python -m pytest -m "campaign and not slow" $(WORKERS) $(PYTEST_ARGS)
	seed="$$(date +%j)"
	$(BIN)/python -W ignore -m tests.campaigns.fuzz --seed "$$seed" $(FUZZ_ARGS)
	$(BIN)/python -W ignore -m tests.campaigns.faults $(FAULTS_ARGS)
	$(BIN)/python -W ignore -m tests.campaigns.mutation --n 40 --seed "$$seed" $(MUTATE_ARGS)

soak: setup ## put twenty viewers on for an hour while months are made and taken back
	@$(BIN)/python -m benchmarks.soak $(SOAK_ARGS)

mutate: setup ## plant N=40 faults of SEED=1 anywhere in src and app, and count those that tests see
	@$(BIN)/python -W ignore -m tests.campaigns.mutation --n $(or $(N),40) --seed $(or $(SEED),1) $(MUTATE_ARGS)

# By programs outside the lock, at fixed versions. pip-audit asks a database over the network.
supply: setup ## list what is shipped (dist/sbom.json), and look for weaknesses in it and in the code
	@tool() { $(BIN)/uv tool run --quiet --from "$$@"; }
	mkdir -p dist
	tool $(CYCLONEDX) cyclonedx-py requirements requirements-app.lock --output-reproducible --output-file dist/sbom.json
	tool $(BANDIT) bandit -q -c pyproject.toml -r src app
	printf '%s\n' "supply: dist/sbom.json is written; bandit finds nothing"
	tool $(AUDIT) pip-audit --disable-pip --requirement requirements-app.lock

lint: setup ## check style, types, architecture and dependencies
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
	check dependencies $(BIN)/deptry src app
	check workflows $(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	check "workflows' safety" $(BIN)/zizmor --quiet --offline .github
	check weight $(BIN)/python -m tests.house --check
	[ -z "$$failed" ] || { printf '%s\n' "lint: failed:$$failed" >&2; exit 1; }
	printf '%s\n' "lint: all passed"

weigh: setup ## print what each room weighs, and what tests/weights.toml holds
	@$(BIN)/python -m tests.house

format: setup ## format the code, and repair what ruff can
	@$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

# requirements.lock holds everything; the container's two hold what it runs and what builds the
# package, at the same versions.
lock: setup ## write requirements*.lock from pyproject.toml (UPGRADE=1: newest versions)
	@compile() {
	    $(BIN)/uv pip compile --universal --python-version 3.11 --fork-strategy fewest \
	        --generate-hashes --custom-compile-command "make lock" --quiet "$$@"
	}
	compile pyproject.toml --all-extras --group dev --group site $(if $(UPGRADE),--upgrade) \
	    --output-file requirements.lock
	compile pyproject.toml --extra app --extra pdf --extra excel --constraint requirements.lock \
	    --output-file requirements-app.lock
	echo hatchling | compile - --constraint requirements.lock \
	    --output-file requirements-build.lock

# Without a network: what is built from are the docs, the docstrings and the notebooks, which run.
site: setup ## build the docs as a site in build/site (a broken link or notebook is an error)
	@$(BIN)/sphinx-build -q -W --keep-going -b html -c docs/site -d build/site-cache . build/site
	echo "site: build/site/docs/site/index.html"

release: setup ## write VERSION and its day where they stand, commit and tag; nothing is pushed
	@$(BIN)/python docs/release.py prepare "$(VERSION)"

release-files: setup ## build in dist/ what a release has: wheel, sdist, SBOM, notes, checksums
	@rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist >/dev/null
	$(BIN)/uv tool run --quiet --from $(CYCLONEDX) cyclonedx-py requirements requirements-app.lock \
	    --output-reproducible --output-file dist/sbom.json
	$(BIN)/python docs/release.py files

wheel: setup ## build the wheel and the sdist in dist/
	@$(BIN)/python -m build --no-isolation --outdir dist

bench-cities: setup ## set up every place of the shared list unattended, and judge it
	@$(BIN)/python -m benchmarks.places $(BENCH_ARGS)

bench: setup ## measure (benchmarks/; BENCH_ARGS=--docs writes the table of docs/PERFORMANCE.md)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

golden: setup ## compare what the commands write with what they wrote before (WRITE=1: take it as right)
	@$(BIN)/python -m benchmarks.golden --city sample $(if $(WRITE),--write)

words: setup ## bring translations (csa.po, plans/*.po) up to date with the English
	@$(BIN)/python docs/catalog.py

proofs: setup ## write all that pages, editions and commands say in tests/looks/words: read the difference
	@CSA_KEEP_LOOKS=1 $(BIN)/python -m pytest -q $(PYTEST_ARGS) tests/app/test_main_words.py tests/reports/test_making_words.py tests/cli/test_main_words.py

docs: setup ## write the library's page, tables and pictures in docs/
	@$(BIN)/python docs/api.py
	$(BIN)/python -m docs.make
	$(BIN)/python docs/licenses.py

clean: ## remove .venv, caches and what was built
	@rm -rf .venv .venv-lowest dist build app/csa_app/static/vendor app/csa_app/static/geometry .coverage .coverage.* htmlcov
	rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find src tests benchmarks app -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
