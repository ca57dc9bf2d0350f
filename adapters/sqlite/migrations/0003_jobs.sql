-- oldest: 3
-- The outbox of every realm is also the queue.

CREATE TABLE jobs (
  id           BLOB PRIMARY KEY,
  realm        TEXT NOT NULL,
  task         TEXT NOT NULL,
  payload      TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  trace_id     TEXT NOT NULL,
  available_at INTEGER NOT NULL, -- nobody is handed it before; while it is held, when its lease ends
  attempts     INTEGER NOT NULL, -- times it was handed out
  last_error   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_available ON jobs (task, available_at);

CREATE TABLE dead_jobs (
  id         BLOB PRIMARY KEY,
  realm      TEXT NOT NULL,
  task       TEXT NOT NULL,
  payload    TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  trace_id   TEXT NOT NULL,
  attempts   INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  died_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_jobs_by_task ON dead_jobs (task, id);

-- Jobs leave the queue when they are done. That an order's confirmation was ever
-- put there has to be seen later: each confirmed order has exactly one.
CREATE TABLE confirmations (
  order_id BLOB NOT NULL,
  job_id   BLOB NOT NULL,
  PRIMARY KEY (order_id, job_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER jobs_confirmation AFTER INSERT ON jobs WHEN new.task = 'email.send_order_confirmation' BEGIN
  INSERT OR IGNORE INTO confirmations (order_id, job_id) VALUES (unhex(new.payload ->> 'order_id', '-'), new.id);
END;
