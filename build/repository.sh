#!/bin/bash
# A signed apt repository of the packages in a folder:  build/repository.sh REPOSITORY [DEBS]
# The key comes from GNUPGHOME (KIOSK_REPOSITORY_KEY names one of several). Without any key one is
# made, for tests: a city's own key is made once, off line, and kept on a token.
# Kiosks get REPOSITORY/kiosk.gpg and REPOSITORY/kiosk.sources (URL: KIOSK_REPOSITORY_URL).
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
repository=$(realpath -m "${1:?usage: build/repository.sh REPOSITORY [DEBS]}")
debs=$(realpath "${2:-$here/dist}")
if ! command -v reprepro >/dev/null || ! command -v gpg >/dev/null; then
  [ "$(id -u)" = 0 ] || { echo "Please run: sudo apt-get install -y reprepro gnupg" >&2; exit 1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends reprepro gnupg >&2
fi
if [ -z "${GNUPGHOME:-}" ]; then
  export GNUPGHOME=$repository.key # beside the repository, never in it
  if [ ! -d "$GNUPGHOME" ]; then
    install -d -m 0700 "$GNUPGHOME"
    gpg --batch --quiet --passphrase '' --quick-generate-key "Kiosk Kelurahan (test only)" ed25519 sign 1y
  fi
fi
key=${KIOSK_REPOSITORY_KEY:-$(gpg --batch --list-secret-keys --with-colons | sed -n 's/^fpr:*\([0-9A-F]*\):/\1/p' | head -1)}
[ -n "$key" ] || { echo "no secret key in $GNUPGHOME" >&2; exit 1; }
mkdir -p "$repository/conf"
cat >"$repository/conf/distributions" <<DISTRIBUTIONS
Origin: Kiosk Kelurahan
Label: Kiosk Kelurahan
Suite: stable
Codename: kiosk
Architectures: amd64 arm64
Components: main
Description: The kiosk of the kelurahan offices
SignWith: $key
DISTRIBUTIONS
for deb in "$debs"/*.deb; do
  reprepro --silent --basedir "$repository" includedeb kiosk "$deb"
done
gpg --batch --yes --export "$key" >"$repository/kiosk.gpg"
cat >"$repository/kiosk.sources" <<SOURCES
Types: deb
URIs: ${KIOSK_REPOSITORY_URL:-file://$repository}
Suites: kiosk
Components: main
Signed-By: /usr/share/keyrings/kiosk.gpg
SOURCES
reprepro --basedir "$repository" list kiosk
