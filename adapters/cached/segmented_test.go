package cached

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestSegmented_OutlivesACrawler(t *testing.T) {
	t.Parallel()
	h := newSegmented(100)
	for range 2 {
		for i := range 50 {
			key := "liked" + strconv.Itoa(i)
			if h.get(key) == nil {
				h.put(key, &item{weight: 1})
			}
		}
	}
	for i := range 10_000 {
		h.put("crawled"+strconv.Itoa(i), &item{weight: 1})
	}
	for i := range 50 {
		if h.get("liked"+strconv.Itoa(i)) == nil {
			t.Fatalf("item %d of those that were asked for twice is gone", i)
		}
	}
}

func TestSegmented_DropSparesASuccessor(t *testing.T) {
	t.Parallel()
	h := newSegmented(10)
	first, second := &item{weight: 1}, &item{weight: 1}
	h.put("a", first)
	h.put("a", second)
	h.drop("a", first)
	if h.get("a") != second {
		t.Error("dropping the old item dropped the new one")
	}
	h.drop("a", second)
	h.drop("a", second)
	if h.get("a") != nil || h.once.weight+h.more.weight != 0 {
		t.Error("it is still there")
	}
}

// The weight is what is there, within the limit, and nothing is found that was
// not put.
func TestSegmented_KeepsItsBooks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newSegmented(rapid.IntRange(1, 30).Draw(t, "limit"))
		newest := map[string]*item{}
		keys := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"})
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				newest[key] = &item{weight: rapid.IntRange(1, 40).Draw(t, "weight")}
				h.put(key, newest[key])
			},
			"get": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				if it := h.get(key); it != nil && it != newest[key] {
					t.Fatalf("%s is not what was put", key)
				}
			},
			"drop": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				if it := newest[key]; it != nil {
					h.drop(key, it)
					if h.get(key) != nil {
						t.Fatalf("%s was dropped and is there", key)
					}
				}
			},
			"": func(t *rapid.T) {
				weight := 0
				for _, e := range h.byKey {
					weight += placeOf(e).weight
				}
				if sum := h.once.weight + h.more.weight; sum != weight || sum > h.limit || h.once.Len()+h.more.Len() != len(h.byKey) {
					t.Fatalf("books say %d in %d places, there are %d in %d; limit %d", sum, h.once.Len()+h.more.Len(), weight, len(h.byKey), h.limit)
				}
			},
		})
	})
}
