// Package account knows who is asking. The actor travels in every command, so
// that a verb cannot be called without saying for whom. It imports the
// standard library and id.
package account

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"

	"github.com/bodega-commerce/bodega/core/id"
)

// Permission names something an operator may do. An API key holds those it was
// given, the system all of them, everybody else none.
type Permission string

const (
	CatalogRead    Permission = "catalog.read"
	CatalogWrite   Permission = "catalog.write"
	StockRead      Permission = "stock.read"
	StockAdjust    Permission = "stock.adjust"
	OrderRead      Permission = "order.read"
	OrderWrite     Permission = "order.write"
	OrderRefund    Permission = "order.refund"
	PriceRead      Permission = "price.read"
	PriceWrite     Permission = "price.write"
	JobsManage     Permission = "jobs.manage"
	SearchManage   Permission = "search.manage"
	WebhooksManage Permission = "webhooks.manage"

	// StorefrontProxy lets a frontend's server speak for shoppers' addresses.
	StorefrontProxy Permission = "storefront.proxy"

	// Everything is every permission, also those to come.
	Everything Permission = "*"
)

type kind uint8

const (
	nobody kind = iota
	guest
	customer
	key
	system
)

// Actor is who is asking. The zero Actor is nobody: it reads what is public and
// owns nothing.
type Actor struct {
	kind        kind
	name        string
	token       string
	customer    id.Customer
	permissions []Permission
}

// Guest is whoever shows a token: a cart's or an order's, as the verb needs.
// An empty token is nobody.
func Guest(token string) Actor {
	if token == "" {
		return Actor{}
	}
	return Actor{kind: guest, token: token}
}

// Customer is somebody with an account.
func Customer(c id.Customer) Actor { return Actor{kind: customer, customer: c} }

// Key is a program or operator with a named API key and its permissions.
func Key(name string, permissions ...Permission) Actor {
	return Actor{kind: key, name: name, permissions: permissions}
}

// System is the embedding program or one of the shop's own loops. It may do
// everything.
func System(name string) Actor { return Actor{kind: system, name: name} }

// Can reports whether the actor holds a permission.
func (a Actor) Can(p Permission) bool {
	switch a.kind {
	case system:
		return true
	case key:
		return slices.Contains(a.permissions, p) || slices.Contains(a.permissions, Everything)
	default:
		return false
	}
}

// IsNobody reports whether this is the zero Actor.
func (a Actor) IsNobody() bool { return a.kind == nobody }

// IsSystem reports whether the shop itself is asking.
func (a Actor) IsSystem() bool { return a.kind == system }

// CustomerID returns whose account it is; zero for everybody else.
func (a Actor) CustomerID() id.Customer { return a.customer }

// Token returns what a guest shows; empty for everybody else.
func (a Actor) Token() string { return a.token }

// Shows reports whether a guest's token is the one with this hash, in constant time.
func (a Actor) Shows(hash TokenHash) bool {
	if a.kind != guest {
		return false
	}
	own := HashToken(a.token)
	return subtle.ConstantTimeCompare(own[:], hash[:]) == 1
}

// Owner names the actor as the owner of idempotency keys and of lines in an
// audit; "" for nobody. It holds no secret: a guest is named by the hash of the token.
func (a Actor) Owner() string {
	switch a.kind {
	case guest:
		h := HashToken(a.token)
		return "guest:" + hex.EncodeToString(h[:16])
	case customer:
		return "customer:" + a.customer.String()
	case key:
		return "key:" + a.name
	case system:
		return "system:" + a.name
	default:
		return ""
	}
}

// Role is who did something, as an order's timeline tells it.
type Role string

const (
	RoleCustomer Role = "customer"
	RoleAdmin    Role = "admin"
	RoleSystem   Role = "system"
)

// Role returns how a timeline names the actor.
func (a Actor) Role() Role {
	switch a.kind {
	case key:
		return RoleAdmin
	case system:
		return RoleSystem
	default:
		return RoleCustomer
	}
}

// TokenHash is the SHA-256 of a token; tokens themselves are never stored.
type TokenHash [sha256.Size]byte

// HashToken returns what is stored of a token. Tokens are 256 random bits, so a
// plain hash is enough.
func HashToken(token string) TokenHash { return sha256.Sum256([]byte(token)) }
