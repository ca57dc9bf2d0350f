package sandbox_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestProvider(t *testing.T) {
	type provider struct {
		*sandbox.Provider
		path string
	}
	begin := func(t *testing.T, path string) ports.PaymentProvider { return provider{open(t, path), path} }
	porttest.TestPaymentProvider(t, harness(
		func(t *testing.T) ports.PaymentProvider { return begin(t, ledgerPath(t)) },
		func(t *testing.T, killed ports.PaymentProvider) ports.PaymentProvider {
			p, _ := killed.(provider) // not closed: a killed process closes nothing
			return begin(t, p.path)
		}))
}

func harness(begin func(*testing.T) ports.PaymentProvider, again func(*testing.T, ports.PaymentProvider) ports.PaymentProvider) porttest.PaymentHarness {
	return porttest.PaymentHarness{
		New: begin, Reopen: again,
		Complete: func(t *testing.T, p ports.PaymentProvider, of id.Payment, ok bool) (payment.State, error) {
			completer, _ := p.(ports.PaymentCompleter)
			return completer.Complete(t.Context(), of, ok)
		},
		FailRefund: func(t *testing.T, p ports.PaymentProvider, of id.Payment, refund id.Refund) {
			bank, _ := p.(bank)
			if _, err := bank.FailRefund(t.Context(), of, refund); err != nil {
				t.Fatal(err)
			}
		},
		RefundElsewhere: func(t *testing.T, p ports.PaymentProvider, of id.Payment, amount money.Amount) {
			bank, _ := p.(bank)
			if _, err := bank.RefundElsewhere(t.Context(), of, id.Refund{UUID: id.NewSource(time.Now, rand.Reader).New()}, amount); err != nil {
				t.Fatal(err)
			}
		},
		Tokens: porttest.PaymentTokens{
			OK: sandbox.TokenOK, Declined: sandbox.TokenDeclined, RequiresAction: sandbox.TokenRequiresAction,
			Timeout: sandbox.TokenTimeout, Unavailable: sandbox.TokenUnavailable, Nonsense: "tok_of_another_shop",
		},
		Currency: "EUR",
	}
}

// bank is what the sandbox can play beside the shop's provider.
type bank interface {
	FailRefund(context.Context, id.Payment, id.Refund) (payment.State, error)
	RefundElsewhere(context.Context, id.Payment, id.Refund, money.Amount) (payment.State, error)
}

func TestProvider_Authorize(t *testing.T) {
	t.Parallel()

	t.Run("DeclineCodes", func(t *testing.T) {
		t.Parallel()
		p := open(t, ledgerPath(t))
		for token, code := range map[string]string{sandbox.TokenDeclined: "card_declined", "tok_x": "invalid_token", "": "invalid_token"} {
			st, err := p.Authorize(t.Context(), request(token))
			if err != nil || st.Status != payment.Failed || st.DeclineCode != code || st.Retryable {
				t.Errorf("%q: %+v, %v; want it failed for %s, for good", token, st, err, code)
			}
		}
	})

	t.Run("UnavailableStaysSo", func(t *testing.T) {
		t.Parallel()
		p, r := open(t, ledgerPath(t)), request(sandbox.TokenUnavailable)
		for range 3 {
			if _, err := p.Authorize(t.Context(), r); !fault.Is(err, fault.Unavailable) {
				t.Fatalf("got %v, want unavailable", err)
			}
		}
	})

	t.Run("ActionRunsOut", func(t *testing.T) {
		t.Parallel()
		p, r := open(t, ledgerPath(t)), request(sandbox.TokenRequiresAction)
		p.ActionURL = "https://shop.example/pay/"
		st, err := p.Authorize(t.Context(), r)
		if want := "https://shop.example/pay/" + r.ID.String() + "/complete"; err != nil || st.NextAction == nil || st.NextAction.URL != want {
			t.Fatalf("%+v, %v; want the shopper sent to %s", st.NextAction, err, want)
		}
		late := st.NextAction.ExpiresAt
		p.Now = func() time.Time { return late }
		if _, err := p.Complete(t.Context(), r.ID, true); !fault.Is(err, fault.Conflict) {
			t.Errorf("completing at the end gives %v, want conflict", err)
		}
		st, err = p.Lookup(t.Context(), r.Ref)
		if err != nil || st.Status != payment.Failed || st.DeclineCode != "action_expired" || st.NextAction != nil {
			t.Errorf("%+v, %v; want it failed as expired", st, err)
		}
	})
}

func TestProvider_Ledger(t *testing.T) {
	t.Parallel()

	// Whatever part of the last line a crash left, what came before stands, and
	// the next start goes on from there.
	t.Run("TornEndIsCutOff", func(t *testing.T) {
		t.Parallel()
		path := ledgerPath(t)
		first, second := request(sandbox.TokenOK), request(sandbox.TokenOK)
		p := open(t, path)
		authorize(t, p, first)
		whole := size(t, path)
		authorize(t, p, second)
		full, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for end := whole; end < len(full); end += 7 {
			torn := ledgerPath(t)
			write(t, torn, append(full[:end:end], strings.Repeat("\x00", end%3)...))
			p := open(t, torn)
			if st, err := p.Lookup(t.Context(), first.Ref); err != nil || st.Status != payment.Authorized {
				t.Fatalf("cut at %d of %d: %+v, %v", end, len(full), st, err)
			}
			if _, err := p.Lookup(t.Context(), second.Ref); !fault.Is(err, fault.NotFound) {
				t.Fatalf("cut at %d of %d: half a line gives %v", end, len(full), err)
			}
			authorize(t, p, second)
			if st, err := open(t, torn).Lookup(t.Context(), second.Ref); err != nil || st.Status != payment.Authorized {
				t.Fatalf("cut at %d, written again, read again: %+v, %v", end, st, err)
			}
		}
	})

	t.Run("DamageInTheMiddleIsRefused", func(t *testing.T) {
		t.Parallel()
		path := ledgerPath(t)
		p := open(t, path)
		authorize(t, p, request(sandbox.TokenOK))
		damage := size(t, path)
		authorize(t, p, request(sandbox.TokenOK))
		authorize(t, p, request(sandbox.TokenOK))
		book, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		book[damage+2] = '!'
		write(t, path, book)
		_, err = open(t, path).Lookup(t.Context(), request("").Ref)
		if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "line 2 is damaged") {
			t.Errorf("got %v, want it refused for line 2", err)
		}
		if after := size(t, path); after != len(book) {
			t.Errorf("the damaged ledger shrank from %d to %d bytes", len(book), after)
		}
	})

	t.Run("MissingFolderIsUnavailable", func(t *testing.T) {
		t.Parallel()
		p := open(t, filepath.Join(t.TempDir(), "nowhere", "sandbox.log"))
		if _, err := p.Authorize(t.Context(), request(sandbox.TokenOK)); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want unavailable", err)
		}
	})

	// Everything that was answered is in the book, whoever else was writing.
	t.Run("KeepsEverythingAnswered", func(t *testing.T) {
		t.Parallel()
		path := ledgerPath(t)
		p := open(t, path)
		const callers, each = 16, 20
		requests := make([]payment.Request, callers*each)
		var group sync.WaitGroup
		for c := range callers {
			group.Go(func() {
				for i := range each {
					r := request(sandbox.TokenOK)
					requests[c*each+i] = r
					if _, err := p.Authorize(t.Context(), r); err != nil {
						t.Error(err)
					}
					if _, err := p.Capture(t.Context(), r.Ref, r.Amount); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		again := open(t, path)
		for _, r := range requests {
			if st, err := again.Lookup(t.Context(), r.Ref); err != nil || st.Captured != r.Amount {
				t.Fatalf("%+v, %v; want it captured", st, err)
			}
		}
	})

	t.Run("CloseThenGoOn", func(t *testing.T) {
		t.Parallel()
		p, r := open(t, ledgerPath(t)), request(sandbox.TokenOK)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		authorize(t, p, r)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if st, err := p.Lookup(t.Context(), r.Ref); err != nil || st.Status != payment.Authorized {
			t.Errorf("%+v, %v", st, err)
		}
	})
}

func FuzzLedger(f *testing.F) {
	path := filepath.Join(f.TempDir(), "sandbox.log")
	p := sandbox.New(path)
	if _, err := p.Authorize(f.Context(), request(sandbox.TokenOK)); err != nil {
		f.Fatal(err)
	}
	p.Close()
	line, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add(line[:len(line)/2])
	f.Add([]byte("{}\nnull\n\x00\x00"))
	f.Fuzz(func(t *testing.T, book []byte) {
		path := ledgerPath(t)
		write(t, path, book)
		p, r := open(t, path), request(sandbox.TokenOK)
		if _, err := p.Authorize(t.Context(), r); err != nil {
			if !fault.Is(err, fault.Unavailable) {
				t.Fatalf("an odd ledger gives %v", err)
			}
			return
		}
		if st, err := open(t, path).Lookup(t.Context(), r.Ref); err != nil || st.Status != payment.Authorized {
			t.Fatalf("what was written after an odd beginning is lost: %+v, %v", st, err)
		}
	})
}

func BenchmarkProvider_Authorize(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("Callers%d", callers), func(b *testing.B) {
			p := sandbox.New(filepath.Join(b.TempDir(), "sandbox.log"))
			defer p.Close()
			work := make(chan struct{})
			var group sync.WaitGroup
			for range callers {
				group.Go(func() {
					for range work {
						if _, err := p.Authorize(b.Context(), request(sandbox.TokenOK)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for b.Loop() {
				work <- struct{}{}
			}
			close(work)
			group.Wait()
		})
	}
}

func open(t *testing.T, path string) *sandbox.Provider {
	p := sandbox.New(path)
	t.Cleanup(func() { p.Close() })
	return p
}

func ledgerPath(t *testing.T) string { return filepath.Join(t.TempDir(), "sandbox.log") }

func request(token string) payment.Request {
	ids := id.NewSource(time.Now, rand.Reader)
	return payment.Request{Ref: payment.Ref{ID: id.Payment{UUID: ids.New()}, Order: id.Order{UUID: ids.New()}, Amount: money.New(1000, "EUR")}, Token: token}
}

func authorize(t *testing.T, p *sandbox.Provider, r payment.Request) {
	t.Helper()
	if st, err := p.Authorize(t.Context(), r); err != nil || st.Status != payment.Authorized {
		t.Fatalf("%+v, %v; want it authorized", st, err)
	}
}

func size(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
