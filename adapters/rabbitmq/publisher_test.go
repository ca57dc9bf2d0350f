package rabbitmq

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestPublisher_ShowsOutsidersTheEnvelope(t *testing.T) {
	t.Parallel()
	url := containers.RabbitMQ(t)
	c := open(t, url, nil)
	ch := dial(t, url)
	q, err := ch.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind(q.Name, "#", "jobs", false, nil); err != nil {
		t.Fatal(err)
	}
	e := made(job.IndexProduct)
	publish(t, c, e)
	var d amqp.Delivery
	eventually(t, "the message is there", func() bool {
		var ok bool
		d, ok, err = ch.Get(q.Name, true)
		return err == nil && ok
	})
	want := fmt.Sprintf(`{"task_name":"search.index_product","job_id":%q,"payload":{"sku":"A<B","delta":1},"created_at":%q,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}`,
		e.ID, e.CreatedAt.Format(time.RFC3339Nano))
	if string(d.Body) != want {
		t.Errorf("got  %s\nwant %s", d.Body, want)
	}
	if d.RoutingKey != e.Task || d.Type != e.Task || d.MessageId != e.ID.String() || d.DeliveryMode != amqp.Persistent ||
		d.ContentType != "application/json" || d.Timestamp.Unix() != e.CreatedAt.Unix() || d.AppId != "bodega" {
		t.Errorf("properties are %+v", d)
	}
	parent := fmt.Sprintf("00-%s-%x-01", e.TraceID, e.ID.UUID[8:])
	if d.Headers["traceparent"] != parent || d.Headers["x-attempt"] != int64(1) || d.Headers["x-last-error"] != nil {
		t.Errorf("headers are %v", d.Headers)
	}
}

func TestPublisher_SaysWhatHasNotArrived(t *testing.T) {
	t.Parallel()

	t.Run("WhatNoQueueTakes", func(t *testing.T) {
		t.Parallel()
		url := containers.RabbitMQ(t)
		c := open(t, url, nil)
		ch := dial(t, url)
		if _, err := ch.QueueDelete(job.VoidPayment, false, false, false); err != nil {
			t.Fatal(err)
		}
		// With the alternate exchange it is kept; without that it has come back.
		publish(t, c, made(job.VoidPayment))
		if _, err := ch.QueueDelete(unroutable, false, false, false); err != nil {
			t.Fatal(err)
		}
		good, bad := made(job.IndexProduct), made(job.VoidPayment)
		arrived, err := c.Publisher().Publish(t.Context(), []job.Envelope{bad, good, bad})
		if err != nil || arrived[0] || !arrived[1] || arrived[2] {
			t.Errorf("arrived %v, %v", arrived, err)
		}
		if arrived, err := c.Publisher().Publish(t.Context(), []job.Envelope{bad}); !fault.Is(err, fault.Unavailable) || arrived[0] {
			t.Errorf("arrived %v, %v, want Unavailable", arrived, err)
		}
	})

	t.Run("WhatAFullQueueRefuses", func(t *testing.T) {
		t.Parallel()
		url := containers.RabbitMQ(t)
		c := open(t, url, nil)
		limit(t, url, job.VoidPayment, 1)
		var arrived []bool
		eventually(t, "the queue is full", func() bool {
			arrived, _ = c.Publisher().Publish(t.Context(), []job.Envelope{made(job.VoidPayment), made(job.IndexProduct)})
			return len(arrived) == 2 && !arrived[0] && arrived[1]
		})
	})

	t.Run("WhatASilentBrokerDoesNotConfirm", func(t *testing.T) {
		t.Parallel()
		w := containers.Proxy(t, containers.RabbitMQ(t))
		c := open(t, w.URL, nil)
		w.Hang(t)
		began := time.Now()
		arrived, err := c.Publisher().Publish(t.Context(), []job.Envelope{made(job.IndexProduct), made(job.IndexProduct)})
		if !fault.Is(err, fault.Unavailable) || len(arrived) != 2 || arrived[0] || arrived[1] {
			t.Errorf("arrived %v, %v, want Unavailable", arrived, err)
		}
		if took := time.Since(began); took > confirmTime+writeTime+5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"task_name":"inventory.adjust","job_id":"6f1c29de-2bd8-4c54-9d2c-6f1d1f6cf0d1","payload":{"sku":"A","delta":-1},"created_at":"2026-11-22T13:56:35.981926Z","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}`))
	f.Add([]byte(`{"task_name":"x","job_id":"6f1c29de-2bd8-4c54-9d2c-6f1d1f6cf0d1","payload":null,"created_at":"9999-12-31T23:59:59-23:59"}`))
	f.Add([]byte(`{"job_id":{},"payload":"\u0000"}`))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := decode(body)
		if err != nil {
			return
		}
		if e.ID.IsZero() || e.Task == "" || !json.Valid(e.Payload) {
			t.Errorf("%q became %+v", body, e)
		}
		again, err := decode(encode(e))
		if err != nil || again.ID != e.ID || again.Task != e.Task || again.TraceID != e.TraceID || !again.CreatedAt.Equal(e.CreatedAt) {
			t.Errorf("%+v came back as %+v, %v", e, again, err)
		}
	})
}
