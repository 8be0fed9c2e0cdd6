#!/usr/bin/env bash
# Writes the cases with build/<preset>/parity_cases and lets PyTorch judge them; then the Python package beside PyTorch,
# where it was built (python/parity). Usage: run.sh BUILD_DIR [pytest options]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build=$(realpath "${1:?usage: run.sh BUILD_DIR}")
shift
python=${PARITY_PYTHON:-.venv-parity/bin/python}
cases=$(mktemp -d)
trap 'rm -rf "$cases"' EXIT
"$build/parity_cases" "$cases"
PYTHONPATH=tests/parity PARITY_CASES="$cases" PARITY_PROGRAM="$build/parity_cases" "$python" -m pytest -q tests/parity/judge*.py "$@"

if compgen -G "$build/python/rushlight/_C.*" >/dev/null; then
  PYTHONPATH="$build/python" "$python" -m pytest -q python/parity "$@"
fi
