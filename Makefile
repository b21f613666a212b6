# The two commands of the README, and what they need. Only git, Python 3.11+ and make must be there; npm for the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check lock picture clean

$(VENV)/.ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Pointsman needs Python 3.11 or newer; set PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo "This $(PYTHON) cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# GitHub's own descriptions of its API and webhooks: development-time packages that npm alone has.
$(VENV)/github/.ready: tests/payloads/package.json tests/payloads/package-lock.json | $(VENV)/.ready
	@command -v npm > /dev/null || { echo "The tests read GitHub's published schemas, which npm brings. On Debian or Ubuntu: apt-get install npm"; exit 1; }
	@mkdir -p $(@D)
	@cp tests/payloads/package.json tests/payloads/package-lock.json $(@D)/
	@npm ci --ignore-scripts --no-audit --no-fund --silent --prefix $(@D)
	@touch $@

demo: $(VENV)/.ready  ## the whole main job on a small repository with a real bug
	@$(BIN)/pointsman demo $(ARGS)

test: $(VENV)/.ready $(VENV)/github/.ready  ## the tests that CI runs
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(VENV)/.ready  ## lint, types, contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: $(VENV)/.ready  ## write requirements.lock anew, with hashes
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group dev pyproject.toml -o requirements.lock

picture: $(VENV)/.ready  ## the picture of the demo's end that the README shows
	$(BIN)/pointsman demo --scripted --picture docs/demo.svg

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
