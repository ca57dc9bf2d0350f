package boot

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestConfig_InTurn(t *testing.T) {
	t.Parallel()
	c := Config{DatabaseURL: containers.Postgres(t)}
	var inside, entered atomic.Int32
	var servers sync.WaitGroup
	for range 4 {
		servers.Go(func() {
			if err := c.inTurn(t.Context(), demoFiller, func() error {
				if inside.Add(1) != 1 {
					t.Error("two at once")
				}
				entered.Add(1)
				// Long enough for whoever does not wait.
				other := c.inTurn(t.Context(), demoFiller+1, func() error { return nil })
				inside.Add(-1)
				return other
			}); err != nil {
				t.Error(err)
			}
		})
	}
	servers.Wait()
	if entered.Load() != 4 {
		t.Errorf("%d had their turn", entered.Load())
	}

	failed := errors.New("no disk")
	if err := c.inTurn(t.Context(), demoFiller, func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	ctx, leave := context.WithCancel(t.Context())
	if err := c.inTurn(t.Context(), demoFiller, func() error {
		leave()
		return c.inTurn(ctx, demoFiller, func() error { return nil })
	}); err == nil {
		t.Error("whoever gives up waiting has its turn")
	}
}
