"""What pip calls to build the package: scikit-build-core, after the system's libraries are there.

On Debian and Ubuntu tools/setup.sh installs those that are missing, where it may; elsewhere it says
which they are. RUSH_NO_SETUP=1 leaves the system alone."""

import os
import pathlib
import subprocess

from scikit_build_core import build as _build
from scikit_build_core.build import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]


def _set_up():
    if os.environ.get("RUSH_NO_SETUP"):
        return
    script = pathlib.Path(__file__).with_name("setup.sh")
    if subprocess.run(["bash", script, "--system"]).returncode:
        raise SystemExit("rushlight: what it is compiled from is missing, see above")


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Compiles the engine and packs it with the package's own files."""
    _set_up()
    return _build.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """Compiles the engine for a package whose files stay where they are."""
    _set_up()
    return _build.build_editable(wheel_directory, config_settings, metadata_directory)
