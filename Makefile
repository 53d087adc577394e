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

.PHONY: demo test check bench fuzz fmt docs clean

demo: $(STAMPS)/demo
	$(BIN)/extproc demo $(if $(ONCE),--once)

test: $(STAMPS)/dev $(STAMPS)/redis
	$(BIN)/python -m pytest $(TESTS) -n $${PYTEST_WORKERS:-4} --dist loadscope

check: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.docs --check

bench: $(STAMPS)/dev
	$(BIN)/extproc bench $(BENCH)

fuzz: $(STAMPS)/dev
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

fmt: $(STAMPS)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMPS)/dev
	$(BIN)/python -m tests.docs

clean:
	rm -rf $(VENV) $(STAMPS) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(STAMPS)/venv:
	@mkdir -p $(STAMPS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null \
		|| { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv \
			&& $(PYTHON) -m venv $(VENV); }
	@$(BIN)/pip install -q --disable-pip-version-check --upgrade pip
	@touch $@

$(STAMPS)/demo: $(STAMPS)/venv pyproject.toml constraints.txt
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[demo]'
	@touch $@

$(STAMPS)/dev: $(STAMPS)/venv pyproject.toml constraints.txt
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(STAMPS)/demo

$(STAMPS)/redis:
	@mkdir -p $(STAMPS)
	@command -v redis-server >/dev/null \
		|| { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq redis-server; }
	@touch $@
