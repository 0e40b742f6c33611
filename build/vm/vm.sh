#!/bin/bash
# The packages in a virtual machine:  sudo build/vm/vm.sh SCRATCH REPOSITORY     (see README.md here)
# Never yet run to its end: treat its first run as a test of the script too.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(realpath -m "${1:?usage: vm.sh SCRATCH REPOSITORY}") repository=$(realpath "${2:?REPOSITORY}")
slower=${SLOWER:-10} cuts=${CUTS:-20} boot_s=$((${BOOT_S:-120} * ${SLOWER:-10}))
[ "$(id -u)" = 0 ] || { echo "vm.sh needs root: it makes a root file system" >&2; exit 1; }
for tool in debootstrap qemu-system-x86_64 mke2fs python3; do
  command -v "$tool" >/dev/null || { echo "vm.sh: $tool is missing" >&2; exit 1; }
done
mkdir -p "$scratch"

if [ ! -e "$scratch/disk.img" ]; then
  root=$scratch/root
  mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -1)
  debootstrap --include=systemd-sysv,udev,linux-image-amd64,dbus bookworm "$root" "$mirror" >/dev/null
  cp -rL "$repository" "$root/srv/kiosk"
  cp "$repository/kiosk.gpg" "$root/usr/share/keyrings/"
  sed 's|^URIs:.*|URIs: file:///srv/kiosk|' "$repository/kiosk.sources" >"$root/etc/apt/sources.list.d/kiosk.sources"
  unshare --mount bash -euc 'mount -t proc proc "$1/proc"; chroot "$1" sh -euc "
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends kiosk kiosk-model-id"' - "$root"
  for unit in kiosk-ui kiosk-sync; do
    install -d "$root/etc/systemd/system/$unit.service.d"
    limit=$(sed -n 's/^WatchdogSec=//p' "$here/../systemd/$unit.service")
    printf '[Service]\nWatchdogSec=%d\nTimeoutStartSec=%d\n' $((limit * slower)) $((60 * slower)) \
      >"$root/etc/systemd/system/$unit.service.d/slower.conf"
  done
  install -m 755 "$here/inside.sh" "$root/usr/local/sbin/inside"
  cat >"$root/etc/systemd/system/inside.service" <<'UNIT'
[Unit]
After=kiosk-ui.service
[Service]
ExecStart=/usr/local/sbin/inside
StandardOutput=file:/dev/ttyS0
[Install]
WantedBy=multi-user.target
UNIT
  chroot "$root" systemctl enable -q inside.service
  echo '/dev/vda / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"
  cp "$root"/boot/vmlinuz-* "$scratch/vmlinuz"
  cp "$root"/boot/initrd.img-* "$scratch/initrd"
  mke2fs -q -t ext4 -d "$root" "$scratch/disk.img" 6G
fi

exec python3 "$here/drive.py" "$scratch" "$cuts" "$boot_s"
