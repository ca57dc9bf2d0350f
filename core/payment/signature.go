package payment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
)

// signatureLife is how far a signature's time may be from ours, either way.
const signatureLife = 5 * time.Minute

// Sign returns the signature of a webhook's body at a time: t=…,v1=… with the
// HMAC-SHA256 of the time in seconds, a dot and the body, in hex.
func Sign(body []byte, secret string, at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(signed(stamp, body, secret))
}

func signed(stamp string, body []byte, secret string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// VerifySignature answers Malformed (webhook_signature_invalid) unless one of
// the signatures in a header, as Sign writes it and senders repeat v1 in it, was
// made with one of the secrets over exactly this body, at most five minutes from
// now. Without secrets nothing is valid.
func VerifySignature(header string, body []byte, secrets []string, now time.Time) error {
	stamp, signatures := "", [][]byte{}
	for member := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(member), "=")
		switch name {
		case "t":
			if stamp != "" {
				return invalidSignature("it has two times")
			}
			stamp = value
		case "v1":
			if signature, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, signature)
			}
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return invalidSignature("it has no time")
	}
	if away := now.Sub(time.Unix(seconds, 0)).Abs(); away > signatureLife {
		return invalidSignature("it was not made within five minutes of now")
	}
	for _, secret := range secrets {
		want := signed(stamp, body, secret)
		for _, signature := range signatures {
			if secret != "" && hmac.Equal(signature, want) {
				return nil
			}
		}
	}
	return invalidSignature("it does not fit the body")
}

func invalidSignature(why string) error {
	return fault.New(fault.Malformed, "webhook_signature_invalid", "the signature is not valid: "+why)
}
