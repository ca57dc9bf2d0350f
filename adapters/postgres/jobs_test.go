package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// elapse makes a queue's time go by: everything in it is due earlier.
func elapse(t *testing.T, db *DB, d time.Duration) {
	t.Helper()
	for _, r := range db.realms() {
		if _, err := r.write(t.Context(), func(_ context.Context, tx *tx) error {
			tx.queue("UPDATE "+r.table("outbox")+" SET available_at = available_at - $1::interval", d)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// addJobs runs one transaction of each realm.
func addJobs(db *DB) map[ports.Realm]func(context.Context, func(context.Context, ports.Outbox) error) error {
	all := map[ports.Realm]func(context.Context, func(context.Context, ports.Outbox) error) error{}
	for _, r := range db.realms() {
		all[r.name] = func(ctx context.Context, fn func(context.Context, ports.Outbox) error) error {
			_, err := r.write(ctx, func(ctx context.Context, t *tx) error { return fn(ctx, outbox{t, r}) })
			return err
		}
	}
	return all
}

func TestJobs_Conformance(t *testing.T) {
	porttest.TestJobs(t, porttest.JobHarness{New: func(t *testing.T) porttest.Queue {
		db := open(t)
		return porttest.Queue{
			Source: db.Jobs(), Dead: db.Jobs(), Backlogs: db.Jobs(), Orders: db.Orders(), Realms: addJobs(db),
			Elapse: func(d time.Duration) { elapse(t, db, d) },
		}
	}})
}

func outlet(t *testing.T) porttest.Outlet {
	db := open(t)
	return porttest.Outlet{
		Outboxes: db.Jobs(), Graveyard: db.Jobs(), Dead: db.Jobs(), Realms: addJobs(db),
		Elapse: func(d time.Duration) { elapse(t, db, d) },
	}
}

func TestOutboxes_Conformance(t *testing.T) {
	porttest.TestOutboxes(t, porttest.OutboxHarness{New: outlet})
}

func TestGraveyard_Conformance(t *testing.T) {
	porttest.TestGraveyard(t, porttest.OutboxHarness{New: outlet})
}

func TestJobs_Bury(t *testing.T) {
	t.Parallel()

	t.Run("WhatIsNoTextOrJSON", func(t *testing.T) {
		t.Parallel()
		db := open(t)
		j := id.Job{UUID: id.UUID{1}}
		for payload, want := range map[string]string{"{\x00": `"{\u0000"`, "\xff": `"\ufffd"`, "": `""`, `{"a":1}`: `{"a":1}`} {
			if err := db.Jobs().Bury(t.Context(), job.DeadJob{
				Envelope: job.Envelope{Task: "strange\x00", ID: j, Payload: []byte(payload), CreatedAt: time.Now()}, Reason: "\xff\x00", DiedAt: time.Now(),
			}); err != nil {
				t.Fatal(err)
			}
			list, _, err := db.Jobs().ListDead(t.Context(), job.DeadFilter{Limit: 1})
			if err != nil || len(list) != 1 || string(list[0].Payload) != want || list[0].Reason != "\ufffd\ufffd" || list[0].Task != "strange\ufffd" {
				t.Errorf("%q: %+v, %v", payload, list, err)
			}
		}
	})
}
