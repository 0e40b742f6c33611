#!/bin/bash
# Makes this checkout ready:  build/dev/setup.sh run|demo|test
#   run   what the kiosk needs        demo  and a virtual screen        test  and the test tools
# Missing Debian packages first, then .venv from the hash-pinned locks. Set up already: well under a
# second. Interrupted: the next call does it again. Without the right to install packages it prints
# the line to type and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec 9<requirements && flock 9 # two calls at once: the second waits, then finds the work done

case "${1:-}" in
  run) libraries=1 screen=0 sound=0 server=0 locks=(build run) ;;
  demo) libraries=1 screen=1 sound=0 server=0 locks=(build run) ;;
  test) libraries=1 screen=1 sound=1 server=1 locks=(build run city test) ;;
  *) echo "usage: build/dev/setup.sh run|demo|test" >&2; exit 2 ;;
esac

good_python() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
library() { [[ $libraries_here == *"$1 "* ]]; }

missing() { # prints the Debian packages that are still to install
  libraries_here=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p)
  good_python python3 || good_python python3.11 || echo python3 python3-venv
  if ((libraries)); then
    library libGL.so.1 || echo libgl1       # brings Mesa's drivers, the software one among them
    library libEGL.so.1 || echo libegl1     # `kiosk screenshots` and widget tests draw without X
    library libmtdev.so.1 || echo libmtdev1 # multitouch screens
    library libportaudio.so.2 || echo libportaudio2 # the microphone
    command -v espeak-ng >/dev/null || echo espeak-ng # says what is on the screen, when asked to
  fi
  if ((screen)); then
    command -v Xvfb >/dev/null || echo xvfb
    command -v xdotool >/dev/null || echo xdotool
    command -v zbarimg >/dev/null || echo zbar-tools # reads the receipt's QR off the screen
  fi
  if ((server)); then # the city's tests run on it too, on a cluster of their own
    compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || echo postgresql
  fi
  if ((sound)); then
    command -v chromium >/dev/null || echo chromium # looks at the desk's pages
    compgen -G "/usr/lib/*/libatomic.so.1" >/dev/null || echo libatomic1 # for the browser's driver
    command -v pulseaudio >/dev/null || echo pulseaudio # a microphone to play recordings into
    command -v pacat >/dev/null || echo pulseaudio-utils
    compgen -G "/usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so" >/dev/null || echo libasound2-plugins
    PATH="$PATH:/usr/sbin" command -v nft >/dev/null || echo nftables # loses packets for the fault tests
    PATH="$PATH:/usr/sbin" command -v tc >/dev/null || echo iproute2  # and narrows the line
    compgen -G "/usr/lib/*/faketime/libfaketime.so.1" >/dev/null || echo libfaketime # clocks years off
  fi
}

packages=$(missing | xargs)
if [ -n "$packages" ]; then
  install="apt-get install -y --no-install-recommends"
  if [ "$(id -u)" = 0 ]; then
    as_root=(env)
  elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
  else
    echo "Packages are missing. Please run this line, then the same make command again:" >&2
    echo "  sudo $install $packages" >&2
    exit 1
  fi
  echo "Installing $packages" >&2
  "${as_root[@]}" apt-get update -qq
  # shellcheck disable=SC2086  # lists of words on purpose
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive $install -qq -o Dpkg::Use-Pty=0 $packages >&2
  [ -z "$(missing)" ] || { echo "Still missing after apt-get: $(missing | xargs)" >&2; exit 1; }
fi

if good_python python3; then python=python3; else python=python3.11; fi
key() { { "$python" --version; cat "requirements/$1.txt"; } | sha256sum; }
done_before() { [ "$(cat ".venv/.installed-$1" 2>/dev/null)" = "$(key "$1")" ]; }

if ! done_before run; then # another lock, another Python or a set-up that was interrupted
  rm -rf .venv
  "$python" -m venv .venv
fi
for lock in "${locks[@]}"; do
  done_before "$lock" && continue
  echo "Installing requirements/$lock.txt into .venv" >&2
  .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input \
    --require-hashes --only-binary :all: --no-binary srt --use-pep517 --no-build-isolation \
    -r "requirements/$lock.txt" >&2
  key "$lock" >".venv/.installed-$lock"
done
