# `make run` needs Python 3.11 or newer and nothing else. `make test` sets up what tests need.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  && { command -v $$p; break; }; done)
IDEA ?= summarise support tickets into three themes for the weekly product meeting
RUN := .venv-run
DEV := .venv
# The idea reaches the shell as a variable, unexpanded, so quotes and dollar signs stay text.
override IDEA := $(value IDEA)
export IDEA
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test check bench docs lock clean
.DEFAULT_GOAL := run

run: $(RUN)/ready
	@BURNISH_LOG__LEVEL=off $(RUN)/bin/burnish generate "$$IDEA"
	@echo
	@echo 'Next: make run IDEA="your own idea", or use the command itself:'
	@echo '  $(RUN)/bin/burnish enhance "write a polite reminder about an unpaid invoice"'
	@echo '  $(RUN)/bin/burnish            (a guided session)'

test: $(DEV)/ready
	$(DEV)/bin/python -m pytest -n 2 --dist loadgroup $(ARGS)

check: $(DEV)/ready
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/ruff check .
	$(DEV)/bin/pyright --pythonpath $(DEV)/bin/python
	$(DEV)/bin/lint-imports

bench: $(DEV)/ready
	@for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(DEV)/bin/python $$script || exit 1; done

docs: $(DEV)/ready
	$(DEV)/bin/python docs/generate.py
	$(DEV)/bin/python docs/measurements.py

# Needs uv. Writes names, versions and hashes; never an address.
lock:
	uv pip compile pyproject.toml --extra embed --extra prices --group build --universal -p 3.11 --generate-hashes \
	  --no-annotate --no-header --no-emit-find-links -q -o requirements.lock
	uv pip compile pyproject.toml --all-extras --group test --group build --universal -p 3.11 --generate-hashes \
	  --no-annotate --no-header --no-emit-find-links -q -o requirements-dev.lock
	! grep -nE '://' requirements.lock requirements-dev.lock

clean:
	rm -rf $(RUN) $(DEV) dist .pytest_cache .ruff_cache .hypothesis

$(RUN)/ready: requirements.lock pyproject.toml
	@$(MAKE) --no-print-directory environment ENV=$(RUN) LOCK=requirements.lock

$(DEV)/ready: requirements-dev.lock pyproject.toml
	@$(MAKE) --no-print-directory environment ENV=$(DEV) LOCK=requirements-dev.lock

.PHONY: environment
environment:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it and try again" >&2; exit 2; }
	@echo "[1/3] making a private environment in $(ENV) with $$($(PYTHON) --version)"
	@rm -rf $(ENV) && $(PYTHON) -m venv $(ENV)
	@echo "[2/3] installing $$(grep -c '^[a-z]' $(LOCK)) locked packages (about a minute, once)"
	@$(ENV)/bin/python -m pip install --quiet --progress-bar off --require-hashes -r $(LOCK)
	@echo "[3/3] installing Burnish itself"
	@$(ENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(ENV)/ready
