package core

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

// counting gathers in memory what is searched for until KeepCounts writes it, so
// that no search waits for a store. What is in it when the program is killed is
// not counted.
type counting struct {
	mu      sync.Mutex
	tallies map[counted]*search.Tally
	stats   SearchStats

	keeping   sync.Mutex // held by KeepCounts
	refreshed time.Time
	dropped   time.Time
}

type counted struct {
	day search.Day
	key search.TopicKey
}

// SearchStats are what a program has counted since it began.
type SearchStats struct {
	Searches, Empty, Clicks uint64
	Lost                    uint64 // not kept: too many at once, or the store failed
}

const (
	// maxCounted bounds the topics that wait to be written.
	maxCounted = 10_000
	// talliesFor is how long counts are kept.
	talliesFor = 400 // days
	// popularOver is the time over which searches make a topic popular, and
	// popularLeast how many it takes: what few asked for may say who they are.
	popularOver  = 28 // days
	popularLeast = 5
	popularMost  = 1000 // topics
	popularEvery = time.Minute
	dropEvery    = time.Hour
	dropBatch    = 1000
	// clickFor is how long after a search a click on its results counts.
	clickFor = 1 // days, and what is left of the first
)

// tally returns where a topic of a day is counted, nil if there is no room. It
// holds the lock.
func (c *counting) tally(day search.Day, key search.TopicKey) *search.Tally {
	at := counted{day, key}
	t := c.tallies[at]
	if t == nil {
		if len(c.tallies) >= maxCounted {
			c.stats.Lost++
			return nil
		}
		if c.tallies == nil {
			c.tallies = map[counted]*search.Tally{}
		}
		t = &search.Tally{Day: day, Key: key}
		c.tallies[at] = t
	}
	return t
}

// count counts a search that was answered, if it is the first for its text and
// not one narrowed or paged, and returns its id.
func (se *Search) count(q search.Query, found int) string {
	topic, now := "", se.s.Now()
	if q.Text != "" {
		topic = search.Topic(q.Text)
	}
	if topic != "" && q.Page == 1 && !q.Narrowed() {
		c := &se.counted
		c.mu.Lock()
		defer c.mu.Unlock()
		c.stats.Searches++
		if found == 0 {
			c.stats.Empty++
		}
		if t := c.tally(search.DayOf(now), search.KeyOf(topic)); t != nil {
			t.Topic = topic
			t.Searches++
			t.Results += int64(found)
			if found == 0 {
				t.Empty++
			}
		}
	}
	return se.searchID(topic, now)
}

// searchID names a search by its day and the key of its topic, and signs that, so
// that a click can be counted without anything being kept of who searched.
func (se *Search) searchID(topic string, at time.Time) string {
	var raw [24]byte
	key, random := search.KeyOf(topic), se.s.ids.New()
	copy(raw[:], key[:])
	binary.BigEndian.PutUint16(raw[8:], uint16(search.DayOf(at)))
	copy(raw[10:16], random[10:])
	copy(raw[16:], signSearch(se.s.Secrets[0], raw[:16]))
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// topicOf reads what searchID wrote, with whichever secret.
func (se *Search) topicOf(searchID string) (search.Day, search.TopicKey, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(searchID)
	if err != nil || len(raw) != 24 {
		return 0, search.TopicKey{}, false
	}
	for _, secret := range se.s.Secrets {
		if hmac.Equal(raw[16:], signSearch(secret, raw[:16])) {
			key := search.TopicKey(raw[:8])
			return search.Day(binary.BigEndian.Uint16(raw[8:])), key, key != search.TopicKey{}
		}
	}
	return 0, search.TopicKey{}, false
}

func signSearch(secret, text []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("search ")) // the same secrets sign other things too
	mac.Write(text)
	return mac.Sum(nil)[:8]
}

// ClickResult tells that a shopper has opened a product that was found.
type ClickResult struct {
	Search   string // FoundProducts.ID
	Position int    // in the results of all pages
}

// Click counts a click. One on a search that is unknown, or some days old, is
// passed over.
func (se *Search) Click(cmd ClickResult) {
	day, key, ok := se.topicOf(cmd.Search)
	if now := search.DayOf(se.s.Now()); !ok || cmd.Position < 0 || cmd.Position > search.MaxDepth || day < now-clickFor || day > now {
		return
	}
	c := &se.counted
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Clicks++
	if t := c.tally(day, key); t != nil {
		if t.Clicks == nil {
			t.Clicks = map[int]int64{}
		}
		t.Clicks[cmd.Position]++
	}
}

// Counted returns what this program has counted so far.
func (se *Search) Counted() SearchStats {
	se.counted.mu.Lock()
	defer se.counted.mu.Unlock()
	return se.counted.stats
}

// KeepCounts writes what was counted since the last time, learns from time to time
// what is popular, which suggestions offer, and forgets what is older than 400
// days. Every program that answers searches calls it every few seconds, and once
// more before it ends. What cannot be written is lost.
func (se *Search) KeepCounts(ctx context.Context) (int, error) {
	c := &se.counted
	c.keeping.Lock()
	defer c.keeping.Unlock()
	c.mu.Lock()
	tallies := make([]search.Tally, 0, len(c.tallies))
	for _, t := range c.tallies {
		tallies = append(tallies, *t)
	}
	clear(c.tallies)
	c.mu.Unlock()
	if len(tallies) > 0 {
		if err := se.s.Catalog.Tallies.AddTallies(ctx, tallies); err != nil {
			c.mu.Lock()
			c.stats.Lost += uint64(len(tallies))
			c.mu.Unlock()
			return 0, err
		}
	}
	now := se.s.Now()
	today := search.DayOf(now)
	if now.Sub(c.refreshed) >= popularEvery {
		popular, err := se.s.Catalog.Tallies.PopularTopics(ctx, today-popularOver+1, today, popularLeast, popularMost)
		if err != nil {
			return 0, err
		}
		se.popular.Store(&popular)
		c.refreshed = now
	}
	if now.Sub(c.dropped) >= dropEvery {
		n, err := se.s.Catalog.Tallies.DropTallies(ctx, today-talliesFor, dropBatch)
		if err != nil {
			return 0, err
		}
		if n == 0 {
			c.dropped = now
		}
		return n, nil
	}
	return 0, nil
}

// ReportSearches asks what was searched for.
type ReportSearches struct {
	By    account.Actor
	Query search.TopicQuery
}

// SearchReport is a page of topics.
type SearchReport struct {
	Topics                        []search.TopicCount
	Total, Page, PerPage, MaxPage int
}

// Report returns what was searched for, and what came of it. Needs
// search.manage. Invalid as of search.TopicQuery.Validate.
func (se *Search) Report(ctx context.Context, q ReportSearches) (SearchReport, error) {
	if err := allow(q.By, account.SearchManage); err != nil {
		return SearchReport{}, err
	}
	if err := q.Query.Validate(); err != nil {
		return SearchReport{}, err
	}
	query := q.Query.Normalize()
	r := SearchReport{Page: query.Page, PerPage: query.PerPage, MaxPage: query.MaxPage()}
	var err error
	r.Topics, r.Total, err = se.s.Catalog.Tallies.Topics(ctx, query)
	return r, err
}

// noTallies stands where a store counts nothing.
type noTallies struct{}

func (noTallies) AddTallies(context.Context, []search.Tally) error { return nil }

func (noTallies) Topics(context.Context, search.TopicQuery) ([]search.TopicCount, int, error) {
	return nil, 0, fault.Missing("search_report")
}

func (noTallies) PopularTopics(context.Context, search.Day, search.Day, int, int) ([]search.PopularTopic, error) {
	return nil, nil
}

func (noTallies) DropTallies(context.Context, search.Day, int) (int, error) { return 0, nil }
