-- oldest: 4
-- How a shopkeeper steers the search: one document of each kind, read as a whole
-- when its version has changed.

CREATE TABLE search_settings (
  name       TEXT PRIMARY KEY,
  version    INTEGER NOT NULL,
  body       TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
