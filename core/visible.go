package core

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
)

// orderToken returns what a guest shows to see an order. It is not stored: the
// shop's secret signs it, and its older secrets still count while they rotate.
func (s *shared) orderToken(o id.Order) string {
	return base64.RawURLEncoding.EncodeToString(signOrder(s.Secrets[0], o))
}

func (s *shared) opensOrder(token string, o id.Order) bool {
	shown, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return false
	}
	for _, secret := range s.Secrets {
		if hmac.Equal(shown, signOrder(secret, o)) {
			return true
		}
	}
	return false
}

func signOrder(secret []byte, o id.Order) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("order ")) // the same secrets sign other things too
	mac.Write(o.UUID[:])
	return mac.Sum(nil)
}

// sees reports whether the actor may see an order.
func (s *shared) sees(by account.Actor, o order.Order) bool {
	switch {
	case by.Can(account.OrderRead):
		return true
	case !by.CustomerID().IsZero():
		return by.CustomerID() == o.Customer
	default:
		return s.opensOrder(by.Token(), o.ID)
	}
}

// visible reads an order with its payment for somebody who may see it; for
// everybody else it is NotFound.
func (s *shared) visible(ctx context.Context, by account.Actor, o id.Order) (dossier, error) {
	if by.IsNobody() {
		return dossier{}, fault.Missing("order")
	}
	d, err := s.dossier(ctx, o)
	if err != nil {
		return dossier{}, err
	}
	if !s.sees(by, d.order) {
		return dossier{}, fault.Missing("order")
	}
	return d, nil
}
