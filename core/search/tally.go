package search

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
)

// Topic returns a text as searches for the same are counted by: its words in
// lower case with single spaces. It is "" for one that is not counted: without
// words, longer than a query of a few words is, or with an address of mail in it,
// which would say who asked.
func Topic(text string) string {
	if len(text) > maxTopic || strings.Contains(text, "@") {
		return ""
	}
	topic := strings.Join(strings.Fields(strings.ToLower(text)), " ")
	if len(Words(topic)) == 0 {
		return ""
	}
	return topic
}

const maxTopic = 100

// TopicKey stands for a topic where its text would be too long.
type TopicKey [8]byte

// KeyOf returns the key of a topic, zero of none.
func KeyOf(topic string) (k TopicKey) {
	if topic != "" {
		sum := sha256.Sum256([]byte(topic))
		copy(k[:], sum[:])
	}
	return k
}

// String writes the key in 16 hexadecimal digits.
func (k TopicKey) String() string { return hex.EncodeToString(k[:]) }

// Day is a day of UTC, counted from 1970.
type Day int

// DayOf returns the day of a moment.
func DayOf(at time.Time) Day { return Day(at.Unix() / (24 * 60 * 60)) }

// Time returns the beginning of the day.
func (d Day) Time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// Tally is what became of a topic on one day. Nobody is in it.
type Tally struct {
	Day      Day
	Key      TopicKey
	Topic    string        // "" where only clicks are counted
	Searches int64         // as first asked for: no further pages, no filters
	Empty    int64         // of them, those that found nothing
	Results  int64         // products that all of them found
	Clicks   map[int]int64 // on results, by their position
}

// TopicOrder says which topics a report is about, and which come first.
type TopicOrder string

const (
	BySearches TopicOrder = "searches"
	ByEmpty    TopicOrder = "empty"  // searches without result
	ByClicks   TopicOrder = "clicks" // on results
)

// TopicQuery asks for topics, those with the most of By first, then by text.
// Those without any are left out.
type TopicQuery struct {
	From, To Day // both inclusive
	By       TopicOrder
	Page     int // from 1; 0 means 1
	PerPage  int // 0 means PerPage
}

// Normalize fills in what was not said.
func (q TopicQuery) Normalize() TopicQuery {
	if q.Page == 0 {
		q.Page = 1
	}
	if q.PerPage == 0 {
		q.PerPage = PerPage
	}
	return q
}

// MaxPage returns the last page that can be asked for at this page size.
func (q TopicQuery) MaxPage() int { return MaxDepth / q.Normalize().PerPage }

// Validate answers Invalid with every field that breaks a rule, or Invalid
// page_out_of_range.
func (q TopicQuery) Validate() error {
	var f fault.Fields
	if q.To < q.From {
		f.Add("to", "too_small", "must not be before from")
	}
	switch q.By {
	case BySearches, ByEmpty, ByClicks:
	default:
		f.Add("by", "enum", "must be searches, empty or clicks")
	}
	if q.PerPage < 0 || q.PerPage > MaxPerPage {
		f.Add("per_page", "too_large", fmt.Sprintf("must be 1 to %d", MaxPerPage))
	}
	if q.Page < 0 {
		f.Add("page", "too_small", "must be at least 1")
	}
	if err := f.Err(); err != nil {
		return err
	}
	if last := q.MaxPage(); q.Page > last {
		return &fault.Error{
			Kind: fault.Invalid, Code: "page_out_of_range", Detail: fmt.Sprintf("the last page that can be asked for is %d", last), Data: fault.Max{Max: int64(last)},
			Fields: []fault.Field{{Location: "page", Code: "too_large", Message: fmt.Sprintf("must be at most %d", last)}},
		}
	}
	return nil
}

// TopicCount is a topic over several days.
type TopicCount struct {
	Topic    string
	Searches int64
	Empty    int64
	Results  int64
	Clicks   int64
	Position float64 // of the clicks, on average; 0 without any
}

// PopularTopic is a topic that found something, and how popular it is.
type PopularTopic struct {
	Topic  string
	Weight int64
}
