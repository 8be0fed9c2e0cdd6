"""The page of PyTorch's names is fresh, and says that at least 95 % of them are there."""

import pathlib
import subprocess
import sys

TOOL = pathlib.Path(__file__).resolve().parents[3] / "tools" / "make_names_page.py"


def test_names_page_is_fresh():
    result = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
