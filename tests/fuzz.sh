#!/usr/bin/env bash
# Fuzzes every target of every fuzz folder, FUZZ_SECONDS (60) in all. What is found is kept in fuzz/artifacts; new inputs
# go to target/fuzz, and become part of the committed corpus when somebody copies them there.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo +nightly --version >/dev/null 2>&1; then
    echo "SKIPPED: fuzzing needs a nightly toolchain (rustup toolchain install nightly)" >&2
    exit 0
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
    tools=.venv/cargo
    [ -x "$tools/bin/cargo-fuzz" ] || cargo install --quiet --locked --root "$tools" cargo-fuzz
    PATH="$PWD/$tools/bin:$PATH"
fi

targets=()
for folder in */fuzz; do
    for file in "$folder"/fuzz_targets/*.rs; do
        targets+=("$folder $(basename "$file" .rs)")
    done
done
seconds=$((${FUZZ_SECONDS:-60} / ${#targets[@]}))
seconds=$((seconds > 0 ? seconds : 1))

for target in "${targets[@]}"; do
    read -r folder name <<<"$target"
    found="$PWD/target/fuzz/$name"
    mkdir -p "$found"
    echo "== $folder $name, $seconds s"
    cargo +nightly fuzz run --fuzz-dir "$folder" "$name" "$found" "$PWD/$folder/corpus/$name" \
        -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1
done
echo "${#targets[@]} targets, nothing found"
