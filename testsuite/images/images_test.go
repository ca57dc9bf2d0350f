package images

import (
	"strings"
	"testing"
)

func TestRecipes(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		files := map[string]string{}
		for file, content := range recipe(name) {
			files[file] = string(content)
		}
		if name == Base {
			continue
		}
		if from := "FROM " + Tag(Base) + "\n"; !strings.HasPrefix(files["Dockerfile"], from) {
			t.Errorf("the recipe of %s does not begin with %q", name, from)
		}
		if _, fetches := files["fetch.sh"]; fetches != (len(needs[name]) > 0) {
			t.Errorf("the recipe of %s fetches: %t, but it needs %v", name, fetches, needs[name])
		}
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	of := map[string]string{}
	for _, name := range Names() {
		d := digest(name)
		if other, taken := of[d]; taken {
			t.Errorf("%s and %s have one digest", name, other)
		}
		of[d] = name
		if d != digest(name) {
			t.Errorf("the digest of %s changes by itself", name)
		}
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	t.Run("UnknownNameIsRefused", func(t *testing.T) {
		t.Parallel()
		if err := (Builder{}).Build(t.Context(), "oracle"); err == nil {
			t.Error("a recipe out of nothing")
		}
	})
	t.Run("WhatIsThereIsNotMadeAgain", func(t *testing.T) {
		t.Parallel()
		for _, name := range Names() {
			if !Present(t.Context(), name) {
				continue
			}
			silent := Builder{Log: func(line string) { t.Errorf("%s is there: %s", name, line) }}
			if err := silent.Build(t.Context(), name); err != nil {
				t.Error(err)
			}
		}
	})
}
