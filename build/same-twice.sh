#!/bin/bash
# Two clean builds of the last commit, in two places, compared file by file:  build/same-twice.sh [SCRATCH]
# Each begins with a fresh clone and no cache of PyInstaller's; the packages must be the same bytes.
set -euo pipefail
checkout=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(realpath -m "${1:-$checkout/dist/twice}")
mkdir -p "$scratch"
for build in first second; do
  rm -rf "${scratch:?}/$build" "$scratch/$build-debs"
  git -c safe.directory='*' clone -q "$checkout" "$scratch/$build"
  (cd "$scratch/$build" && WORK=$scratch/work build/package.sh "$scratch/$build-debs" >"$scratch/$build.log" 2>&1) ||
    { tail -20 "$scratch/$build.log" >&2; exit 1; }
  rm -rf "$scratch/$build.frozen"
  mv "$scratch/work/frozen" "$scratch/$build.frozen"
done
for build in first second; do
  (cd "$scratch/$build.frozen" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$scratch/$build.sums"
done
diff "$scratch/first.sums" "$scratch/second.sums" ||
  { echo "same-twice: the builds differ in the files above" >&2; exit 1; }
echo "same-twice: $(wc -l <"$scratch/first.sums") files the same"
for deb in "$scratch/first-debs"/*.deb; do
  cmp "$deb" "$scratch/second-debs/$(basename "$deb")" && echo "same-twice: $(basename "$deb") the same"
done
