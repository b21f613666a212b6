#!/usr/bin/env bash
# Installs what Pointsman needs, in the versions and with the hashes of its lock, beside the checkout. Nothing is built:
# the program runs from its source.
set -euo pipefail

source_root=$(cd "${SOURCE:-$GITHUB_ACTION_PATH/../../..}" && pwd)
room="${RUNNER_TEMP:?}/pointsman"
"${PYTHON:-python3}" -m venv "$room"
"$room/bin/python" "$source_root/deploy/runtime_lock.py" < "$source_root/requirements.lock" > "$room/runtime.lock"
"$room/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$room/runtime.lock"
{
  echo "python=$room/bin/python"
  echo "source=$source_root/src"
} >> "$GITHUB_OUTPUT"
