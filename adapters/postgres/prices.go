package postgres

import (
	"context"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// priceRules is what operators have said about prices.
type priceRules struct{ r *realm }

var _ ports.PriceRules = priceRules{}

const selectPriceRules = "SELECT doc, revision FROM orders.price_rules"

// PriceRules is contracted by ports.PriceRules.
func (p priceRules) PriceRules(ctx context.Context) (rules pricing.Rules, err error) {
	err = p.r.read(ctx, func(q querier) error {
		rules, err = readPriceRules(ctx, q, selectPriceRules)
		return err
	})
	return rules, err
}

type priceRuleWriter struct{ t *tx }

var _ ports.PriceRuleWriter = priceRuleWriter{}

// PriceRulesForUpdate is contracted by ports.PriceRuleWriter.
func (w priceRuleWriter) PriceRulesForUpdate(ctx context.Context) (pricing.Rules, error) {
	rules, err := readPriceRules(ctx, w.t, selectPriceRules+" FOR NO KEY UPDATE")
	return rules, translate(ctx, err)
}

// SavePriceRules is contracted by ports.PriceRuleWriter.
func (w priceRuleWriter) SavePriceRules(_ context.Context, r pricing.Rules) error {
	doc, err := r.Marshal()
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres", err)
	}
	w.t.queue("UPDATE orders.price_rules SET revision = $1, doc = $2", r.Revision, doc)
	return nil
}

// RequirePriceRules is contracted by ports.PriceRuleWriter.
func (w priceRuleWriter) RequirePriceRules(_ context.Context, revision int64) error {
	w.t.queue("SELECT orders.missing('price_rules') WHERE NOT EXISTS (SELECT FROM orders.price_rules WHERE revision = $1)", revision)
	return nil
}

func readPriceRules(ctx context.Context, q querier, sql string) (pricing.Rules, error) {
	var doc []byte
	var revision int64
	if err := q.QueryRow(ctx, sql).Scan(&doc, &revision); err != nil {
		return pricing.Rules{}, err
	}
	rules, err := pricing.ParseRules(doc, revision)
	return rules, unreadable(err)
}
