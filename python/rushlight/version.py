"""What PyTorch says of its build, for programs that ask."""

from importlib import metadata

try:
    __version__ = metadata.version("rushlight")
except metadata.PackageNotFoundError:  # used from a build folder
    __version__ = "0.0.0"
debug = False
cuda = None
hip = None
xpu = None
git_version = "unknown"
