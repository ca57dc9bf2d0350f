# Entrypoint of a replica: copies the primary once, then streams from it. The
# arguments are the server's. A replica that was away too long for the WAL that
# the primary keeps is made anew by removing its volume.
set -euo pipefail
export PGPASSWORD=$POSTGRES_PASSWORD
mkdir -p "$PGDATA"
chown postgres "$PGDATA"
chmod 700 "$PGDATA"
if [[ ! -s $PGDATA/PG_VERSION ]]; then
  until gosu postgres pg_basebackup --host="$PRIMARY" --username="$POSTGRES_USER" --pgdata="$PGDATA" \
    --write-recovery-conf --wal-method=stream --checkpoint=fast; do
    sleep 1
  done
fi
exec gosu postgres "$@"
