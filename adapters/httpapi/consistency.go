package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/bodega-commerce/bodega/ports"
)

// A consistency token carries the marks of a client's writes to its next reads:
//
//	version, seconds since 1970 (8 bytes), then for each realm
//	length and name of the realm, epoch (8 bytes), position (8 bytes); HMAC-SHA256 cut to 16 bytes
//
// It is signed because a mark from nowhere would send reads to the primary.
const (
	tokenVersion = 1
	tokenLife    = 60 * time.Second
	maxToken     = 256 // characters
	tokenMAC     = 16
)

// signer signs with its first key and accepts all of them, so that keys can be
// rotated.
type signer [][]byte

func newSigner(secrets [][]byte) signer {
	s := make(signer, len(secrets))
	for i, secret := range secrets {
		h := hmac.New(sha256.New, secret)
		h.Write([]byte("bodega consistency token")) // a hash.Hash never fails
		s[i] = h.Sum(nil)
	}
	return s
}

func mac(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text) // a hash.Hash never fails
	return h.Sum(nil)[:tokenMAC]
}

// token returns the token of a set of marks; "" when there is nothing to say or
// to sign it with.
func (s signer) token(marks []ports.Mark, now time.Time) string {
	if len(s) == 0 || len(marks) == 0 {
		return ""
	}
	b := make([]byte, 0, 128)
	b = append(b, tokenVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(now.Unix()))
	for _, m := range marks {
		b = append(b, byte(len(m.Realm)))
		b = append(b, m.Realm...)
		b = binary.BigEndian.AppendUint64(b, m.Epoch)
		b = binary.BigEndian.AppendUint64(b, m.Pos)
	}
	t := base64.RawURLEncoding.EncodeToString(append(b, mac(s[0], b)...))
	if len(t) > maxToken {
		return ""
	}
	return t
}

// marks returns what a token carries; nil for one that is malformed, foreign or
// older than a minute.
func (s signer) marks(token string, now time.Time) []ports.Mark {
	if token == "" || len(token) > maxToken {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 9+tokenMAC || b[0] != tokenVersion {
		return nil
	}
	text, sum := b[:len(b)-tokenMAC], b[len(b)-tokenMAC:]
	if !s.signed(text, sum) {
		return nil
	}
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(text[1:])), 0))
	if age > tokenLife || age < -tokenLife { // another server's clock may be ahead
		return nil
	}
	var marks []ports.Mark
	for text = text[9:]; len(text) > 0; {
		n := int(text[0])
		if len(text) < 1+n+16 {
			return nil
		}
		marks = append(marks, ports.Mark{
			Realm: ports.Realm(text[1 : 1+n]),
			Epoch: binary.BigEndian.Uint64(text[1+n:]),
			Pos:   binary.BigEndian.Uint64(text[9+n:]),
		})
		text = text[17+n:]
	}
	return marks
}

func (s signer) signed(text, sum []byte) bool {
	for _, key := range s {
		if hmac.Equal(sum, mac(key, text)) {
			return true
		}
	}
	return false
}

// join adds a new mark to those a client already had, one for each realm: what
// it wrote elsewhere a moment ago stays visible too.
func join(marks []ports.Mark, m ports.Mark) []ports.Mark {
	joined := []ports.Mark{m}
	for _, old := range marks {
		switch {
		case old.Realm != m.Realm:
			joined = append(joined, old)
		case old.Epoch == m.Epoch && old.Pos > m.Pos:
			joined[0] = old
		}
	}
	return joined
}
