package sqlite

import (
	"context"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// priceRules is what operators have said about prices.
type priceRules struct{ db *DB }

var _ ports.PriceRules = priceRules{}

// PriceRules is contracted by ports.PriceRules.
func (p priceRules) PriceRules(ctx context.Context) (rules pricing.Rules, err error) {
	err = p.db.view(ctx, func(s *session) error {
		rules, err = readPriceRules(s)
		return err
	})
	return rules, err
}

type priceRuleWriter struct{ s *session }

var _ ports.PriceRuleWriter = priceRuleWriter{}

// PriceRulesForUpdate is contracted by ports.PriceRuleWriter.
func (w priceRuleWriter) PriceRulesForUpdate(context.Context) (pricing.Rules, error) {
	return readPriceRules(w.s)
}

// SavePriceRules is contracted by ports.PriceRuleWriter.
func (w priceRuleWriter) SavePriceRules(_ context.Context, r pricing.Rules) error {
	doc, err := r.Marshal()
	if err != nil {
		return fault.Wrap(fault.Internal, "sqlite", err)
	}
	_, err = w.s.exec("UPDATE price_rules SET revision = ?1, doc = ?2", r.Revision, text(doc))
	return err
}

// RequirePriceRules is contracted by ports.PriceRuleWriter.
func (w priceRuleWriter) RequirePriceRules(_ context.Context, revision int64) error {
	same, err := w.s.first("SELECT 1 FROM price_rules WHERE revision = ?1", func(row) error { return nil }, revision)
	if err == nil && !same {
		err = fault.New(fault.Stale, "price_rules_changed", "what makes prices was changed meanwhile")
	}
	return err
}

func readPriceRules(s *session) (pricing.Rules, error) {
	var rules pricing.Rules
	_, err := s.first("SELECT doc, revision FROM price_rules", func(r row) error {
		var broken error
		if rules, broken = pricing.ParseRules(r.bytes(0), r.int64(1)); broken != nil {
			return &fault.Error{Kind: fault.Internal, Op: "sqlite", Detail: "a stored document cannot be read", Err: broken}
		}
		return nil
	})
	return rules, err
}
