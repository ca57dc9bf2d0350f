package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// searchTallies keeps what was searched for.
type searchTallies struct{ r *realm }

var _ ports.SearchTallies = searchTallies{}

// AddTallies is contracted by ports.SearchTallies. All topics are one statement
// and all clicks another, in the order of their keys, so that several servers do
// not lock each other out.
func (s searchTallies) AddTallies(ctx context.Context, tallies []search.Tally) error {
	var topics topicColumns
	var clicks clickColumns
	for i := range tallies {
		topics.add(&tallies[i])
		clicks.add(&tallies[i])
	}
	if len(topics.days)+len(clicks.days) == 0 {
		return nil
	}
	_, err := s.r.write(ctx, func(_ context.Context, t *tx) error {
		if len(topics.days) > 0 {
			t.queue(`INSERT INTO catalog.search_topics AS t (day, key, topic, searches, empty, results)
				SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[]) AS n (day, key, topic, searches, empty, results)
				ORDER BY n.day, n.key COLLATE "C"
				ON CONFLICT (day, key) DO UPDATE SET searches = t.searches + excluded.searches, empty = t.empty + excluded.empty, results = t.results + excluded.results`,
				topics.days, topics.keys, topics.topics, topics.searches, topics.empty, topics.results)
		}
		if len(clicks.days) > 0 {
			t.queue(`INSERT INTO catalog.search_clicks AS t (day, key, position, clicks)
				SELECT * FROM unnest($1::int[], $2::text[], $3::int[], $4::bigint[]) AS n (day, key, position, clicks)
				ORDER BY n.day, n.key COLLATE "C", n.position
				ON CONFLICT (day, key, position) DO UPDATE SET clicks = t.clicks + excluded.clicks`,
				clicks.days, clicks.keys, clicks.positions, clicks.clicks)
		}
		return nil
	})
	return err
}

type topicColumns struct {
	days                     []int32
	keys, topics             []string
	searches, empty, results []int64
}

func (c *topicColumns) add(t *search.Tally) {
	if t.Topic == "" {
		return
	}
	c.days, c.keys, c.topics = append(c.days, int32(t.Day)), append(c.keys, t.Key.String()), append(c.topics, t.Topic)
	c.searches, c.empty, c.results = append(c.searches, t.Searches), append(c.empty, t.Empty), append(c.results, t.Results)
}

type clickColumns struct {
	days, positions []int32
	keys            []string
	clicks          []int64
}

func (c *clickColumns) add(t *search.Tally) {
	for position, n := range t.Clicks {
		c.days, c.keys = append(c.days, int32(t.Day)), append(c.keys, t.Key.String())
		c.positions, c.clicks = append(c.positions, int32(position)), append(c.clicks, n)
	}
}

// topicCounts sums up topics and clicks over days.
const topicCounts = `WITH t AS (
		SELECT key, max(topic) AS topic, sum(searches)::bigint AS searches, sum(empty)::bigint AS empty, sum(results)::bigint AS results
		FROM catalog.search_topics WHERE day BETWEEN $1 AND $2 GROUP BY key
	), c AS (
		SELECT key, sum(clicks)::bigint AS clicks, sum(clicks * position)::bigint AS positions
		FROM catalog.search_clicks WHERE day BETWEEN $1 AND $2 GROUP BY key
	), counted AS (
		SELECT topic, searches, empty, results, coalesce(clicks, 0) AS clicks, coalesce(positions, 0) AS positions FROM t LEFT JOIN c USING (key)
	) `

// Topics is contracted by ports.SearchTallies.
func (s searchTallies) Topics(ctx context.Context, q search.TopicQuery) (topics []search.TopicCount, total int, err error) {
	if err := q.Validate(); err != nil {
		return nil, 0, err
	}
	q = q.Normalize()
	by := string(q.By) // validated: the name of a column
	err = s.r.snapshot(ctx, func(db querier) error {
		topics = []search.TopicCount{}
		if err := db.QueryRow(ctx, topicCounts+"SELECT count(*) FROM counted WHERE "+by+" > 0", int(q.From), int(q.To)).Scan(&total); err != nil {
			return err
		}
		rows, err := db.Query(ctx, topicCounts+"SELECT topic, searches, empty, results, clicks, positions FROM counted WHERE "+by+" > 0 ORDER BY "+by+" DESC, topic LIMIT $3 OFFSET $4",
			int(q.From), int(q.To), q.PerPage, (q.Page-1)*q.PerPage)
		if err != nil {
			return err
		}
		var t search.TopicCount
		var positions int64
		_, err = pgx.ForEachRow(rows, []any{&t.Topic, &t.Searches, &t.Empty, &t.Results, &t.Clicks, &positions}, func() error {
			t.Position = 0
			if t.Clicks > 0 {
				t.Position = float64(positions) / float64(t.Clicks)
			}
			topics = append(topics, t)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return topics, total, nil
}

// PopularTopics is contracted by ports.SearchTallies.
func (s searchTallies) PopularTopics(ctx context.Context, from, to search.Day, least, limit int) ([]search.PopularTopic, error) {
	var popular []search.PopularTopic
	err := s.r.read(ctx, func(q querier) error {
		popular = []search.PopularTopic{}
		rows, err := q.Query(ctx, `SELECT max(topic) AS text, sum((searches - empty) * (day - $1 + 1))::bigint AS weight FROM catalog.search_topics
			WHERE day BETWEEN $1 AND $2 GROUP BY key HAVING sum(searches - empty) >= $3 ORDER BY weight DESC, text LIMIT $4`, int(from), int(to), max(least, 1), limit)
		if err != nil {
			return err
		}
		var p search.PopularTopic
		_, err = pgx.ForEachRow(rows, []any{&p.Topic, &p.Weight}, func() error {
			popular = append(popular, p)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return popular, nil
}

// DropTallies is contracted by ports.SearchTallies.
func (s searchTallies) DropTallies(ctx context.Context, before search.Day, limit int) (dropped int, err error) {
	_, err = s.r.write(ctx, func(ctx context.Context, t *tx) error {
		topics, err := t.Exec(ctx, "DELETE FROM catalog.search_topics WHERE (day, key) IN (SELECT day, key FROM catalog.search_topics WHERE day < $1 LIMIT $2)", int(before), limit)
		if err != nil {
			return err
		}
		dropped = int(topics.RowsAffected())
		clicks, err := t.Exec(ctx, "DELETE FROM catalog.search_clicks WHERE (day, key, position) IN (SELECT day, key, position FROM catalog.search_clicks WHERE day < $1 LIMIT $2)",
			int(before), limit-dropped)
		dropped += int(clicks.RowsAffected())
		return err
	})
	return dropped, err
}
