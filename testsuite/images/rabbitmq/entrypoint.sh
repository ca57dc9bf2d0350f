# As the official image: RABBITMQ_DEFAULT_USER and RABBITMQ_DEFAULT_PASS name
# the first user, RABBITMQ_DEFAULT_VHOST its virtual host.
set -euo pipefail
if [[ ${1:-} != rabbitmq-server ]]; then exec "$@"; fi
{
  echo 'loopback_users = none'
  echo 'log.console = true'
  echo "default_user = ${RABBITMQ_DEFAULT_USER:-guest}"
  echo "default_pass = ${RABBITMQ_DEFAULT_PASS:-guest}"
  echo "default_vhost = ${RABBITMQ_DEFAULT_VHOST:-/}"
} >/etc/rabbitmq/rabbitmq.conf
chown -R rabbitmq: /var/lib/rabbitmq
exec gosu rabbitmq /usr/lib/rabbitmq/bin/rabbitmq-server
