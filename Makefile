# make demo    two Python clients use an emulator that runs inside their process
# make test    all tests: Rust, recordings of a real server, Python, clients
# make bench   start-up, memory, throughput and CPU per operation
# make lint    formatting, lints, types
# make fuzz    all fuzz targets, for a minute in all
#
# All set-up is done here: what is needed beforehand is Rust, Python 3.10 or later, and make. Virtual environments and
# wheels go to .venv, builds to target.

PYTHON ?= python3
CARGO ?= cargo

VENV := .venv
TOOLS := $(VENV)/tools/bin
# Environments that have the emulator's wheel; two, because the clients in them may clash.
CLIENTS := vendor aerospike-py

.PHONY: help demo test bench lint format
.PHONY: test-rust test-golden test-python test-interop golden golden-floors wheel fuzz python-version

help:
	@sed -n 's/^# make /make /p' Makefile

demo: wheel
	@$(VENV)/vendor/bin/python examples/demo.py aerospike
	@$(VENV)/aerospike-py/bin/python examples/demo.py aerospike_py

# ---------------------------------------------------------------- tests

# pytest comes last: its closing line is the run's.
test: test-rust test-golden test-python test-interop

test-rust:
	$(CARGO) test --locked --workspace --exclude aerospike-emulator-python

golden test-golden:
	$(CARGO) build --locked -p aerospike-emulator
	$(PYTHON) tests/golden/run.py

golden-floors:
	$(CARGO) build --locked -p aerospike-emulator
	$(PYTHON) tests/golden/run.py --raise-floors

test-python: wheel
	$(VENV)/vendor/bin/python -m pytest tests/python

test-interop: wheel
	$(VENV)/aerospike-py/bin/python -m pytest tests/interop/python --client aerospike_py
	$(VENV)/vendor/bin/python -m pytest tests/interop/python --client aerospike

# ---------------------------------------------------------------- measuring

bench: $(VENV)/bench/installed $(VENV)/tools/installed
	$(CARGO) build --locked --release -p aerospike-emulator -p aerospike-bench
	rm -rf $(VENV)/wheels/release
	$(TOOLS)/maturin build --quiet --locked --release -m python/emulator/Cargo.toml -o $(VENV)/wheels/release
	$(VENV)/bench/bin/pip install --quiet --force-reinstall --no-deps $(VENV)/wheels/release/aerospike_emulator-*.whl
	target/release/aerospike-bench --python $(VENV)/bench/bin/python $(BENCH)

# Stable toolchains replay the committed corpora instead: test-rust.
fuzz:
	tests/fuzz.sh

# ---------------------------------------------------------------- checks

lint: $(VENV)/vendor/installed $(VENV)/tools/installed
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(TOOLS)/ruff check .
	$(TOOLS)/ruff format --check .
	$(TOOLS)/basedpyright

format: $(VENV)/tools/installed
	$(CARGO) fmt --all
	$(TOOLS)/ruff check --fix .
	$(TOOLS)/ruff format .

# ---------------------------------------------------------------- set-up

# Cargo and pip know best what is out of date: this runs every time and costs seconds when nothing is.
wheel: $(VENV)/tools/installed $(CLIENTS:%=$(VENV)/%/installed)
	@rm -rf $(VENV)/wheels/dev
	$(TOOLS)/maturin build --quiet --locked --profile dev -m python/emulator/Cargo.toml -o $(VENV)/wheels/dev
	@for environment in $(CLIENTS); do \
		$(VENV)/$$environment/bin/pip install --quiet --force-reinstall --no-deps $(VENV)/wheels/dev/aerospike_emulator-*.whl || exit 1; \
	done

$(VENV)/%/installed: tests/environments/%.txt | python-version
	$(PYTHON) -m venv --clear $(VENV)/$*
	$(VENV)/$*/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

python-version:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "$(PYTHON) is older than 3.10: name a newer one, as in 'make PYTHON=python3.12'" >&2; exit 1; }
