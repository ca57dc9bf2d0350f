package elasticsearch

import (
	"context"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/search"
)

// survey is what is known of the index as a whole: the words that misspelt ones
// may have meant, and how long names are.
type survey struct {
	dictionary *search.Dictionary
	length     float64 // words in a name, on average
	at         time.Time
	took       time.Duration
}

// surveyCache holds the last survey. Searches use what there is; a new one is
// made behind them.
type surveyCache struct {
	mu    sync.Mutex
	last  *survey
	ready chan struct{} // of the one being made; nil: none is
}

const (
	surveyEvery = time.Minute
	// surveyShare of the time is spent on surveys at most, where they take long.
	surveyShare = 50
	// surveyWait is how long the first search waits for the first survey.
	surveyWait = 300 * time.Millisecond
	// surveyWords are listed of names, and as many of other texts, the commonest.
	surveyWords = 30_000
	// nameWeight is how much likelier a word of names is to be meant than another.
	nameWeight = 32
	// ordinaryLength of a name is taken while nothing is known.
	ordinaryLength = 10
)

func (c *surveyCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = nil
}

// surveyed returns the last survey, or an empty one while there is none.
func (e *Engine) surveyed(ctx context.Context) *survey {
	c := &e.survey
	c.mu.Lock()
	last, ready := c.last, c.ready
	if (last == nil || time.Since(last.at) > max(surveyEvery, surveyShare*last.took)) && ready == nil {
		ready = make(chan struct{})
		c.ready = ready
		e.inBackground(func(ctx context.Context) { e.makeSurvey(ctx, ready) }) //nolint:contextcheck // it outlives the search
	}
	c.mu.Unlock()
	if last == nil {
		last = e.awaitSurvey(ctx, ready)
	}
	return last
}

func (e *Engine) awaitSurvey(ctx context.Context, ready <-chan struct{}) *survey {
	timer := time.NewTimer(surveyWait)
	defer timer.Stop()
	select {
	case <-ready:
	case <-timer.C:
	case <-ctx.Done():
	}
	e.survey.mu.Lock()
	defer e.survey.mu.Unlock()
	if e.survey.last == nil {
		return &survey{length: ordinaryLength}
	}
	return e.survey.last
}

func (e *Engine) makeSurvey(ctx context.Context, ready chan struct{}) {
	made := e.takeSurvey(ctx)
	e.survey.mu.Lock()
	defer e.survey.mu.Unlock()
	if made != nil {
		e.survey.last = made
	} else if e.survey.last != nil {
		e.survey.last.at = time.Now() // not again at once
	}
	e.survey.ready = nil
	close(ready)
}

// takeSurvey asks the engine, nil if it does not answer.
func (e *Engine) takeSurvey(ctx context.Context) *survey {
	begin := time.Now()
	body := object{
		"size": 0,
		"aggs": object{
			"length": object{"avg": object{"field": "length"}},
			"names":  object{"terms": object{"field": "name_forms", "size": surveyWords}},
			"texts":  object{"terms": object{"field": "text_forms", "size": surveyWords, "min_doc_count": 2}}, // what stands once may be a typo itself
		},
	}
	var told struct {
		Aggregations struct {
			Length       value
			Names, Texts terms
		}
	}
	if err := e.find(ctx, "/_search?filter_path=aggregations", body, &told); err != nil {
		return nil
	}
	words := make([]search.Counted, 0, len(told.Aggregations.Names.Buckets)+len(told.Aggregations.Texts.Buckets))
	at := map[string]int{}
	for _, b := range told.Aggregations.Names.Buckets {
		at[b.Key] = len(words)
		words = append(words, search.Counted{Word: b.Key, Count: nameWeight * b.Documents, Named: true})
	}
	for _, b := range told.Aggregations.Texts.Buckets {
		if i, named := at[b.Key]; named {
			words[i].Count += b.Documents
		} else {
			words = append(words, search.Counted{Word: b.Key, Count: b.Documents})
		}
	}
	length := told.Aggregations.Length.Value
	if length <= 0 {
		length = ordinaryLength
	}
	return &survey{dictionary: search.NewDictionary(words), length: length, at: time.Now(), took: time.Since(begin)}
}
