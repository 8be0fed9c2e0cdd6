"""Linear algebra."""

from rushlight._C.linalg import *  # noqa: F403
