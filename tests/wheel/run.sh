#!/usr/bin/env bash
# Installs a wheel into a clean environment, where neither a compiler nor this source tree can be reached, and lets the
# README's Python program run there; then a C++ program finds the package in it. Usage: run.sh WHEEL
set -euo pipefail
wheel=$(realpath "${1:?usage: run.sh WHEEL}")
source=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() { echo "wheel: $*" >&2; exit 1; }
say() { echo "wheel: $*"; }
# Of the processor's time. A machine in peace stays under 100; a busy one is allowed twice that.
most_milliseconds=200
most_bytes=80000000

"$source/.venv/bin/python" -m venv clean
clean/bin/python -m pip install --quiet --disable-pip-version-check "$wheel"
clean() { env -i HOME="$work" PATH="$work/clean/bin" OMP_WAIT_POLICY=passive "$@"; }

clean python -m rushlight

# The program of the README, as it stands there.
sed -n '/^```python$/,/^```$/p' "$source/README.md" | sed '/^```/d' >program.py
[ -s program.py ] || fail "README.md shows no Python program"
clean python program.py

milliseconds=$(clean python - <<'END'
import statistics, subprocess, sys
measure = "import time; t = time.process_time(); import rushlight; print(time.process_time() - t)"
run = lambda: float(subprocess.check_output([sys.executable, "-c", measure]))
print(round(1000 * statistics.median(run() for _ in range(11))))
END
)
say "import takes $milliseconds ms"
[ "$milliseconds" -lt "$most_milliseconds" ] || fail "import takes over $most_milliseconds ms"

packages=$(clean python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
bytes=$(find "$packages"/rushlight* -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
say "installed, it has $bytes bytes"
[ "$bytes" -lt "$most_bytes" ] || fail "it must have less than $most_bytes"
for name in libdnnl libgomp; do
  [ "$(find "$packages"/rushlight* -name "$name*" | wc -l)" -eq 1 ] || fail "$name is not there once"
done

# C++: CMake finds the package by the path that Python prints.
export PATH="$source/.venv/bin:$PATH"
cmake -S "$source/tests/consumer" -B consumer -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$(clean python -m rushlight --cmake-dir)" >/dev/null
cmake --build consumer >/dev/null
clean consumer/consumer
say "C++ programs find it, too"
