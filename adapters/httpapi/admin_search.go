package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// SynonymRule says which words mean the same.
type SynonymRule struct {
	Terms []string `json:"terms" doc:"words, or several of them as one term"`
	To    []string `json:"to" doc:"empty: each term also finds what the others find; else a query for one of the terms also finds these, and not the other way round"`
}

// Synonyms are all rules of the shop.
type Synonyms struct {
	Rules     []SynonymRule `json:"rules"`
	Version   int64         `json:"version"`
	UpdatedAt Null[Time]    `json:"updated_at"`
}

type synonymRule struct {
	Terms []string `json:"terms"`
	To    []string `json:"to,omitempty"`
}

type synonymsRequest struct {
	Rules []synonymRule `json:"rules"`
}

// SearchRule is what the shop wants of certain queries.
type SearchRule struct {
	Queries  []string     `json:"queries" doc:"a query that reads like one of them, by the measure of synonyms"`
	Redirect *string      `json:"redirect" doc:"a path, or an address of http or https"`
	Pinned   []id.Product `json:"pinned" doc:"the products that results begin with, whether or not they match"`
	Buried   []id.Product `json:"buried" doc:"the products that results end with, if they match"`
}

// SearchRules are all rules of the shop.
type SearchRules struct {
	Rules     []SearchRule `json:"rules"`
	Version   int64        `json:"version"`
	UpdatedAt Null[Time]   `json:"updated_at"`
}

type searchRule struct {
	Queries  []string     `json:"queries"`
	Redirect Opt[string]  `json:"redirect,omitzero"`
	Pinned   []id.Product `json:"pinned,omitempty"`
	Buried   []id.Product `json:"buried,omitempty"`
}

type searchRulesRequest struct {
	Rules []searchRule `json:"rules"`
}

// SearchSettings are what the search prefers.
type SearchSettings struct {
	InStock        int        `json:"in_stock_boost"`
	Featured       int        `json:"featured_boost"`
	OutOfStockLast bool       `json:"out_of_stock_last"`
	Version        int64      `json:"version"`
	UpdatedAt      Null[Time] `json:"updated_at"`
}

type searchSettingsRequest struct {
	InStock        int  `json:"in_stock_boost,omitempty" minimum:"0" maximum:"100" doc:"added to the score of what can be bought, in percent of what the rarest word scores"`
	Featured       int  `json:"featured_boost,omitempty" minimum:"0" maximum:"100" doc:"added to the score of what is featured, likewise"`
	OutOfStockLast bool `json:"out_of_stock_last,omitempty" doc:"in every order, even what is pinned"`
}

// maxSteering is how long the text of all rules may be.
const maxSteering = 8 << 20

func (a *api) registerAdminSearch() {
	const tag = "search"
	a.registerSearchReports(tag)
	register(a.edge, operation{ID: "readSynonyms", Method: http.MethodGet, Path: "/v1/admin/search/synonyms", Tag: tag, Permission: account.SearchManage, Summary: "Show the synonyms"},
		func(ctx context.Context, _ *struct{}) (*reply[Synonyms], error) {
			return synonyms(a.shop.Search.Synonyms(ctx, core.ReadSynonyms{By: caller(ctx, "")}))
		})
	register(a.edge, operation{
		ID: "replaceSynonyms", Method: http.MethodPut, Path: "/v1/admin/search/synonyms", Tag: tag, Permission: account.SearchManage,
		IfMatch: true, MaxBody: maxSteering, Summary: "Make the synonyms as given",
		Description: "In force within a second, without indexing anything anew. A term is met in a query whatever its case, joined or hyphenated, " +
			"and with or without the s of a plural; of several terms that begin at a word the longest counts. " +
			"`exact=true` searches without synonyms. At most 10,000 rules, 20 terms on either side of one, 8 words in a term, " +
			"and 40 others that one term stands for by all rules together.",
	}, func(ctx context.Context, in *struct{ Body synonymsRequest }) (*reply[Synonyms], error) {
		cmd := core.ReplaceSynonyms{By: caller(ctx, ""), Version: conditions(ctx).Version, Rules: make([]search.SynonymRule, len(in.Body.Rules))}
		for i, r := range in.Body.Rules {
			cmd.Rules[i] = search.SynonymRule(r)
		}
		return synonyms(a.shop.Search.ReplaceSynonyms(ctx, cmd))
	})
	register(a.edge, operation{ID: "readSearchRules", Method: http.MethodGet, Path: "/v1/admin/search/rules", Tag: tag, Permission: account.SearchManage, Summary: "Show the rules for queries"},
		func(ctx context.Context, _ *struct{}) (*reply[SearchRules], error) {
			return searchRules(a.shop.Search.Rules(ctx, core.ReadSearchRules{By: caller(ctx, "")}))
		})
	register(a.edge, operation{
		ID: "replaceSearchRules", Method: http.MethodPut, Path: "/v1/admin/search/rules", Tag: tag, Permission: account.SearchManage,
		IfMatch: true, MaxBody: maxSteering, Summary: "Make the rules for queries as given",
		Description: "In force within a second. Filters hold for pinned products too; sorted by anything but relevance, results are in that order. " +
			"Products that are gone are passed over. At most 10,000 rules of 50 queries, 20 products pinned and 100 buried; a query is in one rule only.",
	}, func(ctx context.Context, in *struct{ Body searchRulesRequest }) (*reply[SearchRules], error) {
		cmd := core.ReplaceRules{By: caller(ctx, ""), Version: conditions(ctx).Version, Rules: make([]search.Rule, len(in.Body.Rules))}
		for i, r := range in.Body.Rules {
			cmd.Rules[i] = search.Rule{Queries: r.Queries, Redirect: r.Redirect.Value, Pinned: r.Pinned, Buried: r.Buried}
		}
		return searchRules(a.shop.Search.ReplaceRules(ctx, cmd))
	})
	register(a.edge, operation{ID: "readSearchSettings", Method: http.MethodGet, Path: "/v1/admin/search/settings", Tag: tag, Permission: account.SearchManage, Summary: "Show what the search prefers"},
		func(ctx context.Context, _ *struct{}) (*reply[SearchSettings], error) {
			return searchSettings(a.shop.Search.Boosts(ctx, core.ReadSearchBoosts{By: caller(ctx, "")}))
		})
	register(a.edge, operation{
		ID: "replaceSearchSettings", Method: http.MethodPut, Path: "/v1/admin/search/settings", Tag: tag, Permission: account.SearchManage,
		IfMatch: true, Summary: "Say what the search prefers",
		Description: "In force within a second, without indexing anything anew. Boosts count where results are sorted by relevance. " +
			"What is left out is 0 or false.",
	}, func(ctx context.Context, in *struct{ Body searchSettingsRequest }) (*reply[SearchSettings], error) {
		return searchSettings(a.shop.Search.ReplaceBoosts(ctx, core.ReplaceBoosts{
			By: caller(ctx, ""), Version: conditions(ctx).Version, Boosts: search.Boosts(in.Body),
		}))
	})
}

func synonyms(s core.SynonymRules, err error) (*reply[Synonyms], error) {
	if err != nil {
		return nil, err
	}
	out := Synonyms{Rules: make([]SynonymRule, len(s.Rules)), Version: s.Version, UpdatedAt: optionalTime(s.UpdatedAt)}
	for i, r := range s.Rules {
		out.Rules[i] = SynonymRule{Terms: list(r.Terms), To: list(r.To)}
	}
	return &reply[Synonyms]{Body: out, ETag: strongETag(s.Version), Mark: s.Mark}, nil
}

func searchRules(s core.SearchRules, err error) (*reply[SearchRules], error) {
	if err != nil {
		return nil, err
	}
	out := SearchRules{Rules: make([]SearchRule, len(s.Rules)), Version: s.Version, UpdatedAt: optionalTime(s.UpdatedAt)}
	for i, r := range s.Rules {
		out.Rules[i] = SearchRule{Queries: list(r.Queries), Redirect: text(r.Redirect), Pinned: list(r.Pinned), Buried: list(r.Buried)}
	}
	return &reply[SearchRules]{Body: out, ETag: strongETag(s.Version), Mark: s.Mark}, nil
}

func searchSettings(s core.SearchBoosts, err error) (*reply[SearchSettings], error) {
	if err != nil {
		return nil, err
	}
	out := SearchSettings{InStock: s.InStock, Featured: s.Featured, OutOfStockLast: s.OutOfStockLast, Version: s.Version, UpdatedAt: optionalTime(s.UpdatedAt)}
	return &reply[SearchSettings]{Body: out, ETag: strongETag(s.Version), Mark: s.Mark}, nil
}

// list is never null.
func list[T any](of []T) []T {
	if of == nil {
		return []T{}
	}
	return of
}
