#!/bin/bash
# Makes .venv-train, the speech model's training environment, with the Debian packages it needs.
# Called by `make train` and `make finetune` only: nobody who runs or tests the kiosk needs it.
# Set up already: well under a second. CPU is enough; for CUDA set KIOSK_TORCH=torch==VERSION and
# the package index that has it in pip's own settings.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec 9<requirements && flock 9 # two calls at once: the second waits, then finds the work done
torch=${KIOSK_TORCH:-torch==2.13.0}

missing() {
  command -v espeak-ng >/dev/null || echo espeak-ng   # synthetic speech, and its library
  command -v flite >/dev/null || echo flite           # a second synthesiser
  command -v fstconvert >/dev/null || echo libfst-tools
  compgen -G "/usr/lib/*/fst/22/olabel_lookahead-fst.so*" >/dev/null || echo libfst22-plugins-base
}
packages=$(missing | xargs)
if [ -n "$packages" ]; then
  if [ "$(id -u)" = 0 ]; then
    as_root=(env)
  elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
  else
    echo "Packages are missing. Please run this line, then the same make command again:" >&2
    echo "  sudo apt-get install -y --no-install-recommends $packages" >&2
    exit 1
  fi
  echo "Installing $packages" >&2
  "${as_root[@]}" apt-get update -qq
  # shellcheck disable=SC2086  # a list of words on purpose
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -qq \
    -o Dpkg::Use-Pty=0 $packages >&2
fi

key=$({ python3 --version; echo "$torch"; cat requirements/build.txt requirements/train.txt; } | sha256sum)
[ "$(cat .venv-train/.installed 2>/dev/null)" != "$key" ] || exit 0
rm -rf .venv-train
python3 -m venv .venv-train
pip=(.venv-train/bin/python -m pip install -qq --disable-pip-version-check --no-input)
echo "Installing requirements/train.txt into .venv-train" >&2
"${pip[@]}" --require-hashes --only-binary :all: -r requirements/build.txt >&2
"${pip[@]}" --require-hashes --only-binary :all: --no-binary srt --use-pep517 --no-build-isolation \
  -r requirements/train.txt >&2
echo "Installing $torch into .venv-train" >&2
# Not in the lock: its hash depends on the index it comes from. A CPU build needs no CUDA wheels.
"${pip[@]}" --only-binary :all: "$torch" >&2
echo "$key" >.venv-train/.installed
