#!/usr/bin/env bash
# Runs make targets one after the other and prints how long each took; stops at the first failure.
set -euo pipefail

report=""
finish() {
  printf '\n%s' "$report"
}
trap finish EXIT

for target in "$@"; do
  printf '\n== %s\n' "$target"
  started=$SECONDS
  if ! make --no-print-directory "$target"; then
    report+=$(printf '%-20s failed after %d s' "$target" $((SECONDS - started)))$'\n'
    exit 1
  fi
  report+=$(printf '%-20s %4d s' "$target" $((SECONDS - started)))$'\n'
done
