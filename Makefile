# make demo · make test · make lint · make backends · make bench · make readme · make docs · make page
# Each builds the environment that it needs in this folder, once; a second run starts at once.

PYTHON ?= python3
JOBS ?= 2
ARGS ?=

VENV := .venv
# Without compiling: Python does that for what is imported, which is a small part of all that is installed.
INSTALL := -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt
PYTEST = $(VENV)/bin/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)
# A file goes to one process: the longest ones first, so that none is left for the end.
SLOW_FIRST := tests/test_gallery.py tests/zoo/test_training.py tests/zoo/generation/test_training.py tests/tuning/test_searching.py
DESCRIBED_BY := pyproject.toml constraints.txt
CHECK := import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit( \
	"pinet-keras needs Python 3.11, 3.12 or 3.13, and this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")

# Every test that starts a process would compile all of TensorFlow again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint backends bench readme docs page clean

demo: $(VENV)/installed
	$(VENV)/bin/pinet demo --out demo.png

test: $(VENV)/installed-dev
	$(PYTEST) --no-loadscope-reorder $(SLOW_FIRST) tests

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# The layers, the certificate, the trained models and trainings on the other backends; on JAX they must do without
# TensorFlow. JAX compiles every operation of every case, so it gets Keras' own layer tests alone: the arithmetic is checked
# on PyTorch. Nor does it optimise what it compiles, which takes longer than what is saved in running it a few times. What
# takes longest is left to TensorFlow: the lines of the networks for CIFAR-10, of which PyTorch measures the certificates
# with one seed, and the examples of docs/certificate.md. JAX follows the lines of the digits alone, and leaves the
# replacement of activations, whose arithmetic is NumPy's, to PyTorch. Of tropical geometry,
# which is exact arithmetic without a backend, both get what reads networks from Keras.
backends: TROPICAL := not (test_tropical and not keras_models)
backends: export XLA_FLAGS = --xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true
backends: $(VENV)/installed-backends
	KERAS_BACKEND=jax $(PYTEST) -k 'keras_layer or golden or example_runs' tests/layers/test_battery.py tests/zoo/test_golden.py \
		tests/test_docstring_examples.py
	KERAS_BACKEND=jax $(PYTEST) --no-loadscope-reorder -k 'not cifar10 and not every_block and not (no_crossing and (mnist or spoken or resnet)) and not replac and $(TROPICAL)' \
		tests/analysis/test_zoo.py tests/analysis
	KERAS_BACKEND=torch $(PYTEST) --no-loadscope-reorder -k 'not every_block and (not cifar10 or (measuring and 0])) and $(TROPICAL)' \
		tests/analysis/test_zoo.py tests/analysis
	KERAS_BACKEND=torch $(PYTEST) tests/layers tests/zoo/test_golden.py tests/test_docstring_examples.py
	$(PYTEST) -k other_backends tests/zoo/test_training.py tests/zoo/test_devices.py tests/zoo/generation tests/test_packaging.py

# Speed, compared with PyTorch and the machine's limit: writes docs/performance.md.
bench: $(VENV)/installed-backends
	$(VENV)/bin/python -m benchmarks.performance $(ARGS)

readme: $(VENV)/installed
	$(VENV)/bin/python -m benchmarks.readme_tables

# The reference site, in site/: runs the gallery, and fails where a link or a docstring is wrong. Once its packages are
# installed it needs no network: links to other servers are not followed.
docs: $(VENV)/installed-docs
	TF_CPP_MIN_LOG_LEVEL=3 NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict # with --quiet, warnings would pass

# The site that runs the models in the browser, in page/: needs npm, and a network the first time.
page: $(VENV)/installed-page
	$(VENV)/bin/pinet page --out page

clean:
	rm -rf $(VENV)

$(VENV)/created: $(DESCRIBED_BY)
	@$(PYTHON) -c '$(CHECK)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/created
	$(VENV)/bin/python $(INSTALL) -e '.[tensorflow,train,tune,serving,plot]'
	@touch $@

$(VENV)/installed-page: $(VENV)/installed
	$(VENV)/bin/python $(INSTALL) -e '.[onnx]'
	@touch $@

$(VENV)/installed-dev: $(VENV)/created
	$(VENV)/bin/python $(INSTALL) -e '.[dev]'
	@touch $@

$(VENV)/installed-docs: $(VENV)/created
	$(VENV)/bin/python $(INSTALL) -e '.[docs]'
	@touch $@

$(VENV)/installed-backends: $(VENV)/installed-dev
	$(VENV)/bin/python $(INSTALL) -e '.[jax,torch]'
	@touch $@
