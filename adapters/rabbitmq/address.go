package rabbitmq

import (
	"fmt"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/bodega-commerce/bodega/core/fault"
)

// address is where the broker is: the nodes of one cluster, with one user and
// vhost.
type address struct {
	urls  []string // one for each node
	nodes string   // for people: without the password
	vhost string
	user  string
}

// parse reads amqp://user:password@host:5672,other:5672/vhost. Its errors
// repeat nothing of the URL, which holds a password.
func parse(url string) (address, error) {
	wrong := func(why string) error { return fault.New(fault.Invalid, "", "the queue's URL "+why) }
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || scheme != "amqp" && scheme != "amqps" {
		return address{}, wrong("must begin with amqp:// or amqps://")
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	credentials := ""
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		credentials, authority = authority[:at+1], authority[at+1:]
	}
	a := address{nodes: authority}
	for node := range strings.SplitSeq(authority, ",") {
		if node == "" || node[0] == ':' {
			return address{}, wrong("names no host")
		}
		one := scheme + "://" + credentials + node + tail
		parsed, err := amqp.ParseURI(one)
		if err != nil {
			return address{}, wrong("cannot be read: it must look like amqp://user:password@host:5672/vhost, with reserved characters percent-encoded")
		}
		a.urls = append(a.urls, one)
		a.vhost, a.user = parsed.Vhost, parsed.Username
	}
	return a, nil
}

func (a address) String() string { return fmt.Sprintf("%s (vhost %q)", a.nodes, a.vhost) }
