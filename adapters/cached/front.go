package cached

import (
	"context"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/ports"
)

// Blink is a good time to believe a cache that is a network away.
const Blink = 10 * time.Millisecond

// Front returns the cache as a process uses it for all its decorators: it
// remembers what the cache could not be told (see debts), and believes what it
// heard of generations for a moment instead of asking again. A page asks three
// or four times: for its product, the taxonomy, the stock. Whoever asks first
// asks for the others too, and they believe it.
//
// So what another process changes may be seen later by that moment; what this
// one changes is seen at once, and so is whatever a mark insists on.
func Front(cache ports.Cache, believe time.Duration) ports.Cache { return newFront(cache, believe) }

// front is a cache as the shelves of a process use it.
type front struct {
	*debts
	believe time.Duration // 0: never

	mu         sync.RWMutex
	young, old map[string]glance
	turned     time.Time // when young was begun
	raises     uint64    // how often one was begun or done; what was asked across it is not believed
}

// glance is what a generation was when it was asked for.
type glance struct {
	number uint64
	at     time.Time
}

// frontOf returns the front that a cache is, or one that believes nothing.
func frontOf(cache ports.Cache) *front {
	if f, ok := cache.(*front); ok {
		return f
	}
	return newFront(cache, 0)
}

func newFront(cache ports.Cache, believe time.Duration) *front {
	return &front{debts: newDebts(cache), believe: believe}
}

// Raise raises generations, and forgets what is believed of them before and
// after: an answer that is under way may be from before.
func (f *front) Raise(ctx context.Context, at ports.Mark, generations ...string) error {
	f.forget(generations)
	defer f.forget(generations)
	return f.debts.Raise(ctx, at, generations...)
}

func (f *front) forget(generations []string) {
	if f.believe == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.raises++
	for _, name := range generations {
		delete(f.young, name)
		delete(f.old, name)
	}
}

// believed reports whether generations were as they were seen a moment ago;
// known is false if it would have to ask.
func (f *front) believed(names []string, seen []ports.Generation) (same, known bool) {
	if f.believe == 0 {
		return false, false
	}
	since := time.Now().Add(-f.believe)
	f.mu.RLock()
	defer f.mu.RUnlock()
	same = true
	for i, name := range names {
		g, ok := f.young[name]
		if !ok {
			g, ok = f.old[name]
		}
		if !ok || g.at.Before(since) {
			return false, false
		}
		same = same && g.number == seen[i].Number
	}
	return same, true
}

// ask returns what generations are now, all at the same moment. They are
// believed from now on, those included that were only asked for along with them.
func (f *front) ask(ctx context.Context, names, along []string) ([]ports.Generation, error) {
	if f.believe == 0 {
		_, now, err := f.Lookup(ctx, "", names...)
		return now, err
	}
	f.mu.RLock()
	raises := f.raises
	f.mu.RUnlock()
	at := time.Now()
	_, now, err := f.Lookup(ctx, "", append(names[:len(names):len(names)], along...)...)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.raises == raises {
		if f.young == nil || at.Sub(f.turned) > f.believe {
			f.young, f.old, f.turned = make(map[string]glance, len(f.young)), f.young, at
		}
		for _, g := range now {
			f.young[g.Name] = glance{g.Number, at}
		}
	}
	return now[:len(names):len(names)], nil
}
