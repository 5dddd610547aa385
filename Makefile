# make demo · make test · make lint · make backends · make readme
# Each builds the environment that it needs in this folder, once; a second run starts at once.

PYTHON ?= python3
JOBS ?= 2
ARGS ?=

VENV := .venv
BACKENDS := .venv-backends
INSTALL := -m pip install --quiet --disable-pip-version-check -c constraints.txt
PYTEST_BACKENDS = $(BACKENDS)/bin/python -m pytest -n $(JOBS) --dist loadfile $(ARGS) tests/layers tests/zoo/test_golden.py tests/zoo/generation/test_gan.py
DESCRIBED_BY := pyproject.toml constraints.txt
CHECK := import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit( \
	"pinet-keras needs Python 3.11, 3.12 or 3.13, and this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")

.PHONY: demo test lint backends readme clean

demo: $(VENV)/installed
	$(VENV)/bin/pinet demo --out demo.png

test: $(VENV)/installed-dev
	$(VENV)/bin/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# The layers, the trained models and trainings on the other backends; on JAX they must do without TensorFlow.
backends: $(BACKENDS)/installed
	KERAS_BACKEND=jax $(PYTEST_BACKENDS)
	KERAS_BACKEND=torch $(PYTEST_BACKENDS)
	$(BACKENDS)/bin/python -m pytest -n $(JOBS) $(ARGS) -k other_backends tests/zoo/test_training.py tests/zoo/generation

readme: $(VENV)/installed
	$(VENV)/bin/python -m zoo.tables

clean:
	rm -rf $(VENV) $(BACKENDS)

$(VENV)/installed: $(DESCRIBED_BY)
	@$(PYTHON) -c '$(CHECK)'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python $(INSTALL) -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(VENV)/bin/python $(INSTALL) -e '.[dev]'
	@touch $@

$(BACKENDS)/installed: $(DESCRIBED_BY)
	@$(PYTHON) -c '$(CHECK)'
	$(PYTHON) -m venv $(BACKENDS)
	$(BACKENDS)/bin/python $(INSTALL) -e '.[dev,jax,torch]'
	@touch $@
