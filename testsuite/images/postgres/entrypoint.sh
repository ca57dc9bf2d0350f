# The conventions of the official image: POSTGRES_USER, POSTGRES_PASSWORD,
# POSTGRES_DB, PGDATA and /docker-entrypoint-initdb.d make the cluster at the
# first start; arguments that follow are the server's.
set -euo pipefail

if [[ ${1:-} == -* ]]; then set -- postgres "$@"; fi
if [[ ${1:-} != postgres ]]; then exec "$@"; fi

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
mkdir -p "$PGDATA"
chown -R postgres: "$PGDATA"
chmod 700 "$PGDATA"

if [[ ! -s $PGDATA/PG_VERSION ]]; then
  : "${POSTGRES_PASSWORD:?POSTGRES_PASSWORD must name the password of $user}"
  printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
  chmod 644 /tmp/password # read by initdb as postgres, gone a moment later
  gosu postgres initdb --username="$user" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  # Until the scripts have run nobody but they can connect.
  gosu postgres pg_ctl -w start -o "-c listen_addresses=''"
  if [[ $database != postgres ]]; then
    gosu postgres createdb --username="$user" "$database"
  fi
  shopt -s nullglob
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
    *.sh) source "$script" ;;
    *.sql) psql -v ON_ERROR_STOP=1 --username="$user" --dbname="$database" -f "$script" ;;
    esac
  done
  gosu postgres pg_ctl -w -m fast stop
  echo 'PostgreSQL init process complete; ready for start up.'
fi

shift
exec gosu postgres postgres -c listen_addresses='*' "$@"
