package core

import (
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// Endpoints tells other programs what happens in the shop.
type Endpoints struct{ s *shared }

// SavedEndpoint is an endpoint as a write left it.
type SavedEndpoint struct {
	webhook.Endpoint
	Secret string // "" unless it has just been made: it is never shown again
	Mark   ports.Mark
}

// BrowseEndpoints asks for all endpoints.
type BrowseEndpoints struct {
	By account.Actor
}

// Browse returns all endpoints, oldest first. Needs webhooks.manage, as all
// verbs of Endpoints that have a By.
func (x *Endpoints) Browse(ctx context.Context, q BrowseEndpoints) ([]webhook.Endpoint, error) {
	if err := x.may(q.By); err != nil {
		return nil, err
	}
	return x.s.Orders.Webhooks.Endpoints(ctx)
}

// may answers Unavailable in a store that keeps no endpoints.
func (x *Endpoints) may(by account.Actor) error {
	if err := allow(by, account.WebhooksManage); err != nil {
		return err
	}
	if x.s.Orders.Webhooks == nil {
		return fault.New(fault.Unavailable, "unavailable", "this store keeps no webhooks")
	}
	return nil
}

// FindEndpoint asks for an endpoint.
type FindEndpoint struct {
	By       account.Actor
	Endpoint id.Endpoint
}

// Find returns an endpoint.
func (x *Endpoints) Find(ctx context.Context, q FindEndpoint) (webhook.Endpoint, error) {
	if err := x.may(q.By); err != nil {
		return webhook.Endpoint{}, err
	}
	return x.s.Orders.Webhooks.Endpoint(ctx, q.Endpoint)
}

// EndpointDraft is what an operator says of an endpoint.
type EndpointDraft struct {
	URL         string
	Description string
	Events      []string // types, "order.*" or "*"
	Disabled    bool
}

func (d EndpointDraft) put(e *webhook.Endpoint, plain bool) error {
	e.URL, e.Description, e.Events, e.Disabled = d.URL, d.Description, slices.Compact(slices.Sorted(slices.Values(d.Events))), d.Disabled
	draft := *e
	draft.Events = d.Events // so that what is wrong is found where it was said
	return draft.Validate(plain)
}

// CreateEndpoint asks for a new endpoint.
type CreateEndpoint struct {
	By account.Actor
	EndpointDraft
}

// Create adds an endpoint with a secret. Events that happen a second later are
// kept for it.
func (x *Endpoints) Create(ctx context.Context, c CreateEndpoint) (SavedEndpoint, error) {
	if err := x.may(c.By); err != nil {
		return SavedEndpoint{}, err
	}
	now := x.s.Now()
	made := webhook.Endpoint{ID: id.Endpoint{UUID: x.s.ids.New()}, Version: 1, CreatedAt: now, UpdatedAt: now}
	if err := c.put(&made, x.s.PrivateWebhooks); err != nil {
		return SavedEndpoint{}, err
	}
	all, err := x.s.Orders.Webhooks.Endpoints(ctx)
	if err != nil {
		return SavedEndpoint{}, err
	}
	if len(all) >= webhook.MaxEndpoints {
		return SavedEndpoint{}, fault.New(fault.Invalid, "validation_failed", "there are as many webhooks as there may be: delete one first")
	}
	secret := x.s.webhookSecret()
	made.Rotate(secret, now)
	mark, err := x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error { return tx.Endpoints.InsertEndpoint(ctx, made) })
	x.s.heard.Store(nil) // whatever became of it
	if err != nil {
		return SavedEndpoint{}, err
	}
	return SavedEndpoint{Endpoint: made, Secret: secret, Mark: mark}, nil
}

func (s *shared) webhookSecret() string { return "whsec_" + s.token() }

// ReplaceEndpoint asks for an endpoint to be as given.
type ReplaceEndpoint struct {
	By       account.Actor
	Endpoint id.Endpoint
	Version  int64 // 0: whatever is there
	EndpointDraft
}

// Replace makes an endpoint as given; its secrets stay.
func (x *Endpoints) Replace(ctx context.Context, c ReplaceEndpoint) (SavedEndpoint, error) {
	return x.change(ctx, c.By, c.Endpoint, c.Version, func(e *webhook.Endpoint) error { return c.put(e, x.s.PrivateWebhooks) })
}

// RotateSecret asks for a new secret of an endpoint.
type RotateSecret struct {
	By       account.Actor
	Endpoint id.Endpoint
	Version  int64 // 0: whatever is there
}

// RotateSecret makes a new secret; the one before it signs beside it for
// webhook.SecretOverlap, so that the receiver can change its own in between.
func (x *Endpoints) RotateSecret(ctx context.Context, c RotateSecret) (SavedEndpoint, error) {
	secret, now := x.s.webhookSecret(), x.s.Now()
	saved, err := x.change(ctx, c.By, c.Endpoint, c.Version, func(e *webhook.Endpoint) error {
		e.Rotate(secret, now)
		return nil
	})
	if err != nil {
		return SavedEndpoint{}, err
	}
	saved.Secret = secret
	return saved, nil
}

// DropEndpoint asks for an endpoint to be forgotten.
type DropEndpoint struct {
	By       account.Actor
	Endpoint id.Endpoint
	Version  int64 // 0: whatever is there
}

// Drop removes an endpoint with its deliveries, also those that wait.
func (x *Endpoints) Drop(ctx context.Context, c DropEndpoint) (ports.Mark, error) {
	saved, err := x.write(ctx, c.By, c.Endpoint, c.Version, func(ctx context.Context, tx ports.OrderTx, e *webhook.Endpoint) error {
		return tx.Endpoints.DeleteEndpoint(ctx, e.ID)
	})
	return saved.Mark, err
}

func (x *Endpoints) change(ctx context.Context, by account.Actor, e id.Endpoint, version int64, change func(*webhook.Endpoint) error) (SavedEndpoint, error) {
	now := x.s.Now()
	return x.write(ctx, by, e, version, func(ctx context.Context, tx ports.OrderTx, e *webhook.Endpoint) error {
		if err := change(e); err != nil {
			return err
		}
		e.Version++
		e.UpdatedAt = now
		return tx.Endpoints.SaveEndpoint(ctx, *e)
	})
}

// write runs a step on an endpoint, locked. Stale (version_conflict) if it is not
// in the version that was seen.
func (x *Endpoints) write(ctx context.Context, by account.Actor, e id.Endpoint, version int64, step func(context.Context, ports.OrderTx, *webhook.Endpoint) error) (SavedEndpoint, error) {
	if err := x.may(by); err != nil {
		return SavedEndpoint{}, err
	}
	var saved SavedEndpoint
	mark, err := x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		found, err := tx.Endpoints.EndpointForUpdate(ctx, e)
		if err != nil {
			return err
		}
		if version != 0 && version != found.Version {
			return fault.VersionConflict(found.Version)
		}
		saved.Endpoint = found
		return step(ctx, tx, &saved.Endpoint)
	})
	x.s.heard.Store(nil) // whatever became of it
	if err != nil {
		return SavedEndpoint{}, err
	}
	saved.Mark = mark
	return saved, nil
}
