#!/bin/bash
# Builds the Debian packages:  build/package.sh [OUT]        (default: dist)
#   kiosk_VERSION_ARCH.deb       the program, for the architecture of the machine it runs on
#   kiosk-model-id_VERSION_all.deb
# For arm64 run the same on a Pi with Debian 12, or in an arm64 root under qemu-user-static.
#   VERSION=0.1.1~1    another version than kiosk/__init__.py says
#   MODEL=DIR MODEL_NAME=kiosk-model-id-none   pack that model too, as an alternative to the shipped
#   COMPRESS="-Zgzip -z1"   quick and large, for a trial
#   FROZEN=DIR         take an already frozen program (build/freeze.sh DIR) instead of freezing anew
# Needs no root where dpkg-dev, binutils and libpython3.11 are there; as root it installs them.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${1:-dist}")
work=$(realpath -m "${WORK:-dist/work}")
mkdir -p "$out" "$work"
export LC_ALL=C.UTF-8 TZ=UTC
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1793491200)}
export SOURCE_DATE_EPOCH
version=${VERSION:-$(sed -n 's/^__version__ = "\(.*\)"/\1/p' kiosk/__init__.py)}
architecture=$(dpkg --print-architecture)

if ! command -v dpkg-shlibdeps >/dev/null; then
  [ "$(id -u)" = 0 ] || { echo "Please run: sudo apt-get install -y dpkg-dev" >&2; exit 1; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends dpkg-dev >&2
fi
frozen=${FROZEN:-}
if [ -z "$frozen" ]; then
  frozen=$work/frozen
  build/freeze.sh "$frozen" "$work"
fi

put() { install -D -m "$1" "$2" "$3"; } # MODE FROM TO

documents() { # ROOT PACKAGE: changelog and the rest that every package has
  local folder=$1/usr/share/doc/$2
  mkdir -p "$folder"
  printf '%s (%s) bookworm; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- Kiosk Kelurahan maintainers <kiosk@kelurahan.invalid>  %s\n' \
    "$2" "$version" "$(date -R -u -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$folder/changelog.gz"
  chmod 644 "$folder/changelog.gz"
}

finish() { # ROOT PACKAGE: sizes, sums, modes, and the archive itself
  local root=$1 name=$2 size
  size=$(du -k --apparent-size -s --exclude=DEBIAN "$root" | cut -f1)
  sed -i "s/@VERSION@/$version/; s/@ARCH@/$architecture/; s/@SIZE_KB@/$size/" "$root/DEBIAN/control"
  (cd "$root" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | sort -z |
    xargs -0 md5sum >DEBIAN/md5sums)
  find "$root" -type d -exec chmod 755 {} +
  chmod 644 "$root"/DEBIAN/*
  for script in preinst postinst prerm postrm; do
    [ ! -e "$root/DEBIAN/$script" ] || chmod 755 "$root/DEBIAN/$script"
  done
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  rm -f "$out/${name}_"*.deb
  # shellcheck disable=SC2086  # options
  dpkg-deb --root-owner-group ${COMPRESS:--Zxz -z6} --threads-max=1 --build "$root" "$out" >&2
}

libraries() { # ROOT: the Debian packages whose libraries the program's files ask for
  local scratch=$work/shlibs
  rm -rf "$scratch"
  mkdir -p "$scratch/debian"
  printf 'Source: kiosk\nPackage: kiosk\nArchitecture: any\n' >"$scratch/debian/control"
  find "$1/usr/lib/kiosk/program" -type f \( -name '*.so*' -o -name kiosk \) -print0 |
    (cd "$scratch" && xargs -0 dpkg-shlibdeps -O --ignore-missing-info --warnings=0 \
      -l"$1/usr/lib/kiosk/program/_internal" -l"$1/usr/lib/kiosk/program/_internal/Kivy.libs" \
      -l"$1/usr/lib/kiosk/program/_internal/numpy.libs" 2>/dev/null) |
    sed -n 's/^shlibs:Depends=//p'
}

kiosk() {
  local root=$work/deb/kiosk
  rm -rf "$root"
  mkdir -p "$root/DEBIAN" "$root/usr/lib/kiosk"
  cp -a "$frozen/kiosk" "$root/usr/lib/kiosk/program"
  cp build/debian/kiosk/{control,conffiles,preinst,postinst,prerm,postrm} "$root/DEBIAN/"
  for script in start update enrol-stick screen; do
    put 755 "build/box/$script" "$root/usr/lib/kiosk/$script"
  done
  put 755 build/box/kiosk "$root/usr/bin/kiosk"
  put 644 build/box/kiosk.toml "$root/etc/kiosk/kiosk.toml"
  put 644 build/box/default "$root/etc/default/kiosk"
  put 644 build/box/52kiosk "$root/etc/apt/apt.conf.d/52kiosk"
  for unit in build/systemd/kiosk-*.service build/systemd/kiosk-*.timer; do
    put 644 "$unit" "$root/lib/systemd/system/$(basename "$unit")"
  done
  put 644 build/systemd/60-kiosk-stick.rules "$root/lib/udev/rules.d/60-kiosk-stick.rules"
  put 644 build/systemd/journald-kiosk.conf "$root/lib/systemd/journald.conf.d/kiosk.conf"
  for timer in apt-daily apt-daily-upgrade; do
    put 644 build/systemd/apt-outside-hours.conf "$root/lib/systemd/system/$timer.timer.d/kiosk.conf"
  done
  local doc=$root/usr/share/doc/kiosk
  documents "$root" kiosk
  put 644 build/README.md "$doc/README.md"
  put 644 build/debian/kiosk/copyright "$doc/copyright"
  put 644 "$frozen/sbom.json" "$doc/sbom.cdx.json"
  cp -r "$frozen/licences" "$doc/licences"
  find "$doc" -type f -exec chmod 644 {} +
  mkdir -p "$root/usr/share/man/man8" "$root/usr/share/lintian/overrides"
  gzip -9nc build/debian/kiosk/kiosk.8 >"$root/usr/share/man/man8/kiosk.8.gz"
  put 644 build/debian/kiosk/lintian-overrides "$root/usr/share/lintian/overrides/kiosk"
  chmod 644 "$root/usr/share/man/man8/kiosk.8.gz"
  sed -i "s/@LIBRARIES@/$(libraries "$root")/" "$root/DEBIAN/control"
  finish "$root" kiosk
}

model() { # NAME FOLDER
  local name=$1 root=$work/deb/$1
  [ -f "$2/am/final.mdl" ] || { echo "$2: no speech model there" >&2; exit 2; }
  rm -rf "$root"
  mkdir -p "$root/DEBIAN" "$root/usr/share"
  sed "s/@NAME@/$name/" build/debian/kiosk-model/control >"$root/DEBIAN/control"
  cp -r "$2" "$root/usr/share/kiosk-model"
  mkdir -p "$root/usr/share/doc/$name"
  mv "$root/usr/share/kiosk-model/README.md" "$root/usr/share/doc/$name/" # its card
  find "$root/usr/share" -type f -exec chmod 644 {} +
  documents "$root" "$name"
  put 644 build/debian/kiosk-model/copyright "$root/usr/share/doc/$name/copyright"
  finish "$root" "$name"
}

kiosk
model kiosk-model-id offline_models/id-small
[ -z "${MODEL:-}" ] || model "${MODEL_NAME:?name it: MODEL_NAME=kiosk-model-...}" "$MODEL"
ls -l "$out"/*.deb >&2
