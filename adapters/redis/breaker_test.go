package redis

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestBreaker(t *testing.T) {
	t.Parallel()

	// fail makes calls that fail, and reports how many were let in.
	fail := func(b *breaker, n int) (letIn int) {
		for range n {
			if may, probe := b.enter(); may {
				letIn++
				b.leave(failed, probe)
			}
		}
		return letIn
	}

	t.Run("OpensAfterFiveFailures", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var b breaker
			if n := fail(&b, 100); n != 5 || !b.open() {
				t.Errorf("%d calls were let in, open: %v", n, b.open())
			}
		})
	})

	t.Run("SlowFailuresAreForgiven", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var b breaker
			for range 50 {
				if fail(&b, 1) != 1 {
					t.Fatal("open although it failed less than five times in ten seconds")
				}
				time.Sleep(2501 * time.Millisecond)
			}
			time.Sleep(breakWithin)
			if fail(&b, 100) != 5 || !b.open() {
				t.Error("did not open after five failures at once")
			}
		})
	})

	t.Run("OneFindsOutForAll", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var b breaker
			fail(&b, 5)
			time.Sleep(breakFor - 1)
			if may, _ := b.enter(); may {
				t.Fatal("let in too early")
			}
			time.Sleep(time.Nanosecond)
			may, probe := b.enter()
			if !may || !probe {
				t.Fatalf("after its time: may %v, probe %v", may, probe)
			}
			if again, _ := b.enter(); again {
				t.Error("a second one was let in while the first finds out")
			}
			b.leave(failed, probe)
			if again, _ := b.enter(); again {
				t.Error("let in right after the server failed again")
			}
			time.Sleep(breakFor)
			_, probe = b.enter()
			b.leave(answered, probe)
			if b.open() || fail(&b, 4) != 4 || b.open() {
				t.Error("not as new after the server came back")
			}
		})
	})

	t.Run("GivingUpTellsNothing", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var b breaker
			for range 10 {
				_, probe := b.enter()
				b.leave(abandoned, probe)
			}
			if b.open() {
				t.Fatal("opened by callers who gave up")
			}
			fail(&b, 5)
			time.Sleep(breakFor)
			_, probe := b.enter()
			b.leave(abandoned, probe)
			if may, probe := b.enter(); !may || !probe || !b.open() {
				t.Error("the next one does not find out in place of who gave up")
			}
		})
	})

	t.Run("LatecomersDoNotCount", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var b breaker
			_, late := b.enter()
			fail(&b, 5)
			time.Sleep(breakFor - time.Second)
			b.leave(failed, late)
			time.Sleep(time.Second)
			if may, _ := b.enter(); !may {
				t.Error("a call from before kept it open")
			}
		})
	})
}
