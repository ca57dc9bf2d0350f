package order

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/fault"
)

const maxEmail = 254 // RFC 5321 §4.5.3.1.3 as corrected by erratum 1690

// ParseEmail returns the address in lower case, as it is stored and compared.
// Invalid unless it has the shape of one; whether it receives mail, only mail
// can tell.
func ParseEmail(typed string) (string, error) {
	email := strings.ToLower(strings.TrimSpace(typed))
	local, domain, _ := strings.Cut(email, "@")
	odd := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`@<>,;:"\()[]`, r)
	}
	switch {
	case email == "":
		return "", fault.InvalidField("email", "required", "is required")
	case len(email) > maxEmail:
		return "", fault.InvalidField("email", "too_long", "must have at most 254 bytes")
	case local == "" || domain == "" || !utf8.ValidString(typed) || strings.IndexFunc(local, odd) >= 0 || strings.IndexFunc(domain, odd) >= 0:
		return "", fault.InvalidField("email", "pattern", "must be an e-mail address")
	}
	return email, nil
}
