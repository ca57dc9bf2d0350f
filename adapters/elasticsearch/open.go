package elasticsearch

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	client "github.com/elastic/go-elasticsearch/v8"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// Options of an engine. The zero Options are those of a shop in English.
type Options struct {
	Prefix string // of all names in the engine, where the URL has no path; "" means bodega
	CAFile string // PEM certificates to trust besides the system's
	Locale string // of the catalogue's text, like "de" or "fr-CH"; "" means en

	// Timeout is how long a search may take; 0 means 800 ms.
	Timeout time.Duration
	// Settling is how long a program relies on what it knows of the indices; 0
	// means a second. All programs of a shop must agree on it: a new index waits
	// this long until everybody writes to it.
	Settling time.Duration
	// Grace is how long an index that was replaced is kept for the searches
	// still in it; 0 means 2 s.
	Grace time.Duration
}

// Engine is an index on Elasticsearch. It is safe for concurrent use and for
// use by several programs at once.
type Engine struct {
	options Options
	reads   connections // give up early on a host that is silent
	writes  connections
	breaker breaker
	stats   stats

	targets targetsCache
	schema  schemaCache
	lexicon lexicon
	survey  surveyCache
	shapes  generations[shape]

	mu    sync.Mutex
	build *build // under way in this program, or nil

	life   context.Context // ends with Close
	end    context.CancelFunc
	behind sync.WaitGroup
}

var _ ports.SearchEngine = (*Engine)(nil)

// Open returns an engine at one or several URLs (each may hold several, with
// commas between): http or https, credentials in the first or in each, and as
// the path what all names of indices begin with. It makes no index yet. A server that does not answer is no error, the engine is then
// Unavailable until it does; Invalid for URLs and files that cannot be right, a
// password that is refused and a server that is no Elasticsearch 8.4 or newer.
func Open(ctx context.Context, urls []string, o Options) (*Engine, error) {
	o.Locale = cmp.Or(o.Locale, "en")
	if o.Timeout == 0 {
		o.Timeout = 800 * time.Millisecond
	}
	if o.Settling == 0 {
		o.Settling = time.Second
	}
	if o.Grace == 0 {
		o.Grace = 2 * time.Second
	}
	addresses, prefix, err := parseURLs(urls)
	if err != nil {
		return nil, err
	}
	if o.Prefix = cmp.Or(prefix, o.Prefix, "bodega"); !prefixPattern.MatchString(o.Prefix) {
		return nil, refused("names in the search engine cannot begin with %q: only lower-case letters, digits, '_' and '-' are allowed", o.Prefix)
	}
	trust, err := trusted(o.CAFile)
	if err != nil {
		return nil, err
	}
	e := &Engine{options: o, shapes: generations[shape]{limit: maxShapes}}
	e.life, e.end = context.WithCancel(context.WithoutCancel(ctx))
	// One of several hosts may take a request and never answer it: then a search
	// has time left to ask another.
	patience := time.Duration(0)
	if len(addresses) > 1 {
		patience = o.Timeout / 2
	}
	if e.reads, err = newConnections(addresses, trust, patience); err != nil {
		return nil, err
	}
	if e.writes, err = newConnections(addresses, trust, 0); err != nil {
		return nil, err
	}
	if err := e.greet(ctx, addresses); err != nil {
		e.Close() //nolint:contextcheck // it ends what outlives this context
		return nil, err
	}
	return e, nil
}

// Close ends what runs in the background. Nothing may be asked after it.
func (e *Engine) Close() {
	e.end()
	e.behind.Wait()
	ctx := context.WithoutCancel(e.life)
	e.reads.close(ctx)
	e.writes.close(ctx)
}

// connections are those to all hosts.
type connections struct {
	*client.BaseClient
	pool *http.Transport
}

// close also ends the transport's waits for hosts that were dead.
func (c connections) close(ctx context.Context) {
	_ = c.BaseClient.Close(ctx) // that it was closed before
	c.pool.CloseIdleConnections()
}

// Ping asks the engine whether it is there. Unavailable if not.
func (e *Engine) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, e.options.Timeout)
	defer cancel()
	return e.call(ctx, e.reads, http.MethodGet, "/", nil, nil)
}

func refused(format string, args ...any) *fault.Error {
	return &fault.Error{Kind: fault.Invalid, Op: "elasticsearch", Detail: fmt.Sprintf(format, args...)}
}

var prefixPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,99}$`)

// parseURLs returns the addresses, with the first one's credentials where they
// have none of their own, and what their path says.
func parseURLs(urls []string) ([]*url.URL, string, error) {
	var list []*url.URL
	prefix := ""
	for _, text := range strings.FieldsFunc(strings.Join(urls, ","), func(r rune) bool { return r == ',' || r == ' ' }) {
		u, err := url.Parse(text)
		if err != nil { // its text may hold the password
			return nil, "", refused("a search URL cannot be read")
		}
		path := strings.Trim(u.Path, "/")
		switch {
		case u.Scheme != "http" && u.Scheme != "https":
			return nil, "", refused("the search URL of %q must begin with http:// or https://, not %q", u.Host, u.Scheme)
		case u.Hostname() == "":
			return nil, "", refused("a search URL has no host")
		case u.RawQuery != "" || u.Fragment != "":
			return nil, "", refused("the search URL of %q must end with its path", u.Host)
		case path != "" && prefix != "" && path != prefix:
			return nil, "", refused("the search URLs must have the same path")
		}
		prefix = cmp.Or(prefix, path)
		u.Path, u.RawPath = "", ""
		if u.Port() == "" && u.Scheme == "http" {
			u.Host = net.JoinHostPort(u.Hostname(), "9200")
		}
		if len(list) > 0 && u.User == nil {
			u.User = list[0].User
		}
		list = append(list, u)
	}
	if len(list) == 0 {
		return nil, "", refused("there is no search URL")
	}
	return list, prefix, nil
}

func trusted(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return nil, refused("the CA file %s cannot be read", file)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, refused("the CA file %s has no certificate", file)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

const connectTimeout = 300 * time.Millisecond

func newConnections(addresses []*url.URL, trust *tls.Config, patience time.Duration) (connections, error) {
	list := make([]string, len(addresses))
	for i, u := range addresses {
		list[i] = u.String()
	}
	pool := &http.Transport{
		DialContext: (&net.Dialer{Timeout: connectTimeout}).DialContext, TLSHandshakeTimeout: 2 * connectTimeout, TLSClientConfig: trust,
		MaxIdleConns: 64, MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, ResponseHeaderTimeout: patience,
		DisableCompression: true, // the engine is near, and both ends have better to do
	}
	c, err := client.NewBaseClient(client.Config{
		Addresses: list, Transport: pool, MaxRetries: max(2, len(addresses)),
		RetryOnStatus: []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout},
		RetryOnError:  func(r *http.Request, _ error) bool { return r.Context().Err() == nil },
		RetryBackoff:  func(attempt int) time.Duration { return time.Duration(attempt*attempt) * 10 * time.Millisecond },
	})
	if err != nil {
		return connections{}, refused("the search URLs cannot be used")
	}
	return connections{c, pool}, nil
}

// greet finds out what can only be a mistake of the configuration.
func (e *Engine) greet(ctx context.Context, addresses []*url.URL) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for _, u := range addresses {
		if err := e.meet(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// meet asks one host who it is. No answer is no error.
func (e *Engine) meet(ctx context.Context, u *url.URL) error {
	trust, err := trusted(e.options.CAFile)
	if err != nil {
		return err
	}
	transport := &http.Transport{DialContext: (&net.Dialer{Timeout: connectTimeout}).DialContext, TLSClientConfig: trust, DisableKeepAlives: true}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.JoinPath("/").String(), nil)
	if err != nil {
		return refused("the search URL of %q cannot be used", u.Host)
	}
	if password, ok := u.User.Password(); ok {
		r.SetBasicAuth(u.User.Username(), password)
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return explain(ctx, u, err)
	}
	defer func() { _ = answer.Body.Close() }()
	var who struct {
		Version struct{ Number string }
	}
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	switch {
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden:
		return refused("the search engine at %s refuses the user name and password of its URL", u.Host)
	case answer.StatusCode >= 500, answer.StatusCode == http.StatusTooManyRequests:
		return nil // it is starting, or in trouble
	case u.Scheme == "http" && answer.StatusCode == http.StatusBadRequest && speaksTLS(ctx, u.Host):
		return refused("the search engine at %s speaks https, its URL says http", u.Host)
	case answer.StatusCode != http.StatusOK, answer.Header.Get("X-Elastic-Product") != "Elasticsearch", json.Unmarshal(body, &who) != nil:
		return refused("what answers at %s is not an Elasticsearch", u.Host)
	}
	major, rest, _ := strings.Cut(who.Version.Number, ".")
	minor, _, _ := strings.Cut(rest, ".")
	if atoi(major) < 8 || major == "8" && atoi(minor) < 4 {
		return refused("the search engine at %s is Elasticsearch %s, which is older than 8.4", u.Host, who.Version.Number)
	}
	return nil
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// explain tells a wrong scheme or certificate from a server that is down.
func explain(ctx context.Context, u *url.URL, err error) error {
	var (
		plain   tls.RecordHeaderError
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &plain):
		return refused("the search engine at %s speaks http, its URL says https", u.Host)
	case errors.As(err, &unknown):
		return refused("the certificate of the search engine at %s is signed by nobody known: name its CA file", u.Host)
	case errors.As(err, &name), errors.As(err, &invalid):
		return refused("the certificate of the search engine at %s is not valid for it", u.Host)
	}
	if _, isNet := errors.AsType[net.Error](err); u.Scheme == "http" && (errors.Is(err, io.EOF) || !isNet) && speaksTLS(ctx, u.Host) {
		return refused("the search engine at %s speaks https, its URL says http", u.Host)
	}
	return nil
}

func speaksTLS(ctx context.Context, host string) bool {
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: connectTimeout}, Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // it only listens to the greeting
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
