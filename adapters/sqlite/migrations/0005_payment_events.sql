-- oldest: 3
-- What payment providers send, once for each of their ids, until a job has asked
-- them for the truth.

CREATE TABLE payment_events (
  id          BLOB PRIMARY KEY,
  provider    TEXT NOT NULL,
  event_id    TEXT NOT NULL,
  type        TEXT NOT NULL,
  payment_id  BLOB,
  body        BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  ended_at    INTEGER,
  UNIQUE (provider, event_id)
) STRICT;
