package ports

import (
	"context"

	"github.com/bodega-commerce/bodega/core/search"
)

// SearchTallies keeps how often was searched for what, and what came of it, by
// day. It is written behind the searches' back: what was counted a moment ago may
// not be in it yet.
type SearchTallies interface {
	// AddTallies adds to what is counted, all of it or nothing. No two of the
	// tallies are of one topic and day. It is not idempotent.
	AddTallies(ctx context.Context, tallies []search.Tally) error

	// Topics returns a page of topics and how many there are in all. Clicks on a
	// topic that was not searched for in that time are left out. Invalid when the
	// query does not validate.
	Topics(ctx context.Context, q search.TopicQuery) (topics []search.TopicCount, total int, err error)

	// PopularTopics returns the topics that were searched for, and found
	// something, at least least times from one day to another, the heaviest
	// first, at most limit. A search on the last day weighs as much as there are
	// days, and one less for every day before.
	PopularTopics(ctx context.Context, from, to search.Day, least, limit int) ([]search.PopularTopic, error)

	// DropTallies forgets at most limit counts of the days before one and returns
	// how many it forgot.
	DropTallies(ctx context.Context, before search.Day, limit int) (int, error)
}
