# Run once by the primary's image, when it makes the cluster: replicas may come.
echo 'host replication all samenet scram-sha-256' >>"$PGDATA/pg_hba.conf"
