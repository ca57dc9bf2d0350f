package arch

import (
	"slices"
	"strings"
)

const module = "github.com/bodega-commerce/bodega"

// nouns in their order: each may import those before it.
var nouns = []string{
	"fault", "money", "id", "account", "catalog", "inventory", "cart",
	"pricing", "order", "payment", "review", "page", "search", "feed", "job", "webhook",
}

// driving adapters call the verbs; every other adapter serves a port.
var driving = []string{"httpapi", "jobs"}

// impure are the parts of the standard library that core stays away from, so
// that an embedder decides about transport, storage, machine and logging.
var impure = []string{"net/http", "database/sql", "os", "log"}

// random and the clock reach core through core.Deps; one file names the defaults.
var random = []string{"crypto/rand", "math/rand"}

const defaultsFile = "core/shop.go"

type tier int

const (
	outside tier = iota // standard library or third party
	noun
	ports
	verbs
	adapter
	app
	contracts // testsuite/porttest
	testsuite // the rest of it: may import anything
	homeless  // a folder the house does not know
)

// place says where a package lives: its tier and, within it, its folder.
func place(path string) (tier, string) {
	if path != module && !strings.HasPrefix(path, module+"/") {
		return outside, ""
	}
	top, rest, _ := strings.Cut(strings.TrimPrefix(path, module+"/"), "/")
	folder, _, _ := strings.Cut(rest, "/")
	switch {
	case top == "core" && rest == "":
		return verbs, ""
	case top == "core" && slices.Contains(nouns, folder):
		return noun, folder
	case top == "ports" && rest == "":
		return ports, ""
	case top == "adapters" && folder != "":
		return adapter, folder
	case top == "apps" && folder != "":
		return app, folder
	case top == "testsuite" && folder == "porttest":
		return contracts, folder
	case top == "testsuite" && folder != "":
		return testsuite, folder
	}
	return homeless, ""
}

// pure is what a tier without machine, transport or third party may import
// from outside the module.
func pure(path string, std bool) bool {
	return std && !within(path, impure)
}

func within(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return path == root || strings.HasPrefix(path, root+"/")
	})
}

// allowed says whether a package at `from` may import `to`, and if not, the
// rule that forbids it.
func allowed(from, to string, std bool) (ok bool, rule string) {
	fromTier, fromName := place(from)
	toTier, toName := place(to)
	switch fromTier {
	case noun:
		earlier := slices.Index(nouns, toName) <= slices.Index(nouns, fromName)
		return toTier == noun && earlier || toTier == outside && pure(to, std),
			"a noun imports the pure standard library and the nouns before it: " +
				strings.Join(nouns[:slices.Index(nouns, fromName)], ", ")
	case ports:
		return toTier == noun || toTier == outside && pure(to, std),
			"ports import the pure standard library and nouns"
	case verbs:
		return toTier == noun || toTier == ports || toTier == outside && pure(to, std),
			"core imports the pure standard library, nouns and ports"
	case contracts:
		return toTier == noun || toTier == ports || toTier == contracts || toTier == outside && std,
			"porttest imports the standard library, nouns and ports, so that any adapter in any module can run it"
	case adapter:
		switch toTier {
		case outside, noun, ports:
			return true, ""
		case verbs:
			return slices.Contains(driving, fromName), "only driving adapters (" + strings.Join(driving, ", ") + ") call core"
		default:
			return toTier == adapter && toName == fromName, "an adapter imports no other adapter, app or test code: parts meet in apps/boot"
		}
	case app:
		return toTier != testsuite && toTier != contracts, "the shipped programs hold no test code"
	default:
		return true, ""
	}
}
