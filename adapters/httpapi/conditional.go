package httpapi

import (
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"
)

// strongETag is the tag of what carries a version and is edited.
func strongETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// weakETag is the tag of what shoppers see: equal in meaning, not in bytes.
func weakETag(state string) string { return `W/"` + state + `"` }

// stateTag is the weak tag of what has no version: two checksums of its bytes,
// which are made at memory speed.
func stateTag(parts ...[]byte) string {
	var a, b uint32
	castagnoli := crc32.MakeTable(crc32.Castagnoli) // made once
	for _, part := range parts {
		a, b = crc32.Update(a, crc32.IEEETable, part), crc32.Update(b, castagnoli, part)
	}
	return weakETag(strconv.FormatUint(uint64(a)<<32|uint64(b), 36))
}

// precondition is what a writer knows of what it changes.
type precondition struct {
	Version int64 // the version it has seen; 0: none was named; below: it has seen that there is none
	Any     bool  // If-Match: *, change it whatever its version
	Absent  bool  // If-None-Match: *, it must not be there
}

// preconditionOf reads If-Match and If-None-Match of a write: one strong tag or *.
func preconditionOf(h http.Header) (precondition, error) {
	var p precondition
	switch match := strings.TrimSpace(strings.Join(h["If-Match"], ",")); {
	case len(h["If-Match"]) == 0:
	case match == "*":
		p.Any = true
	default:
		digits, ok := strings.CutPrefix(match, `"`)
		digits, closed := strings.CutSuffix(digits, `"`)
		v, err := strconv.ParseInt(digits, 10, 64)
		if !ok || !closed || err != nil || v < 1 || digits[0] == '+' {
			return p, invalid(FieldError{"header.If-Match", "pattern", `must be "<version>" or *`})
		}
		p.Version = v
	}
	if none := strings.TrimSpace(h.Get("If-None-Match")); none != "" {
		if none != "*" {
			return p, invalid(FieldError{"header.If-None-Match", "pattern", "must be * on a write"})
		}
		p.Absent, p.Any, p.Version = true, false, -1
	}
	return p, nil
}

// notModified reports whether If-None-Match names the tag, by weak comparison
// (RFC 9110 §13.1.2).
func notModified(h http.Header, etag string) bool {
	none := h["If-None-Match"]
	if len(none) == 0 || etag == "" {
		return false
	}
	etag = strings.TrimPrefix(etag, "W/")
	for _, line := range none {
		for tag := range strings.SplitSeq(line, ",") {
			if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}
