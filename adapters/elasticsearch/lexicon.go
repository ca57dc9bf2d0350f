package elasticsearch

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/search"
)

// lexicon remembers what the engine's analysers make of words, and how many
// documents have them: what a plan, the score of a term and a highlight need to
// know. Whatever it lacks is asked for in one small request.
type lexicon struct {
	words generations[word]
	mu    sync.Mutex
	size  int       // documents with words
	epoch time.Time // what was learnt before is not relied on
}

// word is what is known of a word as it is written, in lower case.
type word struct {
	stem   string
	folded string
	docs   int // that have it or an inflection of it
	at     time.Time
}

// wordFor is how long the number of documents is relied on. What a word is
// folded and stemmed to never changes.
const wordFor = time.Minute

func (l *lexicon) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch = time.Now()
}

func (l *lexicon) documents() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(l.size, 1)
}

// look returns what is known of a word, and whether its count can be relied on.
func (l *lexicon) look(text string) (w word, known, fresh bool) {
	w, known = l.words.find(text)
	l.mu.Lock()
	defer l.mu.Unlock()
	return w, known, known && w.at.After(l.epoch) && time.Since(w.at) < wordFor
}

// learn asks for the words that are not known yet, or not freshly if they are
// to be.
func (e *Engine) learn(ctx context.Context, words []string, counted bool) error {
	var missing []string
	for _, w := range words {
		if _, known, fresh := e.lexicon.look(w); !fresh && (counted || !known) {
			missing = append(missing, w)
		}
	}
	for len(missing) > 0 {
		n := min(len(missing), 1000)
		if err := e.ask(ctx, missing[:n]); err != nil {
			return err
		}
		missing = missing[n:]
	}
	return nil
}

// ask hands the engine a document that is not kept, made of the words. Each
// comes back at its position.
func (e *Engine) ask(ctx context.Context, words []string) error {
	at := time.Now()
	text := strings.Join(words, " ")
	body := object{
		"doc": object{"name_words": text}, "fields": []string{"words", "name_words.plain"},
		"term_statistics": true, "field_statistics": true, "positions": true, "offsets": false, "payloads": false,
	}
	type vectors struct {
		Statistics struct {
			Documents int `json:"doc_count"`
		} `json:"field_statistics"`
		Terms map[string]struct {
			Documents int `json:"doc_freq"`
			Tokens    []struct{ Position int }
		}
	}
	var told struct {
		Vectors map[string]vectors `json:"term_vectors"`
	}
	if err := e.find(ctx, "/_termvectors", body, &told); err != nil {
		return err
	}
	learnt := make([]word, len(words))
	stemmed := told.Vectors["words"]
	for stem, t := range stemmed.Terms {
		for _, token := range t.Tokens {
			if token.Position < len(learnt) {
				learnt[token.Position].stem, learnt[token.Position].docs = stem, t.Documents
			}
		}
	}
	for folded, t := range told.Vectors["name_words.plain"].Terms {
		for _, token := range t.Tokens {
			if token.Position < len(learnt) {
				learnt[token.Position].folded = folded
			}
		}
	}
	for i, text := range words {
		learnt[i].at = at
		e.lexicon.words.keep(text, learnt[i])
	}
	if stemmed.Statistics.Documents > 0 {
		e.lexicon.mu.Lock()
		e.lexicon.size = stemmed.Statistics.Documents
		e.lexicon.mu.Unlock()
	}
	return nil
}

// vocabulary answers what a plan asks of the words in the index.
type vocabulary struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one call of Plan
	engine *Engine
	err    error // the first thing that went wrong
}

// vocabularyFor learns at once what a plan of the text and its synonyms is going
// to ask.
func (e *Engine) vocabularyFor(ctx context.Context, text string, synonyms []string) (*vocabulary, error) {
	split := search.Words(text)
	split = split[:min(len(split), 64)]
	words := pairs(nil, split)
	for _, s := range synonyms {
		words = pairs(words, search.Words(s))
	}
	if err := e.learn(ctx, words, true); err != nil {
		return nil, err
	}
	var parts []string
	for _, w := range split {
		if known, _, _ := e.lexicon.look(w.Text); known.docs == 0 {
			for i := range w.Text {
				if i >= 2 && len(w.Text)-i >= 2 {
					parts = append(parts, w.Text[:i], w.Text[i:])
				}
			}
		}
	}
	return &vocabulary{ctx: ctx, engine: e}, e.learn(ctx, parts, true)
}

// pairs appends words, and what each gives with the one before it.
func pairs(list []string, words []search.Word) []string {
	for i, w := range words {
		list = append(list, w.Text)
		if i > 0 {
			list = append(list, words[i-1].Text+w.Text)
		}
	}
	return list
}

func (v *vocabulary) look(w string) word {
	known, _, fresh := v.engine.lexicon.look(w)
	if fresh || v.err != nil || !utf8.ValidString(w) {
		return known
	}
	v.err = v.engine.learn(v.ctx, []string{w}, true)
	known, _, _ = v.engine.lexicon.look(w)
	return known
}

// Known is search.Vocabulary.Known.
func (v *vocabulary) Known(w string) bool { return v.look(w).docs > 0 }

// Near is search.Vocabulary.Near. It knows no word that was first written after
// the last survey.
func (v *vocabulary) Near(w string) []string {
	if !search.Correctable(w) {
		return nil
	}
	word := v.look(w)
	near := v.engine.surveyed(v.ctx).dictionary.Near(word.folded, word.docs > 0)
	if len(near) > 0 && word.docs > 0 && v.err == nil { // Alike is asked next
		v.err = v.engine.learn(v.ctx, near, false)
	}
	return near
}

// Alike is search.Vocabulary.Alike.
func (v *vocabulary) Alike(a, b string) bool {
	known, _, _ := v.engine.lexicon.look(b)
	return known.stem == v.look(a).stem
}

// Together is search.Vocabulary.Together.
func (v *vocabulary) Together(words []string) int {
	if v.err != nil {
		return 0
	}
	var told struct{ Count int }
	body := object{"query": object{"match": object{"words": object{"query": strings.Join(words, " "), "operator": "and"}}}}
	v.err = v.engine.find(v.ctx, "/_count", body, &told)
	return told.Count
}

// generations is a bounded map: when the younger half is full, the older one is
// dropped. The zero value is empty.
type generations[T any] struct {
	limit      int // of one; 0 means maxGeneration
	mu         sync.RWMutex
	young, old map[string]T
}

const maxGeneration = 20_000

func (g *generations[T]) find(key string) (T, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	v, ok := g.young[key]
	if !ok {
		v, ok = g.old[key]
	}
	return v, ok
}

func (g *generations[T]) keep(key string, v T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.young == nil || len(g.young) >= cmp.Or(g.limit, maxGeneration) {
		g.young, g.old = make(map[string]T), g.young
	}
	g.young[key] = v
}

func (g *generations[T]) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.young, g.old = nil, nil
}
