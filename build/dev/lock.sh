#!/bin/bash
# Resolves requirements/*.in into the hash-pinned locks; needs `pip-compile` (pip-tools) on PATH.
# The machine's own pip settings (mirrors, local wheels) are left out, so that no address and no
# locally built version gets into a lock.
set -euo pipefail
cd "$(dirname "$0")/../.."
for name in build run city test train package; do
  env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null \
    CUSTOM_COMPILE_COMMAND="make lock" \
    pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
    --no-emit-find-links --no-emit-trusted-host \
    --output-file "requirements/$name.txt" "requirements/$name.in"
done
