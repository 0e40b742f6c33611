#!/bin/bash
# Runs a command in a bare Debian 12 root, as a newcomer's machine would:
#
#   build/dev/bare-root.sh [--offline] FOLDER 'make test'
#
# 1. FOLDER is absent: debootstrap makes a minbase bookworm root there (delete FOLDER to start over).
# 2. This machine's own settings for apt, pip and certificates are copied into that root, never into
#    the checkout; folders that pip's settings name are mounted into it for the run.
# 3. The README's one line of prerequisites is installed there.
# 4. The last commit of this checkout is cloned afresh to /work/main in the root, and the command runs
#    in it. --offline keeps the clone of the run before and gives the command loopback only.
# Needs root and debootstrap. Mounts live in a namespace of their own and vanish with the command.
set -euo pipefail
checkout=$(cd "$(dirname "$0")/../.." && pwd)
offline=
[ "${1:-}" = --offline ] && { offline=1; shift; }
[ $# = 2 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$1 command=$2
[ "$(id -u)" = 0 ] || { echo "bare-root.sh needs root: it mounts and changes root" >&2; exit 1; }

if [ ! -x "$root/bin/bash" ]; then
  mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -1)
  debootstrap --variant=minbase bookworm "$root" "$mirror" >/dev/null
fi

copy() {
  for file in "$@"; do
    [ -e "$file" ] || continue
    mkdir -p "$root$(dirname "$file")"
    cp -rLT "$file" "$root$file"
  done
}
copy /etc/resolv.conf /etc/hosts /etc/apt/sources.list.d/debian.sources /etc/apt/auth.conf.d \
  /etc/apt/apt.conf.d/99* /etc/ssl/certs/ca-certificates.crt /usr/local/share/ca-certificates \
  /etc/pip.conf /root/.config/pip/pip.conf
rm -f "$root/etc/apt/sources.list" # debian.sources names the same suites and more

settings=(HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
while IFS= read -r line; do settings+=("$line"); done < <(env | grep -E '^(PIP_|SSL_CERT_|REQUESTS_CA|CURL_CA|https?_proxy=|no_proxy=)' || true)

inside() { # inside 'COMMAND': run it in the root, in its own mount (and, offline, network) namespace
  unshare --mount ${offline:+--net} bash -euo pipefail -s -- "$root" "$checkout" "$1" "${settings[@]}" <<'EOF'
root=$1 checkout=$2 command=$3; shift 3
ip link set lo up 2>/dev/null || true
bind() { mkdir -p "$root${2:-$1}"; mount --rbind "$1" "$root${2:-$1}"; }
mount -t proc proc "$root/proc"
bind /dev
mount -t tmpfs tmpfs "$root/tmp"
bind "$checkout" /mnt
for folder in $( (pip config list; env | grep ^PIP_) 2>/dev/null | tr "'\"= " '\n' | sed 's#^file://##' | grep '^/' | sort -u); do
  [ ! -d "$folder" ] || bind "$(cut -d/ -f1-3 <<<"$folder")"
done
exec chroot "$root" /usr/bin/env -i "$@" /bin/bash -c "$command" </dev/null
EOF
}

if [ -z "$offline" ]; then
  inside 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y make git ca-certificates >/dev/null'
  copy /etc/ssl/certs/ca-certificates.crt
  inside 'rm -rf /work/main && git -c safe.directory="*" clone -q --no-hardlinks /mnt /work/main'
fi
inside "cd /work/main && $command"
