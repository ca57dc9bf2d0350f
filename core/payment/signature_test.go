package payment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/payment"
)

func TestVerifySignature(t *testing.T) {
	t.Parallel()
	body := []byte(`{"id": "evt_1"}`)
	secrets := []string{"new", "old"}
	good := payment.Sign(body, "new", noon)
	stamp, _, _ := strings.Cut(good, ",")
	for name, test := range map[string]struct {
		header  string
		body    []byte
		secrets []string
		now     time.Time
		valid   bool
	}{
		"Good":               {good, body, secrets, noon, true},
		"AnyOfTwoSecrets":    {payment.Sign(body, "old", noon), body, secrets, noon, true},
		"AnyOfTwoSignatures": {good + ",v1=" + strings.Repeat("0", 64), body, secrets, noon, true},
		"OtherSchemesBeside": {good + ",v0=abc", body, secrets, noon, true},
		"FiveMinutesOld":     {good, body, secrets, noon.Add(5 * time.Minute), true},
		"FiveMinutesAhead":   {good, body, secrets, noon.Add(-5 * time.Minute), true},
		"Older":              {good, body, secrets, noon.Add(5*time.Minute + time.Second), false},
		"FurtherAhead":       {good, body, secrets, noon.Add(-5*time.Minute - time.Second), false},
		"AnotherBody":        {good, append([]byte(" "), body...), secrets, noon, false},
		"AnotherSecret":      {good, body, []string{"other"}, noon, false},
		"NoSecret":           {good, body, nil, noon, false},
		"EmptySecret":        {payment.Sign(body, "", noon), body, []string{""}, noon, false},
		"AnotherTime":        {strings.Replace(good, stamp, "t=1", 1), body, secrets, noon, false},
		"TwoTimes":           {stamp + "," + good, body, secrets, noon, false},
		"NoSignature":        {stamp, body, secrets, noon, false},
		"Nothing":            {"", body, secrets, noon, false},
		"Nonsense":           {"t=,v1=zz", body, secrets, noon, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := payment.VerifySignature(test.header, test.body, test.secrets, test.now)
			if test.valid != (err == nil) || !test.valid && fault.CodeOf(err) != "webhook_signature_invalid" {
				t.Errorf("got %v, want it valid: %t", err, test.valid)
			}
		})
	}
}

func FuzzVerifySignature(f *testing.F) {
	body := []byte("body")
	f.Add(payment.Sign(body, "secret", noon))
	f.Add("t=1,v1=00,v1=zz,,=")
	f.Fuzz(func(t *testing.T, header string) {
		if err := payment.VerifySignature(header, body, []string{"another"}, noon); err == nil {
			t.Errorf("%q passes", header)
		}
	})
}
