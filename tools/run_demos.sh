#!/usr/bin/env bash
# Runs the examples in full, one after another, and prints a table of what each took and reached.
#
#   tools/run_demos.sh [--data FOLDER] [--out FOLDER] [--build FOLDER] [--nice N] [NAME...]
#
# Without names: all of them. "gan --wasserstein" is a name, too. Data that is not in FOLDER is
# downloaded. Pictures, logs and files go to --out (build/demos) and nowhere else.
set -euo pipefail
cd "$(dirname "$0")/.."
data=() out=build/demos build=build/release niceness=0 names=()
while [ $# -gt 0 ]; do
  case $1 in
    --data) data=(--data "$2"); shift 2 ;;
    --out) out=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --nice) niceness=$2; shift 2 ;;
    --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "run_demos: unknown option $1, see --help" >&2; exit 2 ;;
    *) names+=("$1"); shift ;;
  esac
done
[ ${#names[@]} -gt 0 ] || names=(linear_regression logistic_regression spiral mnist_logistic small_mlp
  session_mlp session_convnet mnist_mlp batch_norm conv_features frames_cnn scanning_mlp names cart_pole
  char_lstm gpt vae gan "gan --wasserstein")
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
mkdir -p "$out"

failed=0
table="| example | seconds | result |"$'\n'"|---|---|---|"$'\n'
for name in "${names[@]}"; do
  read -r -a words <<< "$name"
  log="$out/${name// /}.log"
  echo "== $name"
  begin=$(date +%s%N)
  status=0
  nice -n "$niceness" "$build/examples/${words[0]}" "${words[@]:1}" "${data[@]}" --out "$out" |& tee "$log" || status=$?
  tenths=$((($(date +%s%N) - begin) / 100000000))
  seconds=$((tenths / 10)).$((tenths % 10))
  [ $status -eq 0 ] || failed=1
  results=$(grep -F '(goal:' "$log" | paste -sd ';' || true)
  table+="| $name | $seconds | ${results:-exit status $status} |"$'\n'
done
echo
echo "$table"
exit $failed
