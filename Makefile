# Each target sets up what it needs: a virtual environment in .venv, with the packages of requirements.lock and no others,
# each of them byte for byte what it was when it was locked.
# A Python of 3.11 or newer with pip, and make, are all that must be there already.

TESTS ?= tests
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test test-slow check install release

demo: install
	$(BIN)/ruling demo

# Tests run in several processes and start others: none should compile anew what another has.
test test-slow: export PYTHONDONTWRITEBYTECODE =

test: install
	$(BIN)/python -m pytest $(TESTS) --numprocesses auto --maxprocesses 4

test-slow: install
	$(BIN)/python -m pytest $(TESTS) -m slow --numprocesses 2 --dist loadfile --durations 40

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Source distribution, wheel, and what they are made of and need (CycloneDX), in dist/.
release: install
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/python -m release.sbom dist

install: $(INSTALLED)

# Debian splits ensurepip from Python; where it is missing, the machine's own pip puts pip into the environment.
# DS_BUILD_OPS=0: DeepSpeed then needs neither CUDA's compiler nor any other to install.
$(INSTALLED): pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "error: Ruling needs Python 3.11 or newer and found none; name one, as in: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@echo "Installing into .venv; PyTorch alone may download several gigabytes. This happens once."
	@start=$$(date +%s); set -e; \
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv >/dev/null 2>&1 || { \
		$(PYTHON) -m venv --without-pip --clear .venv && \
		$(PYTHON) -m pip install --quiet --target "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" pip; \
	} || { echo "error: $(PYTHON) can make no virtual environment: install its venv or its pip (Debian: apt-get install python3-venv)" >&2; exit 2; }; \
	DS_BUILD_OPS=0 $(BIN)/python -m pip install --require-hashes --requirement requirements.lock; \
	$(BIN)/python -m pip install --no-deps --no-build-isolation --editable .; \
	touch $@; \
	echo "Installed in $$(( $$(date +%s) - start )) s."
