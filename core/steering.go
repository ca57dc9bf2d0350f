package core

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bodega-commerce/bodega/core/search"
)

// steering is what is in force of the search settings in this process. Searches
// look after it: none is answered by what is older than steeringLife, and a
// store that does not answer leaves in force what was.
type steering struct {
	now atomic.Pointer[steered]
	mu  sync.Mutex // held by whoever asks the store
}

// steered are settings as they were at a moment.
type steered struct {
	checked  time.Time
	versions map[search.SettingName]int64
	synonyms *search.Synonyms
	rules    *search.Rules
	boosts   search.Boosts
}

const (
	// steeringCheck is how old what is in force may be before somebody asks for
	// its versions; others go on with it until it is steeringLife old.
	steeringCheck = 400 * time.Millisecond
	steeringLife  = 800 * time.Millisecond
	// steeringPatience is how long a search waits for versions, and
	// steeringLoad for what has changed, which may be megabytes. Whoever has
	// changed it waits as long for versions, to find it in force.
	steeringPatience = 200 * time.Millisecond
	steeringLoad     = 2 * time.Second
)

// in returns what is in force.
func (st *steering) in(ctx context.Context, se *Search) *steered {
	now := st.now.Load()
	if now != nil {
		age := se.s.Now().Sub(now.checked).Abs()
		if age < steeringCheck {
			return now
		}
		if age < steeringLife {
			if !st.mu.TryLock() {
				return now
			}
			defer st.mu.Unlock()
			return st.check(ctx, se, steeringPatience)
		}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if now = st.now.Load(); now != nil && se.s.Now().Sub(now.checked).Abs() < steeringCheck {
		return now // somebody has asked meanwhile
	}
	return st.check(ctx, se, steeringPatience)
}

// refresh puts in force what was just written.
func (st *steering) refresh(ctx context.Context, se *Search) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.check(ctx, se, steeringLoad)
}

// check asks for versions, and for what has another. It holds the lock. Other
// searches wait for what one asks, so that one's end must not be theirs.
func (st *steering) check(ctx context.Context, se *Search, patience time.Duration) *steered {
	ctx = context.WithoutCancel(ctx)
	next := &steered{}
	if now := st.now.Load(); now != nil {
		*next = *now
	}
	next.checked = se.s.Now()
	if versions, err := se.versions(ctx, patience); err == nil {
		known := make(map[search.SettingName]int64)
		for name, version := range versions {
			if version == next.versions[name] || next.load(ctx, se, name) {
				known[name] = version
			}
		}
		next.versions = known
	}
	st.now.Store(next)
	return next
}

func (se *Search) versions(ctx context.Context, patience time.Duration) (map[search.SettingName]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return se.s.Catalog.Settings.Versions(ctx)
}

// load puts one setting in force; it reports whether that came about.
func (now *steered) load(ctx context.Context, se *Search, name search.SettingName) bool {
	ctx, cancel := context.WithTimeout(ctx, steeringLoad)
	defer cancel()
	switch name {
	case search.SettingSynonyms:
		return ready(ctx, se, name, search.NewSynonyms, &now.synonyms)
	case search.SettingRules:
		return ready(ctx, se, name, search.NewRules, &now.rules)
	case search.SettingBoosts:
		var boosts search.Boosts
		_, err := se.setting(ctx, name, &boosts)
		if err == nil && boosts.Validate() == nil {
			now.boosts = boosts
		}
		return err == nil
	}
	return true // of a newer program
}

// ready reads a setting and makes it ready, but for one that some other program
// has let pass and this one does not: then what was in force stays.
func ready[R, S any](ctx context.Context, se *Search, name search.SettingName, prepare func([]R) (*S, error), into **S) bool {
	var rules []R
	if _, err := se.setting(ctx, name, &rules); err != nil {
		return false
	}
	if made, err := prepare(rules); err == nil {
		*into = made
	}
	return true
}
