package containers_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestMyPoolRecovers(t *testing.T) {
	t.Parallel()
	url := containers.Postgres(t)    // an empty database, dropped after the test
	link := containers.Proxy(t, url) // a network to it
	pool, err := pgxpool.New(t.Context(), link.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()

	if err := pool.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	link.Down(t)
	if err := pool.Ping(t.Context()); err == nil {
		t.Error("the database answers over a network that is down")
	}
	link.Heal(t)
	if err := pool.Ping(t.Context()); err != nil {
		t.Errorf("the network is back, the pool is not: %v", err)
	}
}
