package cached

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// codec encodes values for other processes. They may be of another version of
// the program, so each value begins with a stamp of what its type looks like;
// one with another stamp is not read.
type codec[T any] struct{ stamp []byte }

func codecOf[T any]() codec[T] {
	var form strings.Builder
	describe(&form, reflect.TypeFor[T]())
	stamp := sha256.Sum256([]byte(form.String()))
	return codec[T]{stamp[:8]}
}

func (c codec[T]) encode(v T) ([]byte, error) {
	b, err := json.Marshal(v)
	return append(bytes.Clone(c.stamp), b...), err
}

func (c codec[T]) decode(b []byte) (v T, ok bool) {
	body, ok := bytes.CutPrefix(b, c.stamp)
	return v, ok && json.Unmarshal(body, &v) == nil
}

// describe writes what decides the encoded form: names and types, all the way
// down through our own structs.
func describe(w *strings.Builder, t reflect.Type) {
	fmt.Fprintf(w, "%s/%s;", t.PkgPath(), t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		describe(w, t.Elem())
	case reflect.Struct:
		if t.PkgPath() != "" && !strings.Contains(t.PkgPath(), "/bodega/") {
			return
		}
		for f := range t.Fields() {
			fmt.Fprintf(w, "%s %q ", f.Name, f.Tag)
			describe(w, f.Type)
		}
	default: // its name says it all
	}
}

// adopt holds what another process has read; nil if there is nothing that is
// still true.
func adopt[T any](ctx context.Context, s *shelf, q query[T], e *ports.CacheEntry) (*item, error) {
	if e == nil {
		return nil, nil
	}
	it := &item{at: e.At, born: e.Born, cost: e.Cost, life: life{e.Fresh, e.Keep}, weight: 1}
	if len(e.Value) == 0 {
		if q.absent == nil {
			return nil, nil
		}
		it.missing, it.names = fault.Missing("product"), q.absent()
	} else {
		v, ok := q.codec.decode(e.Value)
		if !ok {
			return nil, nil
		}
		it.value, it.names, it.along = v, q.generations(v), q.asksNext(v)
		if q.weight != nil {
			it.weight = q.weight(v)
		}
	}
	if err := s.hold(ctx, q.key, it); err != nil || it.seen == nil {
		return nil, err
	}
	return it, nil
}

// share offers an item to other processes; that it could not costs them a read.
func share[T any](ctx context.Context, s *shelf, q query[T], it *item) {
	var value []byte // empty: there is none
	if it.missing == nil {
		v, _ := it.value.(T)
		var err error
		if value, err = q.codec.encode(v); err != nil {
			return
		}
	}
	_ = s.cache.Store(ctx, q.key, ports.CacheEntry{
		Value: value, At: it.at, Born: it.born, Cost: it.cost, Fresh: it.fresh, Keep: it.keep,
	}, it.seen)
}
