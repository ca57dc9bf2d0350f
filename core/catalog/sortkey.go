package catalog

import (
	"strconv"
	"time"

	"github.com/bodega-commerce/bodega/core/money"
)

// ListPrice returns the price that lists sort a product by: the lowest among
// its active variants, the base price if none is active.
func (p *Product) ListPrice() money.Amount {
	lowest := money.Amount{}
	for i := range p.Variants {
		if p.Variants[i].Status != VariantActive {
			continue
		}
		if price := p.Price(&p.Variants[i]); lowest.IsNone() || price.Compare(lowest) < 0 {
			lowest = price
		}
	}
	if lowest.IsNone() {
		return p.BasePrice
	}
	return lowest
}

// Newest returns the time that sort=newest goes by.
func (p *Product) Newest() time.Time {
	if p.Released.IsZero() {
		return p.CreatedAt
	}
	return p.Released
}

// Key returns where the list goes on after a product.
func (b Browse) Key(p *Product) BrowseKey {
	k := BrowseKey{ID: p.ID}
	switch b.Sort {
	case BrowseByName:
		k.Value = p.Name
	case BrowseByUpdatedAt:
		k.Value = strconv.FormatInt(p.UpdatedAt.UnixMicro(), 10)
	case BrowseByPrice:
		k.Value = strconv.FormatInt(p.ListPrice().Minor(), 10)
	case BrowseByID:
	}
	return k
}
