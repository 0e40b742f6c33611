#!/bin/bash
# The packages in a virtual machine (see README.md here):
#   sudo build/vm/vm.sh SCRATCH REPOSITORY [NEXT BROKEN] [--only STEP,STEP]
# REPOSITORY, NEXT, BROKEN: signed repositories of build/repository.sh with this version, the next,
# one that does not start. Pictures and the machine's disk stay in SCRATCH.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(realpath -m "${1:?usage: vm.sh SCRATCH REPOSITORY [NEXT BROKEN] [--only STEP,STEP]}")
repository=$(realpath "${2:?REPOSITORY}")
[ "$(id -u)" = 0 ] || { echo "vm.sh needs root: it makes a root file system" >&2; exit 1; }
need=()
for pair in debootstrap:debootstrap qemu-system-x86_64:qemu-system-x86 qemu-img:qemu-utils \
  mke2fs:e2fsprogs ssh:openssh-client dpkg-deb:dpkg; do
  command -v "${pair%%:*}" >/dev/null || need+=("${pair#*:}")
done
if [ ${#need[@]} -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${need[@]}" >&2
fi
mkdir -p "$scratch"
[ -e "$scratch/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$scratch/key"

# A Debian 12 as its installer leaves it without a desktop, and the libraries that the kiosk will ask
# for, so that nothing but the kiosk's own repository must be reached from inside.
if [ ! -e "$scratch/debian.img" ]; then
  root=$scratch/root
  mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -1)
  [ -e "$root/boot" ] || debootstrap \
    --include=systemd-sysv,udev,linux-image-amd64,dbus \
    bookworm "$root" "$mirror" >"$scratch/debootstrap.log"
  depends=$(dpkg-deb -f "$(find "$repository/pool" -name 'kiosk_*.deb' | sort | tail -1)" Depends)
  unshare --mount bash -euc '
    root=$1
    mount --bind /proc "$root/proc"
    for one in /etc/resolv.conf /etc/hosts; do mount --bind "$one" "$root$one" 2>/dev/null || cp "$one" "$root$one"; done
    for one in /etc/apt/apt.conf.d/99* /etc/ssl/certs/ca-certificates.crt; do
      [ ! -e "$one" ] || install -D -m 644 "$one" "$root$one"
    done
    [ ! -d /etc/apt/auth.conf.d ] || cp -r /etc/apt/auth.conf.d "$root/etc/apt/"
    chroot "$root" env DEBIAN_FRONTEND=noninteractive DEPENDS="$2" sh -euc "
      apt-get update -qq
      apt-get satisfy -qq -y --no-install-recommends \"\$DEPENDS\" >/dev/null
      apt-get install -qq -y --no-install-recommends unattended-upgrades openssh-server ca-certificates >/dev/null
      apt-get clean"
  ' - "$root" "$depends"
  rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/apt.conf.d/99* "$root"/etc/apt/auth.conf.d/*
  rm -rf "$root"/var/lib/apt/lists/*
  echo kiosk >"$root/etc/hostname"
  printf '127.0.0.1 localhost kiosk\n' >"$root/etc/hosts"
  echo '/dev/vda / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"
  printf '[Match]\nName=en*\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' \
    >"$root/etc/systemd/network/20-wired.network"
  chroot "$root" systemctl enable -q systemd-networkd
  install -d -m 0700 "$root/root/.ssh"
  install -m 0600 "$scratch/key.pub" "$root/root/.ssh/authorized_keys"
  # The city is this machine's loopback, seen as the box's own (http is for nothing farther away).
  printf '[Socket]\nListenStream=127.0.0.1:8099\n[Install]\nWantedBy=sockets.target\n' \
    >"$root/etc/systemd/system/city.socket"
  printf '[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd 10.0.2.2:8099\n' \
    >"$root/etc/systemd/system/city.service"
  chroot "$root" systemctl enable -q city.socket
  cp "$root"/boot/vmlinuz-* "$scratch/vmlinuz"
  # Only what this machine has: half a minute less of unpacking where a processor is emulated.
  settings=$root/tmp/initrd
  rm -rf "$settings"
  cp -r "$root/etc/initramfs-tools" "$settings"
  sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=gzip/' "$settings/initramfs.conf"
  printf 'virtio_pci\nvirtio_blk\next4\n' >"$settings/modules"
  chroot "$root" mkinitramfs -d /tmp/initrd -o /tmp/initrd.img "$(basename "$root"/lib/modules/*)"
  mv "$root/tmp/initrd.img" "$scratch/initrd"
  mke2fs -q -F -t ext4 -d "$root" "$scratch/debian.img" 6G
fi

python=$here/../../.venv/bin/python # for the reference city
exec "$python" "$here/drive.py" "$scratch" "$repository" "${@:3}"
