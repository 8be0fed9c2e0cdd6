#!/usr/bin/env bash
# setup_peers.sh parity|bench: makes .venv-parity for `make parity` or .venv-bench for `make bench`, with what
# requirements/parity.txt or bench.txt lists; PyTorch's build for processors alone where its index can be reached, because
# PyPI's brings gigabytes of CUDA along. Does nothing when it is there. The judge of parity is needed; of the peers
# of bench, what cannot be had is left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

name=$1
venv=.venv-$name
stamp=$venv/.rush-setup
want=$(cat tools/setup_peers.sh "requirements/$name.txt" | cksum)
if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then exit 0; fi

say() { echo "setup: $*" >&2; }
cpu_index=https://download.pytorch.org/whl/cpu
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
index=()
if "$venv/bin/python" -c "import urllib.request as u; u.urlopen('$cpu_index/torch/', timeout=8)" 2>/dev/null; then
  index=(--extra-index-url "$cpu_index")
fi
install() {
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check ${index[@]+"${index[@]}"} "$@"
}

say "installing requirements/$name.txt into $venv"
if ! install -r "requirements/$name.txt"; then
  [ "$name" = bench ] || { say "pip could not install requirements/$name.txt: check the network"; exit 1; }
  grep -v '^#' "requirements/$name.txt" | while read -r package; do
    install "$package" || say "going on without $package"
  done
  exit 0  # without a stamp: the next run tries again
fi
echo "$want" >"$stamp"
