# Two commands matter: `make demo` shows the gateway at work, `make test` runs every test.
# Each installs what it needs: a virtual environment, and apt packages where they are missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
TESTS ?= tests
ONCE ?=
FUZZ_SECONDS ?= 300

# Hundreds of processes are started: what they import is compiled once, whatever is set outside.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test agents check bench fuzz fmt docs native clean

demo: $(STAMPS)/demo native
	$(BIN)/extproc demo $(if $(ONCE),--once)

test: $(STAMPS)/dev $(STAMPS)/redis $(STAMPS)/postgres $(STAMPS)/prometheus $(STAMPS)/chromium \
		native
	$(BIN)/python -m pytest $(TESTS) -n $${PYTEST_WORKERS:-4} --dist loadscope \
		--no-loadscope-reorder

agents: $(STAMPS)/dev $(STAMPS)/agents
	AGENTS=.agents $(BIN)/python -m pytest tests/agents/test_clients.py $(ONLY)

check: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.docs --check

bench: $(STAMPS)/dev native
	$(BIN)/extproc bench $(BENCH)

fuzz: $(STAMPS)/dev
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

fmt: $(STAMPS)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMPS)/dev
	$(BIN)/python -m tests.docs

clean:
	rm -rf $(VENV) $(STAMPS) .agents build extproc/compiled *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(STAMPS)/venv:
	@mkdir -p $(STAMPS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null \
		|| { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv \
			&& $(PYTHON) -m venv $(VENV); }
	@$(BIN)/pip install -q --disable-pip-version-check --upgrade pip
	@touch $@

# Compiles the hot path anew if its sources changed since the installation did so.
native: | $(STAMPS)/demo
	@$(BIN)/python -c 'import sys; from extproc import native; sys.exit(not native.is_current())' \
		|| ! command -v cc >/dev/null \
		|| $(BIN)/pip install -q --disable-pip-version-check --no-deps -e .

# Without a compiler all runs as Python.
$(STAMPS)/compiler:
	@mkdir -p $(STAMPS)
	@command -v cc >/dev/null && $(PYTHON) -c 'import sysconfig, pathlib, sys; \
			sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' \
		|| { $(SUDO) apt-get update -qq \
			&& $(SUDO) apt-get install -y -qq --no-install-recommends gcc libc6-dev python3-dev; } || true
	@touch $@

$(STAMPS)/demo: $(STAMPS)/venv $(STAMPS)/compiler pyproject.toml constraints.txt
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[demo]'
	@touch $@

$(STAMPS)/agents: tests/agents/clients/package.json tests/agents/clients/requirements.txt
	@mkdir -p $(STAMPS) .agents
	@cp tests/agents/clients/package.json .agents/
	@cd .agents && npm install --silent --no-audit --no-fund --no-package-lock
	@$(PYTHON) -m venv .agents/python
	@.agents/python/bin/pip install -q --disable-pip-version-check \
		-r tests/agents/clients/requirements.txt
	@touch $@

$(STAMPS)/dev: $(STAMPS)/venv $(STAMPS)/compiler pyproject.toml constraints.txt
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(STAMPS)/demo

# Without it, the tests of that store are skipped, and say so.
$(STAMPS)/postgres:
	@mkdir -p $(STAMPS)
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
		|| { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq postgresql; } || true
	@touch $@

# For promtool, without which the tests of alerts are skipped, and say so.
$(STAMPS)/prometheus:
	@mkdir -p $(STAMPS)
	@command -v promtool >/dev/null \
		|| { $(SUDO) apt-get update -qq \
			&& $(SUDO) apt-get install -y -qq --no-install-recommends prometheus; } || true
	@touch $@

# Without it, the tests of the page are skipped, and say so.
$(STAMPS)/chromium:
	@mkdir -p $(STAMPS)
	@command -v chromium >/dev/null \
		|| { $(SUDO) apt-get update -qq \
			&& $(SUDO) apt-get install -y -qq --no-install-recommends chromium; } || true
	@touch $@

$(STAMPS)/redis:
	@mkdir -p $(STAMPS)
	@command -v redis-server >/dev/null \
		|| { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq redis-server; }
	@touch $@
