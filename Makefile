# serve   make the virtual environment, install, and serve on 127.0.0.1:8000
# test    the same with what the tests need, then lint, types and tests
# bench-search   measure the gallery with a million faces
# label   add the outside networks that label training data
.DEFAULT_GOAL := serve
.DELETE_ON_ERROR:
.PHONY: serve test bench-search label format clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SETTINGS := pyproject.toml constraints.txt

serve: $(VENV)/serve.stamp
	@exec $(BIN)/facet serve

test: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

bench-search: $(VENV)/serve.stamp
	$(BIN)/python -m benchmarks.search

label: $(VENV)/test.stamp
	$(PIP) install -c constraints.txt -e '.[train,label]'
	# Without their dependencies: the OpenCV that mediapipe asks for would overwrite the headless one.
	$(PIP) install --no-deps -c constraints.txt mediapipe
	$(PIP) install --no-deps --no-build-isolation -c constraints.txt setuptools face_recognition_models

format: $(VENV)/test.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Facet needs Python 3.11 or newer; name one with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/serve.stamp: $(BIN)/python $(SETTINGS)
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/test.stamp: $(BIN)/python $(SETTINGS)
	$(PIP) install -c constraints.txt -e '.[test,train,distributed,postgres]'
	@touch $@ $(VENV)/serve.stamp

clean:
	rm -rf $(VENV) build *.egg-info
