package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
)

// proxies are the addresses whose word on who is asking counts.
type proxies []netip.Prefix

func (p proxies) trust(a netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// client returns the address of whoever asks, and whether the peer is a trusted
// proxy. Behind proxies it is the right-most address of X-Forwarded-For that is
// not one of them: what stands left of it anybody can have written.
func (p proxies) client(r *http.Request) (client netip.Addr, proxied bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	client = peer.Addr().Unmap().WithZone("")
	if !p.trust(client) {
		return client, false
	}
	lines := r.Header["X-Forwarded-For"]
	for i := len(lines) - 1; i >= 0; i-- {
		for rest := lines[i]; rest != ""; {
			var last string
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, last = rest[:comma], rest[comma+1:]
			} else {
				rest, last = "", rest
			}
			a, err := netip.ParseAddr(strings.TrimSpace(last))
			if err != nil {
				return client, true
			}
			client = a.Unmap().WithZone("")
			if !p.trust(client) {
				return client, true
			}
		}
	}
	return client, true
}

// limitKey is what requests of an address are counted by. An IPv6 customer has
// at least a /64, so that is one.
func limitKey(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
