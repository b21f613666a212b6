#!/usr/bin/env bash
# Verifies the notes of a range. What it is given comes as environment, never as part of this text, since branch names
# and commits are written by others.
set -euo pipefail

room="${RUNNER_TEMP:?}/pointsman-verify"
mkdir -p "$room"
keys=$KEYS
case $KEYS in
  https://*)
    keys="$room/keys"
    curl --fail --silent --show-error --proto '=https' --max-time 60 --retry 2 --output "$keys" -- "$KEYS"
    ;;
  http://*)
    echo "::error::Keys that came over plain http prove nothing: give a file or an https address."
    exit 2
    ;;
esac

# A range from nothing, as of the first push of a branch: the head alone.
range=$RANGE
if [[ $range =~ ^0+\.\.\.?(.*)$ ]]; then
  range=${BASH_REMATCH[1]}
fi

# The notes that lie on no branch, as of changes that were closed unmerged. That there are none is no fault; that they
# cannot be asked for is told, and a note that is missed then ends as not seen, which is not green either.
found=0
git -C "$CHECKOUT" ls-remote --exit-code --quiet origin refs/pointsman/audit > /dev/null 2> "$room/asked" || found=$?
if [ "$found" -eq 0 ]; then
  git -C "$CHECKOUT" fetch --quiet --no-tags origin '+refs/pointsman/audit:refs/pointsman/audit'
elif [ "$found" -ne 2 ]; then
  echo "::warning::refs/pointsman/audit could not be asked for, so notes that lie there are not counted."
fi

words=(audit verify --repo "$CHECKOUT" --key "$keys" --home "$room/home" --summary "$room/summary.md")
[ "$REQUIRE_COVERAGE" != true ] || words+=(--require-coverage)
[ -z "$HEAD_DIGEST" ] || words+=(--head "$HEAD_DIGEST")
[ -z "$REPOSITORY_ID" ] || words+=(--repository "$REPOSITORY_ID")
[ -z "$range" ] || words+=(-- "$range")

# Names that others wrote are no commands to the runner.
pause=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$pause"
program='from pointsman.entrypoints.cli import main; main()'
code=0
PYTHONPATH=$POINTSMAN_SOURCE "$POINTSMAN_PYTHON" -P -c "$program" "${words[@]}" || code=$?
echo "::$pause::"

verdict=
if [ -f "$room/summary.md" ]; then
  cat "$room/summary.md" >> "$GITHUB_STEP_SUMMARY"
  verdict=$(sed -n 's/^<!-- verdict: \([a-z]*\) -->$/\1/p' "$room/summary.md")
fi
echo "verdict=$verdict" >> "$GITHUB_OUTPUT"
exit "$code"
