#!/usr/bin/env bash
# Makes .venv-parity with PyTorch for `make parity`; the build for processors alone where its index can be reached,
# because PyPI's brings gigabytes of CUDA along. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stamp=.venv-parity/.rush-setup
want=$(cat tools/setup_parity.sh requirements/parity.txt | cksum)
if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then exit 0; fi

cpu_index=https://download.pytorch.org/whl/cpu
[ -x .venv-parity/bin/python ] || python3 -m venv .venv-parity
index=()
if .venv-parity/bin/python -c "import urllib.request as u; u.urlopen('$cpu_index/torch/', timeout=8)" 2>/dev/null; then
  index=(--extra-index-url "$cpu_index")
fi
echo "setup: installing PyTorch into .venv-parity" >&2
.venv-parity/bin/python -m pip install --quiet --disable-pip-version-check ${index[@]+"${index[@]}"} \
  -r requirements/parity.txt ||
  { echo "setup: pip could not install requirements/parity.txt: check the network" >&2; exit 1; }
echo "$want" >"$stamp"
