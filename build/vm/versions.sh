#!/bin/bash
# Two more versions to try updates with:  build/vm/versions.sh SCRATCH REPOSITORY
#   SCRATCH/next     the next one, which adds a step to the database
#   SCRATCH/broken   one whose program ends at once; SCRATCH/hung: one that never says a word
# each a signed repository by the key that REPOSITORY was signed with (REPOSITORY.key).
set -euo pipefail
checkout=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(realpath -m "${1:?usage: versions.sh SCRATCH REPOSITORY}") repository=$(realpath "${2:?REPOSITORY}")
export GNUPGHOME=${GNUPGHOME:-$repository.key} COMPRESS="-Zgzip -z1"
this=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$checkout/kiosk/__init__.py")

mkdir -p "$scratch"
rm -rf "$scratch/source"
git -c safe.directory='*' clone -q "$checkout" "$scratch/source"
cd "$scratch/source"
sed -i "s/^__version__ = .*/__version__ = \"$this.1\"/" kiosk/__init__.py
cat >>kiosk/store/migrations.py <<'STEP'


@MIGRATIONS()
def of_the_next_version(db: Database) -> None:
    db.conn.execute("CREATE TABLE of_the_next_version (one INTEGER PRIMARY KEY) STRICT")
STEP
WORK=$scratch/work build/package.sh "$scratch/next-debs"
build/repository.sh "$scratch/next" "$scratch/next-debs"

number=1
for kind in broken hung; do
  number=$((number + 1))
  rm -rf "$scratch/$kind-frozen"
  cp -a "$scratch/work/frozen" "$scratch/$kind-frozen"
  case $kind in broken) does='echo "broken on purpose" >&2; exit 3' ;; hung) does='exec sleep 100000' ;; esac
  printf '#!/bin/sh\n%s\n' "$does" >"$scratch/$kind-frozen/kiosk/kiosk"
  VERSION=$this.$number FROZEN=$scratch/$kind-frozen WORK=$scratch/work build/package.sh "$scratch/$kind-debs"
  build/repository.sh "$scratch/$kind" "$scratch/$kind-debs"
done
