#!/bin/sh
# Pins everything: requirements/dev.txt first, then one requirements.txt per function with the same
# versions. With --upgrade, or any other option of `uv pip compile`, the pins move.
set -eu
cd "$(dirname "$0")/.."
uv="${UV:-.venv/bin/uv}"

pin() {
	source="$1" target="$2"
	shift 2
	"$uv" pip compile --python-version 3.11 --universal --generate-hashes --no-emit-index-url \
		--no-annotate -q "$@" "$source" -o "$target"
}

pin requirements/dev.in requirements/dev.txt "$@"
for function in functions/*/; do
	pin "${function}requirements.in" "${function}requirements.txt"
done
