package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bodega-commerce/bodega/core/fault"
)

// address is where a server is, and what an operator calls it.
type address struct {
	what   string // "the database", "replica 2 of the database"
	region string
	cfg    *pgxpool.Config
}

// parse reads a URL. Invalid says in one line what is wrong with it, without
// repeating it: it holds a password.
func parse(what, text string) (address, error) {
	text, region, _ := strings.Cut(text, "#")
	wrong := func(rule string, err error) (address, error) {
		return address{}, &fault.Error{Kind: fault.Invalid, Op: "postgres.Open", Detail: "the URL of " + what + " " + rule, Err: err}
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme != "postgres" && scheme != "postgresql" {
		return wrong("must begin with postgres://", nil)
	}
	authority, path, _ := strings.Cut(rest, "/")
	name, _, _ := strings.Cut(path, "?")
	hosts := authority[strings.LastIndexByte(authority, '@')+1:]
	if hosts == "" || name == "" {
		return wrong("must name a host and a database: postgres://user:password@host:port/database", nil)
	}
	cfg, err := pgxpool.ParseConfig(text)
	if err != nil {
		return wrong("is not of the form postgres://user:password@host:port/database", unquoted(err))
	}
	return address{what: what, region: region, cfg: cfg}, nil
}

// unquoted keeps the reason of a URL that cannot be read, not the URL.
func unquoted(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return nil
}

// tune sets what all pools have in common.
func (a address) tune(size int, params map[string]string, dial pgconn.DialFunc) {
	cfg := a.cfg
	cfg.MaxConns = int32(size)
	cfg.MaxConnLifetime, cfg.MaxConnLifetimeJitter = 30*time.Minute, 5*time.Minute
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.HealthCheckPeriod = 15 * time.Second
	cfg.PingTimeout = time.Second
	cfg.ConnConfig.ConnectTimeout = cmp.Or(cfg.ConnConfig.ConnectTimeout, 3*time.Second)
	if dial != nil {
		cfg.ConnConfig.DialFunc = dial
	}
	session := cfg.ConnConfig.RuntimeParams
	session["timezone"] = "UTC"
	for name, value := range params { // what the URL says stands
		session[name] = cmp.Or(session[name], value)
	}
	// A caller who goes away has the server stop, instead of losing the connection.
	cfg.ConnConfig.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Second}
	}
}

// host returns the host and port, for people.
func (a address) host() string {
	c := a.cfg.ConnConfig
	hosts := []string{fmt.Sprintf("%s:%d", c.Host, c.Port)}
	for _, f := range c.Fallbacks {
		if h := fmt.Sprintf("%s:%d", f.Host, f.Port); h != hosts[len(hosts)-1] { // twice when TLS is optional
			hosts = append(hosts, h)
		}
	}
	return strings.Join(hosts, ",")
}

var (
	errReadOnly  = errors.New("the server takes no writes")
	errNoReplica = errors.New("the server is no replica")
	errStranger  = errors.New("the server is a replica of another one")
)

// unusable explains in one line why a server cannot be used.
func (a address) unusable(err error) error {
	kind, why := fault.Invalid, ""
	c := a.cfg.ConnConfig
	state := stateOf(err)
	switch {
	case errors.Is(err, errReadOnly):
		why = "is a replica and takes no writes"
	case errors.Is(err, errNoReplica):
		why = "is a primary, not a replica"
	case errors.Is(err, errStranger):
		why = "is a replica of another primary"
	case state == "28P01", state == "28000":
		why = fmt.Sprintf("does not let user %q in: wrong name or password", c.User)
	case state == "3D000":
		why = fmt.Sprintf("has no database %q", c.Database)
	case state == "42501":
		why = fmt.Sprintf("does not grant user %q what a shop needs", c.User)
	case strings.HasPrefix(state, "42"), strings.HasPrefix(state, "22"):
		why = "does not know a parameter of its URL"
	case errors.Is(err, context.Canceled):
		return &fault.Error{Kind: fault.Canceled, Op: "postgres.Open", Err: err}
	default:
		kind, why = fault.Unavailable, "cannot be reached"
	}
	return &fault.Error{Kind: kind, Op: "postgres.Open", Detail: a.what + " at " + a.host() + " " + why, Err: err}
}

// takesWrites refuses a server that only reads, so that another of the URL's
// hosts is tried.
func takesWrites(ctx context.Context, conn *pgconn.PgConn) error {
	result := conn.ExecParams(ctx, "SHOW transaction_read_only", nil, nil, nil, nil).Read()
	if result.Err != nil {
		return result.Err
	}
	if len(result.Rows) != 1 || string(result.Rows[0][0]) != "off" {
		return errReadOnly
	}
	return nil
}
