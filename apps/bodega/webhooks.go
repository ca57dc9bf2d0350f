package main

import (
	"context"
	"net/url"
	"text/tabwriter"
	"time"
)

type listWebhooks struct {
	Provider string `help:"Only those of this provider." placeholder:"PROVIDER"`
	Waiting  bool   `help:"Only those not yet worked off."`
}

type webhook struct {
	ID         string     `json:"id"`
	Provider   string     `json:"provider"`
	Type       string     `json:"type"`
	PaymentID  string     `json:"payment_id"`
	ReceivedAt time.Time  `json:"received_at"`
	EndedAt    *time.Time `json:"ended_at"`
}

// Run prints events, one a line.
func (c *listWebhooks) Run(ctx context.Context, t *terminal) error {
	query := url.Values{}
	if c.Provider != "" {
		query.Set("provider", c.Provider)
	}
	if c.Waiting {
		query.Set("waiting", "true")
	}
	return t.with(ctx, func(api *client) error {
		table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		say(table, "EVENT\tPROVIDER\tTYPE\tPAYMENT\tRECEIVED\tDONE\n")
		err := all(ctx, api, "/v1/admin/payments/events", query, func(w webhook) error {
			done := "waiting"
			if w.EndedAt != nil {
				done = w.EndedAt.Format(time.RFC3339)
			}
			say(table, "%s\t%s\t%s\t%s\t%s\t%s\n", w.ID, w.Provider, w.Type, w.PaymentID, w.ReceivedAt.Format(time.RFC3339), done)
			return nil
		})
		if err != nil {
			return err
		}
		return table.Flush()
	})
}

type replayWebhooks struct {
	Event    []string      `arg:"" optional:"" help:"The provider's ids of just these events."`
	Provider string        `help:"Only those of this provider." placeholder:"PROVIDER"`
	Waiting  bool          `help:"Only those not yet worked off."`
	Since    time.Duration `help:"Only those received so long ago or later, like 24h." placeholder:"DURATION"`
}

// Run puts events back to work, in batches until there are no more.
func (c *replayWebhooks) Run(ctx context.Context, t *terminal) error {
	request := map[string]any{"limit": batch}
	if c.Provider != "" {
		request["provider"] = c.Provider
	}
	if c.Waiting {
		request["waiting"] = true
	}
	if len(c.Event) > 0 {
		request["event_ids"] = c.Event
	}
	if c.Since > 0 {
		request["from"] = time.Now().Add(-c.Since).UTC().Format(time.RFC3339Nano)
	}
	return t.with(ctx, func(api *client) error {
		done := 0
		for {
			var answer struct {
				Replayed   int     `json:"replayed"`
				NextCursor *string `json:"next_cursor"`
			}
			if err := api.post(ctx, "/v1/admin/payments/events/replay", request, &answer); err != nil {
				return err
			}
			done += answer.Replayed
			if answer.NextCursor == nil {
				say(t.out, "%d events put back to work\n", done)
				return nil
			}
			request["cursor"] = *answer.NextCursor
		}
	})
}
