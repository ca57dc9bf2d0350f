package httpapi

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

// SearchTopic is what was searched for over some days, and what came of it.
type SearchTopic struct {
	Query           string   `json:"query" doc:"in lower case, with single spaces"`
	Searches        int64    `json:"searches" doc:"first pages without filters"`
	Empty           int64    `json:"empty" doc:"searches that found nothing"`
	AverageResults  float64  `json:"average_results" doc:"products found by one search"`
	Clicks          int64    `json:"clicks"`
	ClickThrough    float64  `json:"click_through" doc:"clicks for each search"`
	AveragePosition *float64 `json:"average_position" doc:"of what was clicked; null without clicks"`
}

type searchReportParams struct {
	From    string `query:"from" format:"date" doc:"a day of UTC; 29 days before to when not said"`
	To      string `query:"to" format:"date" doc:"a day of UTC, inclusive; today when not said"`
	Page    int    `query:"page" minimum:"1" default:"1"`
	PerPage int    `query:"per_page" minimum:"1" maximum:"100" default:"24"`
}

// reportDays is how long a report looks back when it is not said.
const reportDays = 30

func (a *api) registerSearchReports(tag string) {
	for _, r := range []struct {
		id, path, summary string
		by                search.TopicOrder
	}{
		{"listTopSearches", "top", "Show what is searched for most", search.BySearches},
		{"listEmptySearches", "empty", "Show what is searched for and not found", search.ByEmpty},
		{"listClickedSearches", "clicks", "Show whose results are clicked on most", search.ByClicks},
	} {
		register(a.edge, operation{
			ID: r.id, Method: http.MethodGet, Path: "/v1/admin/search/analytics/" + r.path, Tag: tag, Permission: account.SearchManage, Summary: r.summary,
			Description: "By query and day, without anything about who searched. Counts are some seconds old, and kept for 400 days. Searches that browsers and CDNs answer are not in them.",
		}, func(ctx context.Context, in *searchReportParams) (*reply[Page[SearchTopic]], error) {
			q, err := in.query(r.by, a.now())
			if err != nil {
				return nil, err
			}
			report, err := a.shop.Search.Report(ctx, core.ReportSearches{By: caller(ctx, ""), Query: q})
			if err != nil {
				return nil, err
			}
			out := Page[SearchTopic]{Items: make([]SearchTopic, len(report.Topics)), Page: report.Page, PerPage: report.PerPage, Total: report.Total, MaxPage: report.MaxPage}
			for i := range report.Topics {
				out.Items[i] = searchTopic(&report.Topics[i])
			}
			return &reply[Page[SearchTopic]]{Body: out}, nil
		})
	}
}

func (in *searchReportParams) query(by search.TopicOrder, now time.Time) (search.TopicQuery, error) {
	q := search.TopicQuery{To: search.DayOf(now), By: by, Page: in.Page, PerPage: in.PerPage}
	var f fault.Fields
	day := func(name, text string, into *search.Day) {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			f.Add(name, "pattern", "must be a date")
		}
		*into = search.DayOf(at)
	}
	if in.To != "" {
		day("to", in.To, &q.To)
	}
	q.From = q.To - reportDays + 1
	if in.From != "" {
		day("from", in.From, &q.From)
	}
	return q, f.Err()
}

func searchTopic(t *search.TopicCount) SearchTopic {
	out := SearchTopic{Query: t.Topic, Searches: t.Searches, Empty: t.Empty, Clicks: t.Clicks}
	if t.Searches > 0 {
		out.AverageResults = rounded(float64(t.Results) / float64(t.Searches))
		out.ClickThrough = rounded(float64(t.Clicks) / float64(t.Searches))
	}
	if t.Clicks > 0 {
		position := rounded(t.Position)
		out.AveragePosition = &position
	}
	return out
}

// rounded keeps three digits behind the point.
func rounded(f float64) float64 { return math.Round(f*1000) / 1000 }
