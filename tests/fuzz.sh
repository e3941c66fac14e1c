#!/usr/bin/env bash
# tests/fuzz.sh [FOLDER ...]: fuzzes every target of the fuzz folders (all there are), FUZZ_SECONDS (60) in all.
#
# What fails is kept in FOLDER/artifacts. New inputs go to target/fuzz, and become part of the committed corpus when
# somebody copies them there.
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

[ $# -gt 0 ] || set -- */fuzz
targets=()
for folder in "$@"; do
    # A pattern that nothing matches stays as it is: the folder holds what fuzzing has built.
    for file in "$folder"/fuzz_targets/*.rs; do
        [ -f "$file" ] || continue
        targets+=("$folder $(basename "$file" .rs)")
    done
done
seconds=$((${FUZZ_SECONDS:-60} / ${#targets[@]}))
seconds=$((seconds > 0 ? seconds : 1))

# One folder for all builds, and no sanitizer: what is shared is built once, and the project's code has no unsafe blocks
# for a sanitizer to watch.
options=(--sanitizer none --target-dir "$PWD/target/fuzz/build")
for target in "${targets[@]}"; do
    read -r folder name <<<"$target"
    log="$PWD/target/fuzz/$name.log"
    found="$PWD/target/fuzz/found/$name"
    mkdir -p "$found"
    if ! cargo +nightly fuzz run "${options[@]}" --fuzz-dir "$folder" "$name" "$found" "$PWD/$folder/corpus/$name" \
        -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 >"$log" 2>&1; then
        tail -n 60 "$log" >&2
        echo "FAILED: $folder $name; the whole log is in ${log#"$PWD"/}" >&2
        exit 1
    fi
    echo "$folder $name: $(grep -o 'Done [0-9]* runs in [0-9]* second' "$log")s"
done
echo "${#targets[@]} targets, nothing found"
