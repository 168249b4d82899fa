# serve   make the virtual environment, install, and serve on 127.0.0.1:8000
# test    the same with what the tests need, then lint, types and tests
# containers   build the images, start the compose file and try it, with Docker or Podman
# docs    build the documentation into build/docs
# bench-search   measure the gallery with a million faces
# bench-distributed   compare the deployments, and kill workers under 10,000 requests
# bench-training   compare the training step with a bare loop over the same networks
# lock    write requirements.lock anew after a change of the packages
# audit   look for known weaknesses of the packages, and for dangerous calls in the code
# sbom    write sbom.json, the list of the installed packages (CycloneDX)
# label   add the outside networks that label training data
.DEFAULT_GOAL := serve
.DELETE_ON_ERROR:
.PHONY: lock audit sbom serve test containers docs bench-search bench-distributed bench-training label format clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
EXTRAS := cpu test train distributed postgres tracing
CLIENT := clients/python
# FAISS for the processor; `make serve FAISS=gpu`, in an environment without the other, takes the one for NVIDIA GPUs.
FAISS ?= cpu
SETTINGS := pyproject.toml $(CLIENT)/pyproject.toml constraints.txt

serve: $(VENV)/serve.stamp
	@exec $(BIN)/facet serve

test: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	# Three processes keep two cores busy, since many tests wait; of one thread each, for more would only spin beside them.
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 3 --dist worksteal

containers: $(VENV)/test.stamp
	$(PIP) install -c constraints.txt podman-compose
	PATH=$(abspath $(BIN)):$$PATH $(BIN)/python -m docker.containers $(CONTAINERS)

docs: $(VENV)/test.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

bench-search: $(VENV)/serve.stamp
	$(PIP) install -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks.search

bench-training: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.training

bench-distributed: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.queue.throughput
	$(BIN)/python -m benchmarks.endurance

label: $(VENV)/test.stamp
	$(PIP) install -c constraints.txt -e '.[train,label]'
	# Without their dependencies: the OpenCV that mediapipe asks for would overwrite the headless one.
	$(PIP) install --no-deps -c constraints.txt mediapipe
	$(PIP) install --no-deps --no-build-isolation -c constraints.txt setuptools face_recognition_models

# Every package that the tests run with, by the hashes of its files: `pip install --require-hashes -r requirements.lock`.
lock: $(VENV)/security.stamp
	$(BIN)/uv pip compile pyproject.toml $(CLIENT)/pyproject.toml $(EXTRAS:%=--extra %) -c constraints.txt --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --quiet --output-file requirements.lock

audit: $(VENV)/security.stamp
	$(BIN)/pip-audit -r requirements.lock --disable-pip --require-hashes --strict --progress-spinner off
	$(BIN)/bandit -q -ll -r facet $(CLIENT) service worker gallery model training

sbom: $(VENV)/security.stamp
	$(BIN)/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --of JSON -o sbom.json

format: $(VENV)/test.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Facet needs Python 3.11 or newer; name one with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/serve.stamp: $(BIN)/python $(SETTINGS)
	$(PIP) install -c constraints.txt -e $(CLIENT) -e '.[$(FAISS)]'
	@touch $@

$(VENV)/security.stamp: $(VENV)/test.stamp
	$(PIP) install -c constraints.txt -e '.[security]'
	@touch $@

$(VENV)/test.stamp: $(BIN)/python $(SETTINGS)
	$(PIP) install -c constraints.txt -e $(CLIENT) -e '.[$(FAISS),test,docs,train,distributed,postgres,tracing]'
	@touch $@ $(VENV)/serve.stamp

clean:
	rm -rf $(VENV) build *.egg-info
