# make demo    two Python clients use an emulator that runs inside their process
# make test    all tests: Rust, recordings of a real server, Python, clients
# make interop the scenarios of all official clients, in every language that the machine has
# make bench   start-up, memory, throughput and CPU per operation; drivers beside each other
# make lint    formatting, lints, types
# make fuzz    all fuzz targets, for a minute in all
# make instructions   instructions by request, counted by callgrind, beside the baseline
#
# All set-up is done here: what is needed beforehand is Rust, Python 3.10 or later, and make. Virtual environments and
# wheels go to .venv, builds to target.

PYTHON ?= python3
CARGO ?= cargo

VENV := .venv
TOOLS := $(VENV)/tools/bin
# They have no tests of their own, and Maturin builds them.
PYTHON_CRATES := $(shell sed -n 's/^name = "\(aerospike-.*\)"/\1/p' python/*/Cargo.toml)
MATURIN := $(TOOLS)/maturin build --quiet --locked
PIP_INSTALL := bin/pip install --quiet --disable-pip-version-check

.PHONY: help demo test bench lint lint-stubs format
.PHONY: test-rust test-golden test-python test-interop interop interop-table golden golden-floors
.PHONY: fuzz instructions instructions-baseline
.PHONY: emulator-wheel driver-wheel python-version
# Else make would remove them after use, as files that are only steps on the way.
.PRECIOUS: $(VENV)/%/installed

help:
	@sed -n 's/^# make /make /p' Makefile

demo: with-vendor with-aerospike-py
	@$(VENV)/vendor/bin/python examples/demo.py aerospike
	@$(VENV)/aerospike-py/bin/python examples/demo.py aerospike_py

# ---------------------------------------------------------------- tests

# pytest comes last: its closing line is the run's.
test: test-rust test-golden test-python test-interop

test-rust:
	$(CARGO) test --locked --workspace $(PYTHON_CRATES:%=--exclude %)

golden test-golden:
	$(CARGO) build --locked -p aerospike-emulator
	$(PYTHON) tests/golden/run.py

golden-floors:
	$(CARGO) build --locked -p aerospike-emulator
	$(PYTHON) tests/golden/run.py --raise-floors

test-python: driver-wheel with-driver with-vendor
	$(CARGO) build --locked -p aerospike-emulator
	$(VENV)/driver/bin/python -m pytest tests/python/driver
	$(VENV)/vendor/bin/python -m pytest tests/python/emulator tests/golden

# Every client of which the machine has the toolchain; the others are skipped, and say so.
interop test-interop: with-aerospike-py with-vendor driver-wheel with-driver
	$(CARGO) build --locked -p aerospike-emulator
	$(VENV)/driver/bin/python -m pytest tests/interop/python/test_cluster.py --client aerospike_py
	$(PYTHON) tests/interop/run.py

interop-table:
	$(PYTHON) tests/interop/run.py --record

# ---------------------------------------------------------------- measuring

bench: $(VENV)/bench/installed $(VENV)/vendor/installed $(VENV)/aerospike-py/installed $(VENV)/tools/installed
	$(CARGO) build --locked --release -p aerospike-emulator -p aerospike-bench
	rm -rf $(VENV)/wheels/release
	$(MATURIN) --release -m python/emulator/Cargo.toml -o $(VENV)/wheels/release
	$(MATURIN) --release -m python/driver/Cargo.toml -o $(VENV)/wheels/release -i $(VENV)/bench/bin/python
	@$(VENV)/bench/$(PIP_INSTALL) --force-reinstall --no-deps $(VENV)/wheels/release/*.whl
	target/release/aerospike-bench --python $(VENV)/bench/bin/python --vendor-python $(VENV)/vendor/bin/python \
		--aerospike-py-python $(VENV)/aerospike-py/bin/python $(BENCH)

# Counts that do not depend on how busy the machine is; fails on growth over a tenth.
instructions instructions-baseline:
	@command -v valgrind >/dev/null || { echo "this needs valgrind (Debian: apt-get install valgrind)" >&2; exit 1; }
	$(CARGO) build --locked --release -p aerospike-bench
	$(PYTHON) tests/bench/instructions.py $(if $(filter %-baseline,$@),--write-baseline)

# Stable toolchains replay the committed corpora instead: test-rust.
fuzz:
	tests/fuzz.sh

# ---------------------------------------------------------------- checks

lint: $(VENV)/vendor/installed $(VENV)/tools/installed lint-stubs
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(TOOLS)/ruff check .
	$(TOOLS)/ruff format --check .
	$(PYTHON) tests/interop/run.py --check
	$(TOOLS)/basedpyright

# The stubs tell what the built package really has.
lint-stubs: driver-wheel
	$(VENV)/driver/bin/python -m mypy.stubtest aerospike_py --concise --ignore-disjoint-bases \
		--allowlist python/driver/stubtest.txt

format: $(VENV)/tools/installed
	$(CARGO) fmt --all
	$(TOOLS)/ruff check --fix .
	$(TOOLS)/ruff format .

# ---------------------------------------------------------------- set-up

# Cargo and pip know best what is out of date: these run every time and cost seconds when nothing is.
emulator-wheel: $(VENV)/tools/installed
	@rm -rf $(VENV)/wheels/emulator
	$(MATURIN) --profile dev -m python/emulator/Cargo.toml -o $(VENV)/wheels/emulator

driver-wheel: $(VENV)/tools/installed $(VENV)/driver/installed
	@rm -rf $(VENV)/wheels/driver
	$(MATURIN) --profile dev -m python/driver/Cargo.toml -o $(VENV)/wheels/driver -i $(VENV)/driver/bin/python
	@$(VENV)/driver/$(PIP_INSTALL) --force-reinstall --no-deps $(VENV)/wheels/driver/*.whl

# The environment of this name with the emulator in it.
with-%: emulator-wheel $(VENV)/%/installed
	@$(VENV)/$*/$(PIP_INSTALL) --force-reinstall --no-deps $(VENV)/wheels/emulator/*.whl

$(VENV)/%/installed: tests/environments/%.txt | python-version
	$(PYTHON) -m venv --clear $(VENV)/$*
	$(VENV)/$*/$(PIP_INSTALL) -r $<
	@touch $@

python-version:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "$(PYTHON) is older than 3.10: name a newer one, as in 'make PYTHON=python3.12'" >&2; exit 1; }
