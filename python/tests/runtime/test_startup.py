"""Starting the package: quick, and without what a program may not need."""

import statistics
import subprocess
import sys

MEASURE = "import time; t = time.process_time(); import rushlight; print(time.process_time() - t)"


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout


def test_import_takes_less_than_a_tenth_of_a_second():
    # Of the processor's time; twice of it here, because other tests may run beside this one.
    assert statistics.median(float(run(MEASURE)) for _ in range(5)) < 0.2


def test_import_brings_neither_numpy_nor_a_test_tool():
    loaded = run("import sys, rushlight; print(*sys.modules)").split()
    assert not {"numpy", "pytest", "multiprocessing", "asyncio", "unittest"} & set(loaded)
