package chaos

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/expect"
)

// The work that goes on beside requests is done by one of several servers; when
// that one is killed, the other does it.
func TestLoops_SurviveTheirHolder(t *testing.T) {
	t.Parallel()
	f, dir := newFleet(t), currentPrograms(t)
	f.environ = append(f.environ, "BODEGA_RESERVATION_TTL=6s")
	db, err := pgx.Connect(t.Context(), f.setting("BODEGA_DATABASE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context()) //nolint:errcheck // it only reads

	first := f.serve(dir, containers.Address(t))
	expect.Soon(t, "the first server does it", func() bool { return len(sessions(t, db)) == 1 })
	holder := sessions(t, db)
	second := f.serve(dir, containers.Address(t))
	second.sell("LAST", 1)
	_, _, o := second.pay("LAST", "tok_requires_action")
	if got := sessions(t, db); !slices.Equal(got, holder) {
		t.Errorf("with two servers sessions %v hold the loops, before %v did", got, holder)
	}
	first.kill()
	expect.Soon(t, "the order is canceled by the second server", func() bool { return second.order(o.ID).Status == "canceled" })
	if got := sessions(t, db); len(got) != 1 || got[0] == holder[0] {
		t.Errorf("after the first server was killed sessions %v hold the loops, before %v did", got, holder)
	}
	second.mustBeSound()
}

// sessions returns which of a database hold loops.
func sessions(t *testing.T, db *pgx.Conn) []int {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY pid`)
	if err != nil {
		t.Fatal(err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		t.Fatal(err)
	}
	return pids
}
