"""Lets the tests here, and the comparison with PyTorch, import `running`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
