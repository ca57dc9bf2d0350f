-- oldest: 2
-- What was searched for, by day, and the clicks on what was found. Days count from
-- 1970; a key is the beginning of the hash of a topic, which is all that a click
-- brings back.
-- +goose Up
SET lock_timeout = '2s';

CREATE TABLE catalog.search_topics (
	day      integer NOT NULL,
	key      text COLLATE "C" NOT NULL,
	topic    text COLLATE "C" NOT NULL,
	searches bigint NOT NULL,
	empty    bigint NOT NULL,
	results  bigint NOT NULL,
	CONSTRAINT search_topics_key PRIMARY KEY (day, key)
);

CREATE TABLE catalog.search_clicks (
	day      integer NOT NULL,
	key      text COLLATE "C" NOT NULL,
	position integer NOT NULL,
	clicks   bigint NOT NULL,
	CONSTRAINT search_clicks_key PRIMARY KEY (day, key, position)
);
