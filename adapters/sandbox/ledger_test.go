package sandbox

import (
	"path/filepath"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
)

// A disk that fails under the ledger is met by pulling the file from under it.
func TestLedger_FailedWrite(t *testing.T) {
	t.Parallel()
	p := New(filepath.Join(t.TempDir(), "sandbox.log"))
	defer p.Close()
	first := payment.Request{Ref: payment.Ref{ID: id.Payment{UUID: id.UUID{1}}, Amount: money.New(5, "EUR")}, Token: TokenOK}
	second := payment.Request{Ref: payment.Ref{ID: id.Payment{UUID: id.UUID{2}}, Amount: money.New(5, "EUR")}, Token: TokenOK}
	if _, err := p.Authorize(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := p.books.(*ledger).file.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Authorize(t.Context(), second); !fault.Is(err, fault.Unknown) {
		t.Fatalf("a write that can be neither made nor undone gives %v, want unknown", err)
	}
	if st, err := p.Lookup(t.Context(), first.Ref); err != nil || st.Status != payment.Authorized {
		t.Errorf("after the failure the first payment is %+v, %v", st, err)
	}
	if _, err := p.Lookup(t.Context(), second.Ref); !fault.Is(err, fault.NotFound) {
		t.Errorf("what never reached the disk gives %v, want not_found", err)
	}
	if st, err := p.Authorize(t.Context(), second); err != nil || st.Status != payment.Authorized {
		t.Errorf("trying again gives %+v, %v", st, err)
	}
}
