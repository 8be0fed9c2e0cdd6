"""The program that the README shows runs as it stands there."""

import pathlib
import re
import subprocess
import sys

README = pathlib.Path(__file__).resolve().parents[3] / "README.md"


def test_the_readmes_program_learns(tmp_path):
    programs = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.S | re.M)
    assert len(programs) == 1
    run = subprocess.run(
        [sys.executable, "-c", programs[0]], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    last = run.stdout.splitlines()[-1]
    assert float(re.search(r"([\d.]+)%", last)[1]) > 95, run.stdout
    assert (tmp_path / "spirals.pt").stat().st_size > 10_000
