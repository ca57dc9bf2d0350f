package postgres

import (
	"context"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// portMethods returns every method of the ports in the stores, by its name in
// Routes.
func portMethods(db *DB) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	for store, v := range map[string]any{"Catalog": db.Catalog(), "Orders": db.Orders(), "Identity": db.Identity()} {
		fields := reflect.ValueOf(v)
		for i := range fields.NumField() {
			port := fields.Type().Field(i)
			if port.Type.Kind() != reflect.Interface || fields.Field(i).IsNil() { // no port, or one that a decorator may add
				continue
			}
			for j := range port.Type.NumMethod() { // those of the port, not of what implements it
				name := port.Type.Method(j).Name
				all[store+"."+port.Name+"."+name] = fields.Field(i).Elem().MethodByName(name)
			}
		}
	}
	return all
}

func TestRoutes_NameEveryPortMethodAndOnlyThose(t *testing.T) {
	t.Parallel()
	methods := portMethods(&DB{catalog: &realm{}, orders: &realm{}, identity: &realm{}})
	if got, want := slices.Sorted(maps.Keys(Routes())), slices.Sorted(maps.Keys(methods)); !slices.Equal(got, want) {
		t.Errorf("routes  %v\nmethods %v", got, want)
	}
	for name, m := range methods {
		last := m.Type().In(m.Type().NumIn() - 1)
		if takesMark := last == reflect.TypeFor[ports.Mark](); takesMark != bool(Routes()[name]) {
			t.Errorf("%s takes a mark: %v; a replica may serve it: %v", name, takesMark, Routes()[name])
		}
	}
}

// statementsAt counts what a server has run for the shop, and forgets it.
func (w *world) statementsAt(url string) (n int) {
	w.Helper()
	conn, err := pgx.Connect(w.Context(), url)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = conn.Close(w.Context()) }()
	if err := conn.QueryRow(w.Context(), `SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
		WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND query !~ 'pg_stat_statements|transaction_read_only|pg_control_system'`).Scan(&n); err != nil { // which every connection asks
		w.Fatal(err)
	}
	if _, err := conn.Exec(w.Context(), "SELECT pg_stat_statements_reset()"); err != nil {
		w.Fatal(err)
	}
	return n
}

// testRoutes compares Routes with what happens at the servers.
func testRoutes(t *testing.T, c *containers.Cluster) {
	w := newWorld(t, c, quick)
	w.db.Close()
	w.on(w.primary, "CREATE EXTENSION pg_stat_statements")
	for _, url := range w.replicas {
		w.eventually("the replica can count", func() bool {
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				return false
			}
			defer func() { _ = conn.Close(t.Context()) }()
			_, err = conn.Exec(t.Context(), "SELECT FROM pg_stat_statements LIMIT 1")
			return err == nil
		})
	}
	quiet := pace{probeEvery: time.Hour, probeTime: time.Second, maxLag: time.Hour, goodLag: time.Hour, badProbes: 2, goodProbes: 1}
	db, err := Open(t.Context(), Config{URL: w.primary, Replicas: w.replicas, pace: quiet, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w.db = db
	w.serving(2)
	for _, url := range append(w.replicas, w.primary) {
		w.statementsAt(url)
	}
	for name, route := range Routes() {
		m := portMethods(db)[name] // of new stores, because some remember what they read
		args := make([]reflect.Value, m.Type().NumIn())
		for i := range args {
			args[i] = something(t.Context(), m.Type().In(i))
		}
		answers := m.Call(args)
		onPrimary, onReplicas := w.statementsAt(w.primary), 0
		for _, url := range w.replicas {
			onReplicas += w.statementsAt(url)
		}
		if route == ReplicaAllowed && (onPrimary != 0 || onReplicas == 0) || route == PrimaryOnly && (onPrimary == 0 || onReplicas != 0) {
			t.Errorf("%s: %d statements on the primary, %d on replicas; it answers %v", name, onPrimary, onReplicas, answers)
		}
	}
}

// something returns an argument that is not empty, so that a method has
// something to ask for.
func something(ctx context.Context, t reflect.Type) reflect.Value {
	switch t {
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(ctx)
	case reflect.TypeFor[ports.Mark]():
		return reflect.Zero(t)
	case reflect.TypeFor[time.Time]():
		return reflect.ValueOf(time.Now())
	case reflect.TypeFor[id.UUID]():
		return reflect.ValueOf(id.UUID{1, 2, 3})
	case reflect.TypeFor[search.SettingName]():
		return reflect.ValueOf(search.SettingRules)
	case reflect.TypeFor[search.TopicOrder]():
		return reflect.ValueOf(search.BySearches)
	case reflect.TypeFor[catalog.Browse]():
		return reflect.ValueOf(catalog.Browse{Sort: catalog.BrowseByID, Limit: 1})
	case reflect.TypeFor[catalog.Listing]():
		return reflect.ValueOf(catalog.Listing{Sort: catalog.Newest, Page: 1, PerPage: 10})
	}
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if f := v.Field(i); f.CanSet() {
				f.Set(something(ctx, f.Type()))
			}
		}
	case reflect.Slice:
		v.Set(reflect.Append(v, something(ctx, t.Elem())))
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Func:
		v.Set(reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value { // which answers nothing
			out := make([]reflect.Value, t.NumOut())
			for i := range out {
				out[i] = reflect.Zero(t.Out(i))
			}
			return out
		}))
	default:
	}
	return v
}
