package core

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
)

func TestReadAhead(t *testing.T) {
	t.Parallel()
	const lines = 25*aheadLines + 7
	var plain bytes.Buffer
	for i := range lines {
		if i%90 == 3 { // takes longer than its neighbours
			fmt.Fprintf(&plain, `{"sku":"S-%d","title":"T","price":{"amount":1,"currency":"EUR"},"description":%q}`+"\n", i, strings.Repeat("long ", 1000))
			continue
		}
		if i%70 == 5 {
			plain.WriteString("{no line\n")
			continue
		}
		fmt.Fprintf(&plain, `{"sku":"S-%d","title":"T","price":{"amount":1,"currency":"EUR"}}`+"\n", i)
	}
	read := func(t *testing.T, in []byte) *ahead {
		t.Helper()
		r, err := feed.NewReader(bytes.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		return readAhead(r)
	}

	t.Run("KeepsTheOrderOfTheFeed", func(t *testing.T) {
		t.Parallel()
		a := read(t, plain.Bytes())
		defer a.end()
		n, last := 0, 0
		for next := range a.batches {
			batch := <-next
			if batch.err != nil {
				t.Fatal(batch.err)
			}
			for _, e := range batch.lines {
				bad := n%90 != 3 && n%70 == 5
				switch n++; {
				case (e.reject != nil) != bad, bad && e.reject.Line != n, !bad && string(e.line.SKU) != fmt.Sprintf("S-%d", n-1):
					t.Fatalf("line %d is %+v, %+v", n, e.line, e.reject)
				case e.bytes <= last:
					t.Fatalf("line %d ends at byte %d, the one before at %d", n, e.bytes, last)
				}
				last = e.bytes
			}
		}
		if a.err != nil || n != lines || last != plain.Len() {
			t.Errorf("%d lines of %d bytes, %v", n, last, a.err)
		}
	})

	t.Run("SaysWhyTheFeedEndsEarly", func(t *testing.T) {
		t.Parallel()
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write(plain.Bytes())
		_ = z.Close()
		a := read(t, packed.Bytes()[:packed.Len()-20])
		defer a.end()
		n := 0
		for next := range a.batches {
			n += len((<-next).lines)
		}
		if n == 0 || n >= lines || !fault.Is(a.err, fault.Malformed) {
			t.Errorf("%d lines, then %v", n, a.err)
		}
	})

	t.Run("StopsWhenNobodyWantsMore", func(t *testing.T) {
		t.Parallel()
		a := read(t, plain.Bytes())
		<-<-a.batches
		a.end()
	})
}
