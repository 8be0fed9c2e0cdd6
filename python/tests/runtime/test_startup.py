"""Starting the package: quick, and without what a program may not need."""

import statistics
import subprocess
import sys

MEASURE = "import time; t = time.perf_counter(); import rushlight; print(time.perf_counter() - t)"


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout


def test_import_takes_less_than_a_tenth_of_a_second():
    # Half a second is allowed here, because other tests may run beside this one.
    assert statistics.median(float(run(MEASURE)) for _ in range(5)) < 0.5


def test_import_brings_neither_numpy_nor_a_test_tool():
    loaded = run("import sys, rushlight; print(*sys.modules)").split()
    assert not {"numpy", "pytest", "multiprocessing", "asyncio", "unittest"} & set(loaded)
