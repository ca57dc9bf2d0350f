package account_test

import (
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
)

func TestActor_Can(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		actor account.Actor
		can   bool
	}{
		"Nobody":          {account.Actor{}, false},
		"EmptyToken":      {account.Guest(""), false},
		"Guest":           {account.Guest("t"), false},
		"Customer":        {account.Customer(id.Customer{UUID: id.UUID{1}}), false},
		"KeyWithout":      {account.Key("k", account.StockRead), false},
		"KeyWith":         {account.Key("k", account.StockRead, account.OrderRead), true},
		"KeyOfEverything": {account.Key("k", account.Everything), true},
		"System":          {account.System("s"), true},
	} {
		if got := test.actor.Can(account.OrderRead); got != test.can {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !account.Guest("").IsNobody() {
		t.Error("a guest without a token is somebody")
	}
}

func TestActor_Shows(t *testing.T) {
	t.Parallel()
	hash := account.HashToken("right")
	for name, test := range map[string]struct {
		actor account.Actor
		shows bool
	}{
		"Right": {account.Guest("right"), true}, "Wrong": {account.Guest("wrong"), false}, "Nobody": {account.Actor{}, false},
		"Customer": {account.Customer(id.Customer{UUID: id.UUID{1}}), false}, "System": {account.System("right"), false},
	} {
		if got := test.actor.Shows(hash); got != test.shows {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestActor_Owner(t *testing.T) {
	t.Parallel()
	owners := map[string]bool{}
	for _, a := range []account.Actor{account.Guest("secret"), account.Guest("other"), account.Customer(id.Customer{UUID: id.UUID{1}}), account.Key("k"), account.System("k")} {
		owner := a.Owner()
		if owner == "" || owners[owner] || strings.Contains(owner, "secret") {
			t.Errorf("owner %q is empty, shared or tells the token", owner)
		}
		owners[owner] = true
	}
	if (account.Actor{}).Owner() != "" {
		t.Error("nobody owns something")
	}
}
