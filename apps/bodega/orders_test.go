package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

const orderJSON = `{"id":"018f0000-0000-7000-8000-000000000001","number":"ABCD-EFGH-5","status":"confirmed","fulfillment_status":"unfulfilled",
"email":"ann@example.com","test":true,"created_at":"2026-06-01T10:00:00.000000Z","subtotal":{"amount":3000,"currency":"EUR"},
"discount":{"amount":0,"currency":"EUR"},"shipping":{"amount":490,"currency":"EUR"},"tax":{"amount":557,"currency":"EUR"},"tax_included":true,
"total":{"amount":3490,"currency":"EUR"},"allowed_actions":["fulfill","cancel"],
"payment":{"id":"pay-1","provider":"sandbox","status":"captured","amount":{"amount":3490,"currency":"EUR"},"captured":{"amount":3490,"currency":"EUR"},"refunded":{"amount":0,"currency":"EUR"},"decline_code":null},
"shipping_address":{"first_name":null,"last_name":"Ann","company":null,"line1":"Main Street 1","line2":null,"city":"Berlin","region":null,"postal_code":"10115","country":"DE","phone":null},
"lines":[{"sku":"TEE-S","name":"Tee","options":{"Size":"S","Colour":"navy"},"quantity":2,"unit_price":{"amount":1500,"currency":"EUR"},"total":{"amount":3000,"currency":"EUR"}}],
"timeline":[{"at":"2026-06-01T10:00:01Z","type":"order.confirmed","actor":"system","message":"paid"}]}`

func TestOrders(t *testing.T) {
	t.Parallel()
	t.Run("Show", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.answer("GET /v1/admin/orders/ABCD-EFGH-5", json.RawMessage(orderJSON))
		r := bodega(t, p.dir, "", "orders", "show", "ABCD-EFGH-5")
		r.want(t, exitDone, "ABCD-EFGH-5", "")
		for _, part := range []string{"confirmed, unfulfilled", "34.90 EUR captured", "Tee, navy, S", "Ann, Main Street 1, 10115 Berlin, DE", "fulfill, cancel", "order.confirmed", "tax (included)"} {
			if !strings.Contains(r.out, part) {
				t.Errorf("%q is missing in\n%s", part, r.out)
			}
		}
	})
	t.Run("NotThere", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.HandleFunc("GET /v1/admin/orders/NOPE", func(w http.ResponseWriter, _ *http.Request) {
			fail(w, http.StatusNotFound, "not_found", "there is no such order")
		})
		bodega(t, p.dir, "", "orders", "show", "NOPE").want(t, exitFailed, "", "bodega: there is no such order (not_found)\n")
	})
	t.Run("ResendMailByNumber", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.answer("GET /v1/admin/orders/ABCD-EFGH-5", json.RawMessage(orderJSON))
		sent := 0
		p.HandleFunc("POST /v1/admin/orders/018f0000-0000-7000-8000-000000000001/resend-confirmation", func(w http.ResponseWriter, _ *http.Request) {
			sent++
			w.WriteHeader(http.StatusAccepted)
		})
		bodega(t, p.dir, "", "orders", "resend-mail", "ABCD-EFGH-5").want(t, exitDone, "ann@example.com", "")
		if sent != 1 {
			t.Errorf("asked for %d mails", sent)
		}
	})
}

func TestPayments(t *testing.T) {
	t.Parallel()
	t.Run("List", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.HandleFunc("GET /v1/admin/payments", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("in_doubt") != "true" {
				t.Errorf("asked for %s", r.URL.RawQuery)
			}
			reply(w, http.StatusOK, json.RawMessage(`{"items":[{"id":"pay-1","order_id":"o-1","provider":"sandbox","status":"processing","amount":{"amount":3490,"currency":"EUR"},"checks":3,"created_at":"2026-06-01T10:00:00Z"}]}`))
		})
		bodega(t, p.dir, "", "payments", "list", "--in-doubt").want(t, exitDone, "pay-1    o-1    sandbox   processing  34.90 EUR  3", "")
	})
	t.Run("Settle", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.answer("POST /v1/admin/payments/pay-1/settle", json.RawMessage(orderJSON))
		bodega(t, p.dir, "", "payments", "settle", "pay-1").want(t, exitDone, "payment pay-1 is captured, order ABCD-EFGH-5 is confirmed", "")
	})
	t.Run("SettleWithoutProvider", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.HandleFunc("POST /v1/admin/payments/pay-1/settle", func(w http.ResponseWriter, _ *http.Request) {
			fail(w, http.StatusServiceUnavailable, "payment_unavailable", "the provider does not answer")
		})
		bodega(t, p.dir, "", "payments", "settle", "pay-1").want(t, exitFailed, "", "the provider does not answer")
	})
}

func TestJobs(t *testing.T) {
	t.Parallel()
	job := func(id string) map[string]any {
		return map[string]any{"job_id": id, "queue": "search.index_product", "payload": map[string]any{"product_id": "p"}, "attempts": 5, "reason": "no index", "died_at": "2026-06-01T10:00:00Z"}
	}
	t.Run("DeadOverPages", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.HandleFunc("GET /v1/admin/jobs/dead", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("cursor") == "" {
				reply(w, http.StatusOK, map[string]any{"items": []any{job("j-1")}, "next_cursor": "next"})
				return
			}
			reply(w, http.StatusOK, map[string]any{"items": []any{job("j-2"), job("j-3")}, "next_cursor": nil})
		})
		r := bodega(t, p.dir, "", "jobs", "dead")
		r.want(t, exitDone, "j-3", "")
		if strings.Count(r.out, "no index") != 3 {
			t.Errorf("not three jobs in\n%s", r.out)
		}
		bodega(t, p.dir, "", "jobs", "dead", "--limit", "2").want(t, exitDone, "j-2", "there are more")
	})
	t.Run("ReplayInBatches", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		left := 1500
		p.HandleFunc("POST /v1/admin/jobs/dead/replay", func(w http.ResponseWriter, r *http.Request) {
			var ask struct {
				Queue string
				Limit int
			}
			if err := json.Unmarshal([]byte(body(t, r)), &ask); err != nil || ask.Queue != "search.index_product" {
				t.Errorf("asked for %+v: %v", ask, err)
			}
			n := min(ask.Limit, left)
			left -= n
			reply(w, http.StatusOK, map[string]any{"replayed": n, "remaining": left})
		})
		bodega(t, p.dir, "", "jobs", "replay", "--queue", "search.index_product", "--limit", "1200").want(t, exitDone, "1200 jobs put back to work, 300 remain dead", "")
		bodega(t, p.dir, "", "jobs", "replay", "--queue", "search.index_product").want(t, exitDone, "300 jobs put back to work, 0 remain dead", "")
	})
	t.Run("DropByID", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.HandleFunc("POST /v1/admin/jobs/dead/drop", func(w http.ResponseWriter, r *http.Request) {
			if got := body(t, r); !strings.Contains(got, `"job_ids":["j-1","j-2"]`) || strings.Contains(got, "queue") {
				t.Errorf("asked for %s", got)
			}
			reply(w, http.StatusOK, map[string]any{"dropped": 2, "remaining": 0})
		})
		bodega(t, p.dir, "", "jobs", "drop", "--id", "j-1", "--id", "j-2").want(t, exitDone, "2 dead jobs deleted, 0 remain", "")
	})
}
