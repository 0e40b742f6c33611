#!/bin/bash
# What the packages consist of:  build/sizes.sh [DEBS]
set -euo pipefail
debs=$(realpath "${1:-dist}")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
for deb in "$debs"/*.deb; do
  printf '%s\t%.1f MB\n' "$(basename "$deb")" "$(stat -c %s "$deb" | awk '{print $1 / 1e6}')"
  dpkg-deb -x "$deb" "$root"
done
du -sb "$root" | awk '{printf "installed\t%.1f MB\n", $1 / 1e6}'
(cd "$root" && du -sb usr/lib/kiosk/program/kiosk usr/lib/kiosk/program/_internal/* usr/share/kiosk-model usr/share/doc) |
  sort -rn | head -20 | awk '{printf "  %s\t%.1f MB\n", $2, $1 / 1e6}'
