-- oldest: 4
-- Who is told of what happens in the shop, and how far each was told.

CREATE TABLE webhook_endpoints (
  id          BLOB PRIMARY KEY,
  url         TEXT NOT NULL,
  description TEXT NOT NULL,
  events      TEXT NOT NULL,
  disabled    INTEGER NOT NULL,
  secrets     TEXT NOT NULL,
  failures    INTEGER NOT NULL DEFAULT 0, -- in a row, to answer at all
  held_until  INTEGER NOT NULL DEFAULT 0, -- somebody's, or left alone, until then
  version     INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE webhook_deliveries (
  id          BLOB PRIMARY KEY,
  endpoint_id BLOB NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  event_id    BLOB NOT NULL,
  type        TEXT NOT NULL,
  data        TEXT NOT NULL,
  status      TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts    INTEGER NOT NULL,
  next_at     INTEGER CHECK ((status = 'pending') = (next_at IS NOT NULL)),
  answer      INTEGER NOT NULL,
  problem     TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  ended_at    INTEGER
) STRICT;

CREATE INDEX webhook_deliveries_shown ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
