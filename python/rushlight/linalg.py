"""Linear algebra."""

from rushlight._C import Error as LinAlgError  # noqa: F401
from rushlight._C.linalg import *  # noqa: F403
