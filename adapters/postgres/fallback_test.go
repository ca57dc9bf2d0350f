package postgres

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

func TestCluster_FallsBackBehindACap(t *testing.T) {
	t.Parallel()
	db := open(t)
	r := db.catalog
	r.cluster = newCluster(r, Config{MaxConns: 4, Log: slog.New(slog.DiscardHandler)}) // all of whose replicas are gone
	inside, leave := make(chan struct{}), make(chan struct{})
	ended := make(chan error)
	for range 2 { // half of the connections
		go func() {
			ended <- r.readAfter(t.Context(), ports.Mark{}, func(querier) error {
				inside <- struct{}{}
				<-leave
				return nil
			})
		}()
		<-inside
	}
	nothing := func(querier) error { return nil }
	began := time.Now()
	if err := r.readAfter(t.Context(), ports.Mark{}, nothing); !fault.Is(err, fault.Unavailable) || time.Since(began) > 20*time.Second {
		t.Errorf("one too many: %v after %v", err, time.Since(began))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.readAfter(ctx, ports.Mark{}, nothing); !fault.Is(err, fault.Canceled) {
		t.Errorf("one who goes away: %v", err)
	}
	if err := r.read(t.Context(), nothing); err != nil { // the till has room
		t.Error(err)
	}
	close(leave)
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if err := r.readAfter(t.Context(), ports.Mark{}, nothing); err != nil {
		t.Error(err)
	}
}
