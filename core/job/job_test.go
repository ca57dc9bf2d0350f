package job_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
)

func TestEnvelope_HasExactlyItsMembers(t *testing.T) {
	t.Parallel()
	e := job.New(id.Job{UUID: id.UUID{1}}, job.CapturePayment, job.PaymentPayload{Payment: id.Payment{UUID: id.UUID{2}}}, time.Unix(0, 0).UTC(), "")
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"task_name":"payment.capture","job_id":"01000000-0000-0000-0000-000000000000",` +
		`"payload":{"payment_id":"02000000-0000-0000-0000-000000000000"},"created_at":"1970-01-01T00:00:00Z","trace_id":""}`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"sku":"A","delta":-1,"reason":"damaged","reference":"x","more":1}`))
	f.Add([]byte(`{"delta":1e99}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		_, err := job.Decode[job.AdjustmentPayload](job.Envelope{Task: job.AdjustInventory, Payload: payload})
		if err != nil && fault.KindOf(err) != fault.Malformed {
			t.Errorf("%s: %v", payload, err)
		}
	})
}

func TestDecode_IgnoresUnknownMembers(t *testing.T) {
	t.Parallel()
	p, err := job.Decode[job.AdjustmentPayload](job.Envelope{Payload: []byte(`{"sku":"A","delta":-1,"colour":"red"}`)})
	if err != nil || p.SKU != "A" || p.Delta != -1 {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestBackoff_After(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		attempt int
		jitter  float64
		want    time.Duration // 0: dead
	}{
		{1, 0, 10 * time.Second}, {1, 0.5, 11 * time.Second}, {2, 0, time.Minute}, {3, 0, 5 * time.Minute}, {4, 0, 30 * time.Minute}, {5, 0, 0}, {0, 0, 10 * time.Second},
	} {
		v := job.Patience.After(test.attempt, test.jitter, "why")
		if v.IsDead() != (test.want == 0) || v.After != test.want || v.Reason != "why" {
			t.Errorf("after attempt %d: %+v, want %v", test.attempt, v, test.want)
		}
	}
}
