package containers

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
)

// Cluster is a PostgreSQL of the test's own: a primary, and replicas that
// stream from it. Each keeps counts of the statements it ran.
type Cluster struct {
	Primary  *Node
	Replicas []*Node
}

// Node is a server of a cluster. Its URL names the database bodega, which is
// empty.
type Node struct{ *Server }

const primaryHost = "primary"

// PostgresCluster starts a primary and its replicas, which go with the test. It
// returns when every replica streams.
func PostgresCluster(t testing.TB, replicas int) *Cluster {
	t.Helper()
	s := postgres()
	s.command = append(s.command,
		"-c", "shared_preload_libraries=pg_stat_statements", "-c", "pg_stat_statements.max=10000",
		"-c", "wal_keep_size=512MB") // a replica that was stopped catches up

	name := privateNetwork(t, s)
	c := &Cluster{Primary: &Node{own(t, s, network.WithNetworkName([]string{primaryHost}, name))}}
	c.Primary.Exec(t, "bash", "-c", "echo host replication all all scram-sha-256 >>$PGDATA/pg_hba.conf")
	c.Primary.exec(t, "SELECT pg_reload_conf()")
	c.Primary.exec(t, "CREATE EXTENSION pg_stat_statements")

	follower := s
	follower.title = "a replica of PostgreSQL"
	follower.env = map[string]string{"PGPASSWORD": s.env["POSTGRES_PASSWORD"]}
	follower.command = []string{"-c", `
		set -e
		mkdir -p $PGDATA; chown postgres $PGDATA; chmod 700 $PGDATA
		if [ ! -s $PGDATA/PG_VERSION ]; then
			until gosu postgres pg_basebackup -h ` + primaryHost + ` -U ` + s.env["POSTGRES_USER"] + ` -D $PGDATA -R -X stream -c fast; do sleep 1; done
		fi
		exec gosu postgres "$@"`, "bash"}
	follower.command = append(append(follower.command, s.command...), "-c", "listen_addresses=*")
	for range replicas {
		c.Replicas = append(c.Replicas, &Node{own(t, follower,
			testcontainers.WithEntrypoint("bash"), network.WithNetworkName(nil, name))})
	}
	c.Primary.until(t, "SELECT count(*) = $1 FROM pg_stat_replication WHERE state = 'streaming'", replicas)
	c.CatchUp(t)
	return c
}

// privateNetwork makes a network on which the servers of one test meet.
func privateNetwork(t testing.TB, s service) string {
	t.Helper()
	e, name := forTest(t, s), "bodega_"+unique(t)
	_, err := docker(t.Context(), "network", "create",
		"--label", labelSession+"="+e.session, "--label", labelOwner+"="+e.owner, name)
	if err != nil {
		missing(t, s, err)
	}
	after(t, func(ctx context.Context) error {
		_, err := docker(ctx, "network", "rm", name)
		return err
	})
	return name
}

// CatchUp waits until the replicas show all that the primary has committed.
func (c *Cluster) CatchUp(t testing.TB) {
	t.Helper()
	var written string
	c.Primary.read(t, &written, "SELECT pg_current_wal_lsn()::text")
	for _, replica := range c.Replicas {
		replica.until(t, "SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn", written)
	}
}

// PauseReplay keeps a replica at what it shows now: it answers, and lags.
func (n *Node) PauseReplay(t testing.TB) {
	t.Helper()
	n.exec(t, "SELECT pg_wal_replay_pause()")
	n.until(t, "SELECT pg_get_wal_replay_pause_state() = 'paused'")
}

// ResumeReplay lets a replica catch up.
func (n *Node) ResumeReplay(t testing.TB) {
	t.Helper()
	n.exec(t, "SELECT pg_wal_replay_resume()")
}

// Promote makes a replica a primary, on the next timeline. The other replicas
// stay with the old one.
func (n *Node) Promote(t testing.TB) {
	t.Helper()
	var done bool
	if n.read(t, &done, "SELECT pg_promote(true, 60)"); !done {
		t.Fatal("containers: the replica was not promoted within a minute")
	}
}

// Statements returns how many statements that match a regular expression, in
// any case, this server has run in the test's database since ResetStatements.
// Constants are $1, $2, … in what it looks at.
func (n *Node) Statements(t testing.TB, pattern string) int {
	t.Helper()
	var calls int
	n.read(t, &calls, `
		SELECT coalesce(sum(calls), 0)::int FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
		WHERE d.datname = 'bodega' AND query ~* $1`, pattern)
	return calls
}

// ResetStatements begins the counts of Statements anew.
func (n *Node) ResetStatements(t testing.TB) {
	t.Helper()
	n.exec(t, "SELECT pg_stat_statements_reset()")
}

// maintenance is the URL of a database beside the test's, where what we ask
// does not count.
func (n *Node) maintenance() string { return strings.Replace(n.URL, "/bodega?", "/postgres?", 1) }

func (n *Node) exec(t testing.TB, statement string) {
	t.Helper()
	n.ask(t, func(c *pgx.Conn) error {
		_, err := c.Exec(t.Context(), statement)
		return err
	})
}

func (n *Node) read(t testing.TB, into any, question string, args ...any) {
	t.Helper()
	n.ask(t, func(c *pgx.Conn) error { return c.QueryRow(t.Context(), question, args...).Scan(into) })
}

func (n *Node) ask(t testing.TB, do func(*pgx.Conn) error) {
	t.Helper()
	if err := query(t.Context(), n.maintenance(), do); err != nil {
		t.Fatalf("containers: %s: %v", n.service.title, err)
	}
}

// until waits for a question to be answered with true.
func (n *Node) until(t testing.TB, question string, args ...any) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var yes bool
		if n.read(t, &yes, question, args...); yes {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("containers: %s: after a minute still not: %s %v", n.service.title, question, args)
		}
	}
}
