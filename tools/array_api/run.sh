#!/usr/bin/env bash
# Runs the array API standard's test-suite on rushlight.array_api, as built in build/release/python, and prints the score.
# Usage: run.sh [pytest options]. The first run fetches the suite and its requirements into build/: it needs network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

commit=55fcc60179efa2680ddd6cd926ddf17b83530e2b
tools=$PWD/tools/array_api
suite=$PWD/build/array-api-tests
stamp=$suite/.rush-setup
want=$( (echo "$commit"; cat "$tools/suite.patch" requirements/array_api.txt) | cksum)

fetch() {
  echo "array-api: fetching the suite into ${suite#"$PWD"/}" >&2
  rm -rf "$suite"
  git init --quiet "$suite"
  git -C "$suite" fetch --quiet --depth 1 https://github.com/data-apis/array-api-tests "$commit"
  git -C "$suite" checkout --quiet FETCH_HEAD
  git -C "$suite" submodule --quiet update --init --depth 1
  git -C "$suite" apply "$tools/suite.patch" # the suite takes for granted that there are complex dtypes
  python3 -m venv "$suite/.venv"
  "$suite/.venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements/array_api.txt
  echo "$want" >"$stamp"
}
if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then fetch; fi

export PYTHONPATH=$PWD/build/release/python
export ARRAY_API_TESTS_MODULE=rushlight.array_api ARRAY_API_TESTS_SKIP_DTYPES=complex64,complex128
cd "$suite"
status=0
.venv/bin/python -m pytest array_api_tests -c pytest.ini -q -p no:cacheprovider --tb=short --disable-deadline \
  --skips-file "$tools/absent.txt" "$@" | tee score.txt || status=$?
echo "array-api: $(grep -E ' (passed|failed).* in ' score.txt | tail -1)"
[ "$status" -le 1 ] # a yardstick: that tests of the suite fail is no error
