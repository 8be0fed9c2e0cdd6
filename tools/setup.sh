#!/usr/bin/env bash
# Installs what the build needs and finds missing: system packages with apt (as root, or with sudo where it asks for
# no password), the rest into .venv. Does nothing, fast, when all is there. `--force` looks again; `--system` looks only
# for what a wheel is compiled from, and makes no .venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stamp=.venv/.rush-setup
want="$(cat tools/setup.sh requirements/{build,python,tools}.txt | cksum) ${ONEDNN:=ON}"
if [ "${1:-}" != --force ] && [ "${1:-}" != --system ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && [ -x .venv/bin/python ]; then exit 0; fi

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif has sudo && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

apt_install() {
  has apt-get || return 1
  as_root true || return 1
  say "installing system packages: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" >/dev/null
}

# 1. The compiler and Python with its headers, without which nothing else can be asked.
basics=()
has "${CXX:-c++}" || basics+=(g++)
has python3 || basics+=(python3)
[ "${1:-}" = --system ] || { has python3 && python3 -c 'import venv, ensurepip' 2>/dev/null; } || basics+=(python3-venv)
if [ ${#basics[@]} -gt 0 ]; then
  apt_install "${basics[@]}" || fail "cannot install ${basics[*]}: run 'sudo apt-get install ${basics[*]}' (or your system's equal) and try again"
fi
# The headers of that very Python, for the extension module.
has_headers() { python3 -c 'import os, sysconfig; open(os.path.join(sysconfig.get_path("include"), "Python.h"))' 2>/dev/null; }
has_headers || apt_install python3-dev && has_headers ||
  fail "Python.h is missing: run 'sudo apt-get install python3-dev' (or your system's equal) and try again"
cxx=${CXX:-c++}
echo 'int main() { return []<int i>() { return i; }.template operator()<0>(); }' |
  $cxx -std=c++20 -x c++ -fsyntax-only - 2>/dev/null ||
  fail "$cxx does not understand C++20: install g++ 12 or clang 15 or newer, and set CXX to it"

# 2. Libraries, asked of the compiler itself: `package:header`.
missing_headers() {
  local pair program=""
  for pair in "$@"; do
    program+="#if !__has_include(<${pair#*:}>)"$'\n'"@${pair%%:*}"$'\n'"#endif"$'\n'
  done
  $cxx -std=c++20 -x c++ -E -P - <<<"$program" | sed -n 's/^@ *//p' | tr -d ' '
}
required=(libhwy-dev:hwy/highway.h zlib1g-dev:zlib.h libpng-dev:png.h nlohmann-json3-dev:nlohmann/json.hpp
  libkissfft-dev:kissfft/kissfft.hh libgtest-dev:gtest/gtest.h libcli11-dev:CLI/CLI.hpp)
optional=(libbenchmark-dev:benchmark/benchmark.h libcurl4-openssl-dev:curl/curl.h)
if [ "${1:-}" = --system ]; then required=("${required[@]:0:5}") optional=(); fi
mapfile -t needed < <(missing_headers "${required[@]}")
mapfile -t wanted < <(missing_headers "${optional[@]}")
# LAPACK has no header of its own: asked of the linker.
echo 'extern "C" void dpotrf_(); int main() { dpotrf_(); }' |
  $cxx -x c++ - -llapack -lblas -o /dev/null 2>/dev/null || wanted+=(liblapack-dev)
[ "${1:-}" = --system ] || has ccache || wanted+=(ccache)
if [ ${#needed[@]} -gt 0 ]; then
  apt_install "${needed[@]}" "${wanted[@]}" || apt_install "${needed[@]}" ||
    fail "cannot install ${needed[*]}: run 'sudo apt-get install ${needed[*]}' (or your system's equal) and try again"
elif [ ${#wanted[@]} -gt 0 ]; then
  apt_install "${wanted[@]}" || say "going on without ${wanted[*]} (optional)"
fi

if [ "${1:-}" = --system ]; then exit 0; fi

# 3. The local environment: oneDNN where the system has none, cmake and ninja where missing or too old, what the Python
# package needs, formatters.
[ -x .venv/bin/python ] || python3 -m venv .venv || fail "cannot make .venv: install python3-venv and try again"
pip_install() {
  say "installing into .venv: $*"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
}
packages=()
hand=()
cmake_version=$({ cmake --version 2>/dev/null || true; } | sed -n "1s/.*version //p")
if [ "$(printf '%s\n' 3.25 "${cmake_version:-0}" | sort -V | head -n1)" != 3.25 ]; then
  packages+=("cmake>=3.25,<4") hand+=("cmake 3.25")
fi
if ! has ninja; then packages+=(ninja) hand+=(ninja); fi
onednn_3='#include <oneapi/dnnl/dnnl_version.h>
#if DNNL_VERSION_MAJOR < 3
#error too old
#endif'
if [ "$ONEDNN" = ON ] && ! $cxx -x c++ -fsyntax-only - <<<"$onednn_3" 2>/dev/null; then
  packages+=(-r requirements/build.txt) hand+=("oneDNN 3 (or use make ONEDNN=OFF)")
fi
if [ ${#packages[@]} -gt 0 ]; then
  pip_install "${packages[@]}" ||
    fail "pip could not install them: check the network, or install by hand: $(IFS=,; echo "${hand[*]}")"
fi
pip_install -r requirements/python.txt ||
  fail "pip could not install requirements/python.txt: check the network"
pip_install -r requirements/tools.txt || say "going on without the formatters (make format and make check need them)"

# The wheel holds the same 54 MB three times under the names that should be links.
if [ -f .venv/lib/libdnnl.so.3.2 ]; then
  ln -sf libdnnl.so.3.2 .venv/lib/libdnnl.so.3
  ln -sf libdnnl.so.3 .venv/lib/libdnnl.so
fi
echo "$want" >"$stamp"
say "done"
