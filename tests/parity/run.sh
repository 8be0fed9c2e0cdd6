#!/usr/bin/env bash
# Writes the cases with build/<preset>/parity_cases and lets PyTorch judge them. Usage: run.sh BUILD_DIR [pytest options]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build=$(realpath "${1:?usage: run.sh BUILD_DIR}")
shift
python=${PARITY_PYTHON:-.venv-parity/bin/python}
cases=$(mktemp -d)
trap 'rm -rf "$cases"' EXIT
"$build/parity_cases" "$cases"
PARITY_CASES="$cases" PARITY_PROGRAM="$build/parity_cases" "$python" -m pytest -q -p no:cacheprovider tests/parity/judge*.py "$@"
