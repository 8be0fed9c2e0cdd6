#!/usr/bin/env bash
# Writes dist/rushlight-*.whl, which installs without a compiler: auditwheel puts the libraries in that it needs. oneDNN
# and OpenMP's runtime are there already, for the build installs them beside its own library.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/setup.sh
export PATH="$PWD/.venv/bin:$PATH" CXX="${CXX:-c++}"
raw=$(mktemp -d)
trap 'rm -rf "$raw"' EXIT
# One build folder, so that the next wheel recompiles what changed; warnings are errors here, as in the other builds.
python -m pip wheel . --quiet --no-deps --wheel-dir "$raw" \
  --config-settings build-dir=build/wheel --config-settings cmake.define.RUSH_WERROR=ON
mkdir -p dist
rm -f dist/rushlight-*.whl
auditwheel repair --exclude libgomp.so.1 --wheel-dir dist "$raw"/rushlight-*.whl
