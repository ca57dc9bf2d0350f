# As the official image: arguments are the server's, which keeps /data.
set -euo pipefail
if [[ ${1:-} == -* ]]; then set -- redis-server "$@"; fi
if [[ ${1:-} != redis-server ]]; then exec "$@"; fi
shift
chown -R redis: /data
exec gosu redis redis-server --bind 0.0.0.0 --protected-mode no --dir /data "$@"
