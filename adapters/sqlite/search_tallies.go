package sqlite

import (
	"context"

	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// searchTallies keeps what was searched for.
type searchTallies struct{ db *DB }

var _ ports.SearchTallies = searchTallies{}

func (st searchTallies) AddTallies(ctx context.Context, tallies []search.Tally) error {
	if len(tallies) == 0 {
		return nil
	}
	_, err := st.db.write(ctx, ports.Catalog, func(_ context.Context, s *session) error {
		for i := range tallies {
			if err := add(s, &tallies[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

func add(s *session, t *search.Tally) error {
	if t.Topic != "" {
		if _, err := s.exec(`INSERT INTO search_topics (day, key, topic, searches, empty, results) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
			ON CONFLICT (day, key) DO UPDATE SET searches = searches + ?4, empty = empty + ?5, results = results + ?6`,
			int64(t.Day), t.Key.String(), t.Topic, t.Searches, t.Empty, t.Results); err != nil {
			return err
		}
	}
	for position, clicks := range t.Clicks {
		if _, err := s.exec(`INSERT INTO search_clicks (day, key, position, clicks) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (day, key, position) DO UPDATE SET clicks = clicks + ?4`,
			int64(t.Day), t.Key.String(), int64(position), clicks); err != nil {
			return err
		}
	}
	return nil
}

// topicCounts sums up topics and clicks over days.
const topicCounts = `WITH t AS (
		SELECT key, max(topic) AS topic, sum(searches) AS searches, sum(empty) AS empty, sum(results) AS results
		FROM search_topics WHERE day BETWEEN ?1 AND ?2 GROUP BY key
	), c AS (
		SELECT key, sum(clicks) AS clicks, sum(clicks * position) AS positions
		FROM search_clicks WHERE day BETWEEN ?1 AND ?2 GROUP BY key
	), counted AS (
		SELECT topic, searches, empty, results, coalesce(clicks, 0) AS clicks, coalesce(positions, 0) AS positions FROM t LEFT JOIN c USING (key)
	) `

func (st searchTallies) Topics(ctx context.Context, q search.TopicQuery) (topics []search.TopicCount, total int, err error) {
	if err := q.Validate(); err != nil {
		return nil, 0, err
	}
	q = q.Normalize()
	by := string(q.By) // validated: the name of a column
	err = st.db.snapshot(ctx, func(s *session) error {
		topics, total = []search.TopicCount{}, 0
		if err := s.query(topicCounts+"SELECT count(*) FROM counted WHERE "+by+" > 0", func(r row) error {
			total = int(r.int64(0))
			return nil
		}, int64(q.From), int64(q.To)); err != nil {
			return err
		}
		return s.query(topicCounts+"SELECT topic, searches, empty, results, clicks, positions FROM counted WHERE "+by+" > 0 ORDER BY "+by+" DESC, topic LIMIT ?3 OFFSET ?4",
			func(r row) error {
				t := search.TopicCount{Topic: r.text(0), Searches: r.int64(1), Empty: r.int64(2), Results: r.int64(3), Clicks: r.int64(4)}
				if t.Clicks > 0 {
					t.Position = float64(r.int64(5)) / float64(t.Clicks)
				}
				topics = append(topics, t)
				return nil
			}, int64(q.From), int64(q.To), int64(q.PerPage), int64((q.Page-1)*q.PerPage))
	})
	if err != nil {
		return nil, 0, err
	}
	return topics, total, nil
}

func (st searchTallies) PopularTopics(ctx context.Context, from, to search.Day, least, limit int) ([]search.PopularTopic, error) {
	var popular []search.PopularTopic
	err := st.db.view(ctx, func(s *session) error {
		popular = []search.PopularTopic{}
		return s.query(`SELECT max(topic) AS text, sum((searches - empty) * (day - ?1 + 1)) AS weight FROM search_topics
			WHERE day BETWEEN ?1 AND ?2 GROUP BY key HAVING sum(searches - empty) >= ?3 ORDER BY weight DESC, text LIMIT ?4`,
			func(r row) error {
				popular = append(popular, search.PopularTopic{Topic: r.text(0), Weight: r.int64(1)})
				return nil
			}, int64(from), int64(to), int64(max(least, 1)), int64(limit))
	})
	if err != nil {
		return nil, err
	}
	return popular, nil
}

func (st searchTallies) DropTallies(ctx context.Context, before search.Day, limit int) (dropped int, err error) {
	_, err = st.db.write(ctx, ports.Catalog, func(_ context.Context, s *session) error {
		topics, err := s.exec("DELETE FROM search_topics WHERE (day, key) IN (SELECT day, key FROM search_topics WHERE day < ?1 LIMIT ?2)", int64(before), int64(limit))
		if err != nil {
			return err
		}
		clicks, err := s.exec("DELETE FROM search_clicks WHERE (day, key, position) IN (SELECT day, key, position FROM search_clicks WHERE day < ?1 LIMIT ?2)", int64(before), int64(limit-topics))
		dropped = topics + clicks
		return err
	})
	return dropped, err
}
