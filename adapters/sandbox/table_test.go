package sandbox_test

import (
	"net"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// shared opens a provider as another process would.
func shared(t *testing.T, url string) *sandbox.Provider {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { _ = db.Close() })
	return sandbox.NewShared(db)
}

func TestShared(t *testing.T) {
	url := containers.Postgres(t) // payments know nothing of each other
	begin := func(t *testing.T) ports.PaymentProvider { return shared(t, url) }
	porttest.TestPaymentProvider(t, harness(begin, func(t *testing.T, _ ports.PaymentProvider) ports.PaymentProvider { return begin(t) }))
}

// Two processes that refund at once give no more back than was taken.
func TestShared_ProcessesAtOnce(t *testing.T) {
	t.Parallel()
	url := containers.Postgres(t)
	processes := []*sandbox.Provider{shared(t, url), shared(t, url)}
	r := request(sandbox.TokenOK)
	var group sync.WaitGroup
	for _, p := range processes { // also the table is made at once
		group.Go(func() { authorize(t, p, r) })
	}
	group.Wait()
	if _, err := processes[0].Capture(t.Context(), r.Ref, r.Amount); err != nil {
		t.Fatal(err)
	}
	tenth := money.New(r.Amount.Minor()/10, r.Amount.Currency())
	for i := range 20 {
		group.Go(func() {
			_, err := processes[i%2].Refund(t.Context(), r.Ref, id.Refund{UUID: id.UUID{byte(i + 1)}}, tenth)
			if err != nil && !fault.Is(err, fault.Invalid) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	st, err := processes[1].Lookup(t.Context(), r.Ref)
	if err != nil || st.Refunded().Minor() != 10*tenth.Minor() {
		t.Errorf("of %v was refunded %v, %v", st.Captured, st.Refunded(), err)
	}
}

func TestShared_NobodyThere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	if _, err := shared(t, "postgres://bodega@"+addr+"/bodega").Authorize(t.Context(), request(sandbox.TokenOK)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
}
