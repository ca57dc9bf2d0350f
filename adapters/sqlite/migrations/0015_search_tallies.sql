-- oldest: 4
-- What was searched for, by day, and the clicks on what was found. Days count from
-- 1970; a key is the beginning of the hash of a topic, which is all that a click
-- brings back.

CREATE TABLE search_topics (
  day      INTEGER NOT NULL,
  key      TEXT NOT NULL,
  topic    TEXT NOT NULL,
  searches INTEGER NOT NULL,
  empty    INTEGER NOT NULL,
  results  INTEGER NOT NULL,
  PRIMARY KEY (day, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE search_clicks (
  day      INTEGER NOT NULL,
  key      TEXT NOT NULL,
  position INTEGER NOT NULL,
  clicks   INTEGER NOT NULL,
  PRIMARY KEY (day, key, position)
) STRICT, WITHOUT ROWID;
