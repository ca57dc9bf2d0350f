package containers_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestPostgresCluster(t *testing.T) {
	t.Parallel()
	c := containers.PostgresCluster(t, 2)
	primary, lagging, other := c.Primary, c.Replicas[0], c.Replicas[1]
	write(t, primary.URL, "CREATE TABLE t (n int)")
	c.CatchUp(t)

	t.Run("AReplicaLagsWhileReplayIsPaused", func(t *testing.T) {
		lagging.PauseReplay(t)
		write(t, primary.URL, "INSERT INTO t VALUES (1)")
		eventually(t, "the other replica has the row", func() bool { return count(t, other.URL) == 1 })
		if n := count(t, lagging.URL); n != 0 {
			t.Errorf("a paused replica shows %d rows", n)
		}
		lagging.ResumeReplay(t)
		c.CatchUp(t)
		if n := count(t, lagging.URL); n != 1 {
			t.Errorf("after its pause a replica shows %d rows", n)
		}
	})
	t.Run("EachServerCountsItsStatements", func(t *testing.T) {
		primary.ResetStatements(t)
		other.ResetStatements(t)
		for range 3 {
			count(t, other.URL)
		}
		if n := other.Statements(t, `^select count\(\*\) from t`); n != 3 {
			t.Errorf("the replica counted %d statements", n)
		}
		if n := primary.Statements(t, "from t"); n != 0 {
			t.Errorf("the primary counted %d statements that the replica ran", n)
		}
	})
	t.Run("AStoppedReplicaComesBack", func(t *testing.T) {
		other.Stop(t)
		write(t, primary.URL, "INSERT INTO t VALUES (2)")
		other.Start(t)
		c.CatchUp(t)
		if n := count(t, other.URL); n != 2 {
			t.Errorf("a replica that was stopped shows %d rows", n)
		}
	})
	t.Run("AReplicaTakesOver", func(t *testing.T) {
		primary.Kill(t)
		lagging.Promote(t)
		write(t, lagging.URL, "INSERT INTO t VALUES (3)")
		if n := count(t, lagging.URL); n != 3 {
			t.Errorf("the new primary has %d rows", n)
		}
	})
}

func write(t *testing.T, url, statement string) {
	t.Helper()
	if _, err := connect(t, url).Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, url string) (n int) {
	t.Helper()
	rows := connect(t, url).QueryRow(t.Context(), "SELECT count(*) FROM t", pgx.QueryExecModeSimpleProtocol)
	if err := rows.Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after a minute still not: %s", what)
		}
	}
}
