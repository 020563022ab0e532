# Bitlens: `make run` starts the app, `make test` checks it. Both make what they need first.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8501

VENV := .venv
IN_VENV := $(VENV)/bin/python
# Empty files, each as old as the last installation of the list of the same name.
RUN_STAMP := $(VENV)/requirements.stamp
TEST_STAMP := $(VENV)/requirements-dev.stamp

.DEFAULT_GOAL := help
.PHONY: help run test test-slow

help:  ## Show this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: $(RUN_STAMP)  ## Start the app (PORT=8501; HOST=0.0.0.0 lets other machines in)
	@$(IN_VENV) -m streamlit run app.py --server.address $(HOST) --server.port $(PORT)

test: $(TEST_STAMP)  ## Lint, check types and run the tests
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m mypy
	$(IN_VENV) -m pytest -m "not slow"

test-slow: $(TEST_STAMP)  ## Run the tests marked slow
	@# pytest's exit code 5 says that none is marked, which is no failure.
	$(IN_VENV) -m pytest -m slow || [ $$? -eq 5 ]

$(RUN_STAMP): requirements.txt $(IN_VENV)
	$(call install,$<)

$(TEST_STAMP): requirements-dev.txt $(RUN_STAMP)
	$(call install,$<)

define install
	@echo "Installing $(1) into $(VENV) (the first time that is about 6 GB) ..."
	@$(IN_VENV) -m pip install --disable-pip-version-check --requirement $(1) || { \
		echo "Installing $(1) failed, for the reason above: it needs the package registry and about 6 GB of disk." >&2; \
		exit 1; }
	@touch $@
endef

$(IN_VENV):
	@command -v $(PYTHON) >/dev/null || { \
		echo "Python is missing ($(PYTHON)): install Python 3.11 or newer, or name one with PYTHON=/path/to/python3." >&2; \
		exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$($(PYTHON) --version) is too old: install Python 3.11 or newer, or name one with PYTHON=/path/to/python3." >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv module is missing: install it (on Debian and Ubuntu: apt install python3-venv)." >&2; \
		exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
