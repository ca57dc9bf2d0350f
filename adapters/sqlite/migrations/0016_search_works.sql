-- oldest: 4
-- What one program at a time does to the search index for all of them, and how
-- far it has come.

CREATE TABLE search_works (
  name    TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  holder  TEXT NOT NULL, -- '': nobody is at it
  until   INTEGER,       -- after that somebody else may go on
  body    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
