"""What PyTorch says of its build, for programs that ask."""

from rushlight._C import __version__ as __version__

debug = False
cuda = None
hip = None
xpu = None
git_version = "unknown"
