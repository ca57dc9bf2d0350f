package postgres

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// quick is a pace for tests.
var quick = pace{
	probeEvery: 50 * time.Millisecond, probeTime: 2 * time.Second,
	maxLag: 500 * time.Millisecond, goodLag: 250 * time.Millisecond, badProbes: 2, goodProbes: 3,
}

// TestCluster runs what needs replicas on one cluster, one after the other.
func TestCluster(t *testing.T) {
	c := containers.PostgresCluster(t, 2)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *containers.Cluster)
	}{
		{"ReadAfterWrite", testReadAfterWrite},
		{"EjectsAndTakesBack", testEjectsAndTakesBack},
		{"MarksOfAnotherHistoryBindNothing", testMarksOfAnotherHistory},
		{"PrefersItsRegion", testPrefersItsRegion},
		{"WhatRecoveryCancelsIsAskedOfThePrimary", testRecoveryCancels},
		{"ASilentReplicaIsNotWaitedFor", testSilentReplica},
		{"RefusesWhatIsNoReplica", testRefusesWhatIsNoReplica},
		{"Routes", testRoutes},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, c) })
	}
}

// world is a shop on a primary with two replicas.
type world struct {
	*testing.T
	db       *DB
	primary  string
	replicas []string
	fellBack atomic.Int64
}

// urls returns the URLs of an empty database of the test's own.
func urls(t *testing.T, c *containers.Cluster) (primary string, replicas []string) {
	t.Helper()
	primary = create(t, c.Primary.URL, "")
	_, name, _ := strings.Cut(primary, "/test_")
	name, _, _ = strings.Cut("test_"+name, "?")
	for _, r := range c.Replicas {
		replicas = append(replicas, withDatabase(r.URL, name))
	}
	return primary, replicas
}

func newWorld(t *testing.T, c *containers.Cluster, p pace) *world {
	t.Helper()
	w := &world{T: t}
	w.primary, w.replicas = urls(t, c)
	for _, url := range w.replicas {
		w.eventually("the replica has the database", func() bool {
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				return false
			}
			return conn.Close(t.Context()) == nil
		})
	}
	first, err := Open(t.Context(), Config{URL: w.primary, Replicas: w.replicas, Migrate: true, pace: quick, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w.db = first
	w.serving(len(w.replicas)) // so that they have the schema
	first.Close()
	db, err := Open(t.Context(), Config{
		URL: w.primary, Replicas: w.replicas, pace: p, Log: slog.New(slog.DiscardHandler),
		Observe: Observe{FellBack: func(ports.Realm, string) { w.fellBack.Add(1) }},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w.db = db
	w.write("CREATE TABLE catalog.notes (n int PRIMARY KEY)")
	w.serving(len(w.replicas))
	return w
}

func (w *world) eventually(what string, is func() bool) {
	w.Helper()
	for began := time.Now(); !is(); {
		if time.Since(began) > 30*time.Second {
			w.Fatalf("in vain: %s", what)
		}
		pause(w.Context(), 20*time.Millisecond)
	}
}

// serving waits until so many replicas serve.
func (w *world) serving(want int) {
	w.Helper()
	w.eventually("the replicas serve or not", func() bool {
		n := 0
		for _, h := range w.db.Health(w.Context()) {
			if h.Role == Replica && h.Serving {
				n++
			}
		}
		return n == want
	})
}

func (w *world) write(sql string, args ...any) ports.Mark {
	w.Helper()
	mark, err := w.db.catalog.write(w.Context(), func(_ context.Context, tx *tx) error { tx.queue(sql, args...); return nil })
	if err != nil {
		w.Fatal(err)
	}
	return mark
}

// read tells whether a note is there, and which server said so.
func (w *world) read(n int, after ports.Mark) (there bool, server string) {
	w.Helper()
	if err := w.db.catalog.readAfter(w.Context(), after, func(q querier) error {
		return q.QueryRow(w.Context(), "SELECT EXISTS (SELECT FROM catalog.notes WHERE n = $1), inet_server_addr()::text", n).Scan(&there, &server)
	}); err != nil {
		w.Fatal(err)
	}
	return there, server
}

// on runs a statement on a server of its own connection.
func (w *world) on(url, sql string) {
	w.Helper()
	conn, err := pgx.Connect(w.Context(), url)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = conn.Close(w.Context()) }()
	if _, err := conn.Exec(w.Context(), sql); err != nil {
		w.Fatal(err)
	}
}

// address returns what a server calls itself.
func (w *world) address(url string) (address string) {
	w.Helper()
	conn, err := pgx.Connect(w.Context(), url)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = conn.Close(w.Context()) }()
	if err := conn.QueryRow(w.Context(), "SELECT inet_server_addr()::text").Scan(&address); err != nil {
		w.Fatal(err)
	}
	return address
}

func testReadAfterWrite(t *testing.T, c *containers.Cluster) {
	w := newWorld(t, c, pace{probeEvery: 100 * time.Millisecond, probeTime: 2 * time.Second, maxLag: time.Hour, goodLag: time.Hour, badProbes: 2, goodProbes: 1})
	primary := w.address(w.primary)
	w.on(w.replicas[0], "SELECT pg_wal_replay_pause()")
	defer w.on(w.replicas[0], "SELECT pg_wal_replay_resume()")
	stale, onReplicas, without := 0, 0, 0
	for n := range 1000 {
		mark := w.write("INSERT INTO catalog.notes VALUES ($1)", n)
		if there, _ := w.read(n, mark); !there {
			stale++
		}
		if _, server := w.read(n, ports.Mark{}); server != primary {
			without++
		}
	}
	for n := range 1000 { // once the replica has come that far, it serves those who wrote too
		if _, server := w.read(n, w.mark(ports.Catalog)); server != primary {
			onReplicas++
		}
	}
	if stale > 0 {
		t.Errorf("%d of 1000 did not see their own write", stale)
	}
	if without < 900 {
		t.Errorf("%d of 1000 reads without a mark were served by replicas", without)
	}
	if onReplicas < 500 {
		t.Errorf("%d of 1000 reads of an old mark were served by replicas", onReplicas)
	}
}

func (w *world) mark(ports.Realm) ports.Mark {
	w.Helper()
	mark, err := marker{w.db.catalog}.Position(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return mark
}

func testEjectsAndTakesBack(t *testing.T, c *containers.Cluster) {
	w := newWorld(t, c, quick)
	primary := w.address(w.primary)
	first := w.address(w.replicas[0])
	for _, url := range w.replicas {
		w.on(url, "SELECT pg_wal_replay_pause()")
		defer w.on(url, "SELECT pg_wal_replay_resume()")
	}
	w.serving(0)
	if _, server := w.read(1, ports.Mark{}); server != primary {
		t.Errorf("a replica that is out served: %s", server)
	}
	if w.fellBack.Load() == 0 {
		t.Error("nobody was told that a read fell back")
	}
	w.on(w.replicas[0], "SELECT pg_wal_replay_resume()")
	w.serving(1)
	for range 10 {
		if _, server := w.read(1, ports.Mark{}); server != first {
			t.Errorf("served by %s, want the replica that came back, %s", server, first)
		}
	}
	w.on(w.replicas[1], "SELECT pg_wal_replay_resume()")
	w.serving(2)
}

func testMarksOfAnotherHistory(t *testing.T, c *containers.Cluster) {
	w := newWorld(t, c, quick)
	primary := w.address(w.primary)
	mark := w.mark(ports.Catalog)
	for name, of := range map[string]ports.Mark{
		"epoch": {Realm: mark.Realm, Epoch: mark.Epoch + 1, Pos: 1 << 62},
		"realm": {Realm: ports.Orders, Epoch: mark.Epoch, Pos: 1 << 62},
	} {
		if _, server := w.read(1, of); server == primary {
			t.Errorf("a mark of another %s was waited for", name)
		}
	}
	if _, server := w.read(1, ports.Mark{Realm: mark.Realm, Epoch: mark.Epoch, Pos: 1 << 62}); server != primary {
		t.Errorf("a mark beyond all replicas was served by %s", server)
	}
}

func testPrefersItsRegion(t *testing.T, c *containers.Cluster) {
	w := newWorld(t, c, quick)
	near := w.address(w.replicas[1])
	db, err := Open(t.Context(), Config{URL: w.primary, Replicas: []string{w.replicas[0] + "#far", w.replicas[1] + "#near"}, Region: "near", pace: quick, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w.db = db
	w.serving(2)
	for range 10 {
		if _, server := w.read(1, ports.Mark{}); server != near {
			t.Errorf("served by %s, want %s", server, near)
		}
	}
	w.on(w.replicas[1], "SELECT pg_wal_replay_pause()")
	defer w.on(w.replicas[1], "SELECT pg_wal_replay_resume()")
	w.serving(1)
	if _, server := w.read(1, ports.Mark{}); server != w.address(w.replicas[0]) {
		t.Errorf("served by %s, want the far replica", server)
	}
}

func testRecoveryCancels(t *testing.T, c *containers.Cluster) {
	w := newWorld(t, c, quick)
	primary := w.address(w.primary)
	runs, server := 0, ""
	if err := w.db.catalog.readAfter(t.Context(), ports.Mark{}, func(q querier) error {
		runs++
		if runs == 1 { // as recovery would, when what the read needs was vacuumed away
			_, err := q.Exec(t.Context(), "DO $$ BEGIN RAISE EXCEPTION 'canceling statement due to conflict with recovery' USING ERRCODE = '40001'; END $$")
			return err
		}
		return q.QueryRow(t.Context(), "SELECT inet_server_addr()::text").Scan(&server)
	}); err != nil || server != primary || runs != 2 {
		t.Errorf("%v after %d runs, at last on %s", err, runs, server)
	}
}

func testSilentReplica(t *testing.T, c *containers.Cluster) {
	w := newWorld(t, c, quick)
	primary := w.address(w.primary)
	for range 4 { // connections that are known to work
		w.read(1, ports.Mark{})
	}
	for _, r := range c.Replicas {
		r.Pause(t)
	}
	began := time.Now()
	for range 4 {
		if _, server := w.read(1, ports.Mark{}); server != primary {
			t.Errorf("served by %s", server)
		}
	}
	if took := time.Since(began); took > 40*time.Second {
		t.Errorf("four reads took %v", took)
	}
	w.serving(0)
	for _, r := range c.Replicas {
		r.Resume(t)
	}
	w.serving(2)
}

func testRefusesWhatIsNoReplica(t *testing.T, c *containers.Cluster) {
	primary, replicas := urls(t, c)
	other := database(t) // of another cluster
	for name, test := range map[string]struct {
		c    Config
		says string
	}{
		"ThePrimary":      {Config{URL: primary, Replicas: []string{primary}}, "is a primary, not a replica"},
		"AnotherPrimary":  {Config{URL: primary, Replicas: []string{other}}, "is a primary, not a replica"},
		"OfAnother":       {Config{URL: other, Replicas: replicas[:1]}, "is a replica of another primary"},
		"AReplicaAsFirst": {Config{URL: replicas[0]}, "is a replica and takes no writes"},
	} {
		test.c.Migrate = true
		if db, err := Open(t.Context(), test.c); err == nil {
			db.Close()
			t.Errorf("%s is served", name)
		} else if !strings.Contains(detail(err), test.says) || strings.Contains(detail(err), "\n") {
			t.Errorf("%s: %q", name, detail(err))
		}
	}
}

func TestCluster_Failover(t *testing.T) {
	c := containers.PostgresCluster(t, 2)
	w := &world{T: t, primary: c.Primary.URL, replicas: []string{c.Replicas[0].URL, c.Replicas[1].URL}}
	hosts := func(url string) string { // of user:password@host:port/database
		_, rest, _ := strings.Cut(url, "@")
		host, _, _ := strings.Cut(rest, "/")
		return host
	}
	both := strings.Replace(c.Primary.URL, hosts(c.Primary.URL), hosts(c.Primary.URL)+","+hosts(c.Replicas[0].URL), 1)
	db, err := Open(t.Context(), Config{URL: both, Replicas: w.replicas, Migrate: true, pace: quick, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w.db = db
	w.write("CREATE TABLE catalog.notes (n int PRIMARY KEY)")
	old := w.write("INSERT INTO catalog.notes VALUES (1)")
	w.serving(2)
	c.CatchUp(t)

	c.Primary.Kill(t)
	if _, err := db.catalog.write(t.Context(), func(_ context.Context, tx *tx) error {
		tx.queue("INSERT INTO catalog.notes VALUES (2)")
		return nil
	}); !fault.Is(err, fault.Unavailable, fault.Unknown) {
		t.Errorf("without a primary: %v", err)
	}
	if there, _ := w.read(1, ports.Mark{}); !there { // replicas go on
		t.Error("a note is gone")
	}
	c.Replicas[0].Promote(t)
	w.eventually("the new primary takes writes", func() bool {
		_, err := db.catalog.write(t.Context(), func(_ context.Context, tx *tx) error {
			tx.queue("INSERT INTO catalog.notes VALUES (3) ON CONFLICT DO NOTHING")
			return nil
		})
		return err == nil
	})
	mark := w.mark(ports.Catalog)
	if mark.Epoch == old.Epoch {
		t.Error("the new primary writes the old history")
	}
	promoted := w.address(c.Replicas[0].URL)
	for range 4 { // the other replica follows the dead one: it knows nothing of this
		if there, server := w.read(3, mark); !there || server != promoted {
			t.Errorf("the note is there: %v, says %s", there, server)
		}
	}
	if there, _ := w.read(1, old); !there {
		t.Error("a mark of the old history was in the way")
	}
	w.eventually("the promoted replica serves no more as one", func() bool {
		for _, h := range db.Health(t.Context()) {
			if h.Role == Replica && h.Server == hosts(c.Replicas[0].URL) {
				return !h.Serving
			}
		}
		return false
	})
}
