#!/bin/bash
# Builds the one-folder program:  build/freeze.sh OUT [WORK]
#   OUT    gets kiosk/ (the program), sbom.json (CycloneDX) and licences/
#   WORK   scratch and the virtual environment (default: dist/work); kept, so the next run is short
# With Debian's own Python 3.11, whose library and licence are known. Two runs over the same commit
# give the same files, byte by byte: build/same-twice.sh shows it.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${1:?usage: build/freeze.sh OUT [WORK]}")
work=$(realpath -m "${2:-dist/work}")
mkdir -p "$work"

need=()
[ -x /usr/bin/python3.11 ] || need+=(python3.11)
/usr/bin/python3.11 -c 'import ensurepip' 2>/dev/null || need+=(python3.11-venv)
compgen -G "/usr/lib/*/libpython3.11.so.1.0" >/dev/null || need+=(libpython3.11)
command -v objdump >/dev/null || need+=(binutils)
PATH="$PATH:/sbin" ldconfig -p | grep -q 'libGL.so.1 ' || need+=(libgl1) # Kivy is imported to ask it what it needs
if [ ${#need[@]} -gt 0 ]; then
  [ "$(id -u)" = 0 ] || { echo "Please run: sudo apt-get install -y ${need[*]}" >&2; exit 1; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${need[@]}" >&2
fi

key=$(cat requirements/{build,run,package}.txt | sha256sum)
if [ "$(cat "$work/venv/.installed" 2>/dev/null)" != "$key" ]; then
  rm -rf "$work/venv"
  /usr/bin/python3.11 -m venv "$work/venv"
  for lock in build run package; do # build first: srt comes as source and needs setuptools
    "$work/venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input \
      --require-hashes --only-binary :all: --no-binary srt --use-pep517 --no-build-isolation \
      -r "requirements/$lock.txt" >&2
  done
  echo "$key" >"$work/venv/.installed"
fi

# One clock, one order of hashes, no byte code or settings of this machine.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1793491200)}
export SOURCE_DATE_EPOCH PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8 TZ=UTC
export KIVY_NO_ARGS=1 KIVY_NO_CONFIG=1 KIVY_NO_FILELOG=1 KIVY_HOME="$work/kivy"
export SDL_VIDEODRIVER=offscreen PYINSTALLER_CONFIG_DIR="$work/cache"
rm -rf "$work/pyinstaller" "$work/cache" "$work/folder"
"$work/venv/bin/python" -m PyInstaller --noconfirm --clean --log-level WARN \
  --workpath "$work/pyinstaller" --distpath "$work/folder" build/kiosk.spec >&2
rm -rf "$out"
mkdir -p "$out"
mv "$work/folder/kiosk" "$out/kiosk"
# Stripped here and not by PyInstaller: what auditwheel has patched (the *.libs folders, stripped
# already) would no longer load.
find "$out/kiosk/_internal" -type f -name '*.so*' -not -path '*.libs/*' -exec strip --strip-unneeded {} +
find "$out" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
chmod 755 "$out/kiosk/kiosk"

# A library whose compiled part imports another one unseen would fail only at the counter.
rm -rf "${work:?}/home"
for words in "submit --example sktm" "sync --once" "desk --add-admin Ketua" "lookup kk hilang" print-test; do
  # shellcheck disable=SC2086  # words
  told=$(KIOSK_HOME="$work/home" "$out/kiosk/kiosk" $words 2>&1) || true
  case $told in *Traceback*) echo "freeze.sh: kiosk $words: $told" >&2; exit 1 ;; esac
done
"$work/venv/bin/python" build/sbom.py "$work/pyinstaller/kiosk" "$out"
find "$out" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
