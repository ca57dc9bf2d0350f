package boot

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/payment"
)

// The embedded shop serves production once a provider is named that moves money.
func TestStart_ProductionWithStripe(t *testing.T) {
	t.Parallel()
	c, err := Load(append(stripeSettings("sk_test_1"), "BODEGA_HTTP_ADDR=127.0.0.1:0", "BODEGA_OPS_ADDR=127.0.0.1:0", "BODEGA_DATA_DIR="+t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	c.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	app, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	ask := func(method, path, body string, header ...string) (int, map[string]any) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, app.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var said map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, said
	}
	_, shop := ask("GET", "/v1/shop", "")
	providers, _ := json.Marshal(shop["payment_providers"])
	if want := `[{"code":"stripe","publishable_key":"pk_1"}]`; string(providers) != want || shop["test_mode"] != true {
		t.Errorf("providers %s in test mode %v, want %s in test mode", providers, shop["test_mode"], want)
	}
	body := `{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"metadata":{"payment_id":"00000000-0000-7000-8000-000000000001"}}}}`
	for name, hook := range map[string]struct {
		path, signature string
		status          int
	}{
		"signed":              {"stripe", payment.Sign([]byte(body), "whsec_new", time.Now()), http.StatusOK},
		"by the older secret": {"stripe", payment.Sign([]byte(body), "whsec_old", time.Now()), http.StatusOK},
		"by a stranger":       {"stripe", payment.Sign([]byte(body), "whsec_other", time.Now()), http.StatusBadRequest},
		"of the sandbox":      {"sandbox", payment.Sign([]byte(body), c.SandboxHook, time.Now()), http.StatusNotFound},
	} {
		if status, said := ask("POST", "/v1/webhooks/payments/"+hook.path, body, "Stripe-Signature", hook.signature, "Sandbox-Signature", hook.signature); status != hook.status {
			t.Errorf("%s: %d %v, want %d", name, status, said, hook.status)
		}
	}
}
