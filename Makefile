# A thin front to CMake: every target sets up what is missing, configures, builds in parallel, runs.
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# oneDNN's wheel is for x86-64 only; elsewhere the portable kernels are used, unless ONEDNN=ON says that the system has it.
export ONEDNN ?= $(if $(filter x86_64 amd64,$(shell uname -m)),ON,OFF)
release_flags := -DRUSH_ONEDNN=$(ONEDNN) -DRUSH_PYTHON=ON
asan_flags := -DRUSH_ONEDNN=$(ONEDNN)

CPP_FILES = git ls-files --cached --others --exclude-standard -z '*.h' '*.cc' '*.cpp'

.DEFAULT_GOAL := help
.SECONDARY:
.PHONY: help setup demo demos python python-test stubs array-api wheel wheel-test test asan portable tsan debug parity docs bench bench-quick bench-micro format check clean build-% test-%

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## install what is missing
	@tools/setup.sh

# Waiting threads that sleep instead of spinning cost little alone, and make a busy machine ten times faster.
demo: setup build/release/build.ninja ## train a small convolutional network on handwritten digits
	@cmake --build build/release -j $(JOBS) --target rushlight
	@OMP_WAIT_POLICY=$${OMP_WAIT_POLICY:-passive} build/release/rushlight train digits

demos: build-release ## run all examples in full (an hour or two) and print what they reach
	@tools/run_demos.sh

test: test-release ## build everything and run the tests
debug: test-debug ## the same without optimisation
asan: test-asan ## the same under the address and undefined-behaviour sanitizers
portable: test-portable ## the same without oneDNN
tsan: test-tsan ## the threaded tests under the thread sanitizer

python: setup build/release/build.ninja ## build the Python package for use from build/release/python
	@cmake --build build/release -j $(JOBS) --target rushlight_python

stubs: python ## write the stubs of the Python package anew
	@PYTHONPATH=build/release/python .venv/bin/python tools/make_stubs.py

wheel: setup ## make dist/rushlight-*.whl
	@tools/build_wheel.sh

wheel-test: wheel ## try the wheel in a clean environment
	@tests/wheel/run.sh dist/rushlight-*.whl

python-test: python ## build the Python package and run its tests
	@ctest --preset release -j $(JOBS) -L python

array-api: python ## the array API standard's test-suite on the Python package (fetches it)
	@tools/array_api/run.sh

test-%: build-%
	@ctest --preset $* -j $(JOBS)

build-%: setup build/%/build.ninja
	@cmake --build build/$* -j $(JOBS)

build/%/build.ninja: CMakePresets.json Makefile | setup
	@cmake --preset $* $($*_flags)
	@touch $@

parity: build-release ## compare values and gradients of every op with PyTorch's (installs PyTorch)
	@tools/setup_peers.sh parity && tests/parity/run.sh build/release

# Options go in BENCH, as in: make bench BENCH="--workloads convnet --threads 2"
bench: build-release ## training steps and inference beside PyTorch and JAX (installs both; an hour)
	@tools/setup_peers.sh bench
	@.venv/bin/python bench/compare.py --build build/release --peer-python .venv-bench/bin/python $(BENCH)

# Options for Google Benchmark go in MICRO, as in: make bench-micro MICRO="--benchmark_filter=softmax"
bench-micro: setup build/release/build.ninja ## single ops and kernels: time, bandwidth, oneDNN's own calls
	@cmake --build build/release -j $(JOBS) --target bench_micro bench_contraction_bench bench_fusion_bench
	@build/release/bench/micro_bench --benchmark_min_warmup_time=0.05 --benchmark_min_time=0.2 $(MICRO)
	@build/release/bench/contraction_bench && build/release/bench/fusion_bench

bench-quick: setup build/release/build.ninja ## guards against slowness: counts and ratios, half a minute
	@cmake --build build/release -j $(JOBS) --target bench_guard
	@ctest --preset release -L bench

format: setup ## format C++ and Python
	@$(CPP_FILES) | xargs -0 -r clang-format -i
	@ruff format --quiet . && ruff check --quiet --fix .

check: setup ## format, layers, sizes
	@$(CPP_FILES) | xargs -0 -r clang-format --dry-run -Werror
	@ruff format --quiet --check . && ruff check --quiet .
	@python3 tools/check_layers.py
	@python3 tools/check_size.py

clean: ## remove the build folders
	@rm -rf build
