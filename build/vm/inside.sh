#!/bin/sh
# Runs in the virtual machine at each boot and tells the serial line: one line a thing that happened.
set -u
unset KIOSK_HOME
say() { echo "vm: $*"; }
pid() { systemctl show -P MainPID "kiosk-$1.service"; }
back() { # UNIT OLD_PID: wait until systemd has another one that says READY
  until [ "$(pid "$1")" != "$2" ] && systemctl is-active -q "kiosk-$1.service"; do sleep 1; done
}
until systemctl is-active -q kiosk-ui.service; do sleep 1; done
say "ready $(kiosk outbox | wc -l)"
kiosk outbox --json | sed -n 's/.*"id": "\([^"]*\)".*/vm: has \1/p'
if [ ! -e /var/lib/vm-tried ]; then
  for unit in ui sync desk; do
    for signal in KILL STOP; do
      [ "$unit $signal" != "desk STOP" ] || continue # it has no heartbeat
      old=$(pid "$unit")
      kill -"$signal" "$old"
      back "$unit" "$old"
      say "recovered $unit $signal"
    done
  done
  touch /var/lib/vm-tried
  sync
fi
say "filing"
kiosk submit --example sktm >/run/form.json
while :; do
  id=$(kiosk submit - --json </run/form.json | sed -n 's/.*"id": "\([^"]*\)".*/\1/p')
  [ -z "$id" ] || say "filed $id"
done
