# make demo: set everything up and run the main job. make test: set up and test, in some
# minutes; make test-all: every test in its long form.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check
CRITDAMP := $(BIN)/critdamp
# the folders change when a module comes or goes, and then it must be linked again
FOLDERS := $(shell find cli data engine src/critdamp -type d -not -name __pycache__)
NATIVE := setup.py $(wildcard engine/backends/c/*.[ch])

.PHONY: bench clean demo docs lint referee setup test test-all torture

demo: setup
	@mkdir -p demo
	$(CRITDAMP) sweep --spectrum digits-softmax --eps log:1e-2:20:1000 \
	    --p lin:0:0.999:1000 --quantity spectral_radius --quantity rate \
	    -o demo/digits-map.h5 --force
	$(CRITDAMP) sweep --k @digits-softmax --eps log:1e-2:20:500 --p lin:0:0.999:400 \
	    --quantity spectral_radius --quantity settling_time \
	    -o demo/digits-modes.h5 --force
	$(CRITDAMP) inspect demo/digits-modes.h5
	$(CRITDAMP) inspect demo/digits-map.h5

# On all cores, in an order that is drawn; --randomly-seed repeats one.
test: setup
	$(BIN)/pytest -v -n auto --dist worksteal -m "not slow" $(PYTEST_OPTIONS)

# every test, in its long form
test-all: setup
	CRITDAMP_TEST_ALL=1 $(BIN)/pytest -n auto --dist worksteal $(PYTEST_OPTIONS)

# Kills at every point, refusals, races without locks, signals, bombs, hostile links,
# flipped bits, an hour of fuzz, readers, and half an hour of random sweeps, in some three
# hours; `make test` runs a short form of all of it.
torture: setup
	$(PIP) install --constraint constraints.txt --group torture
	CRITDAMP_TEST_KILLS=50 CRITDAMP_TEST_KILLS_EVERY=1 CRITDAMP_TEST_FLIPS=5000 \
	    CRITDAMP_TEST_FUZZ=100 CRITDAMP_TEST_GUIDED=280 CRITDAMP_TEST_SOAK=1800 \
	    CRITDAMP_TEST_LOCKS=99 CRITDAMP_TEST_RACES=1000 CRITDAMP_TEST_PAUSES_EVERY=1 \
	    CRITDAMP_TEST_CROWD=180 CRITDAMP_TEST_HOSTILE=540 CRITDAMP_TEST_BOMBS=5 \
	    CRITDAMP_TEST_SIGNALS=200 CRITDAMP_TEST_EARLY_SIGNALS=1000 \
	    CRITDAMP_TEST_ADDRESS_SPACES=18 CRITDAMP_TEST_ENVIRONMENT=9 CRITDAMP_TEST_ODD=20 \
	    $(BIN)/pytest -q -s tests/data/sweeps tests/data/storage \
	    tests/data/inputs/test_fuzz.py tests/data/inputs/test_guided.py \
	    tests/data/inputs/test_bombs.py tests/data/formats/test_interop.py \
	    tests/cli/terminal tests/cli/commands/test_odd_attributes.py

# Every number beside an independent oracle, on large random samples of which half are in
# the hard corners, in some hours; `make test` runs a short form.
referee: setup
	CRITDAMP_TEST_ALL=1 $(BIN)/pytest -q -n auto --dist worksteal tests/referee \
	    $(PYTEST_OPTIONS)

# the picture of the rooms, and the tables that are made from the code
docs: setup
	$(BIN)/python docs/generate.py

bench: setup
	$(BIN)/pytest benchmarks -p no:randomly --benchmark-enable --benchmark-only -q

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy -p critdamp
	$(BIN)/lint-imports

setup: .venv/linked

.venv/linked: .venv/installed $(FOLDERS) $(NATIVE)
	@echo "linking the sources into .venv, and building the C kernels where a compiler is"
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	@echo "setting up .venv, which takes some minutes the first time"
	$(PYTHON) -m venv .venv
	$(PIP) install --constraint constraints.txt pip setuptools
	$(PIP) install --constraint constraints.txt --group dev .
	@touch $@

clean:
	rm -rf .venv build critdamp.egg-info demo
