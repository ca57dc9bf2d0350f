package postgres

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
)

// detail is what an operator is told.
func detail(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Detail
	}
	return ""
}

func TestOpen_SaysInOneLineWhatIsWrong(t *testing.T) {
	t.Parallel()
	good, err := url.Parse(database(t))
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*url.URL)) string {
		u := *good
		change(&u)
		return u.String()
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	apart := good.String() + "&application_name=test"
	for name, test := range map[string]struct {
		c    Config
		kind fault.Kind
		says string
	}{
		"Nothing":       {Config{}, fault.Invalid, "the URL of the database must begin with postgres://"},
		"NoScheme":      {Config{URL: "localhost:5432/shop"}, fault.Invalid, "must begin with postgres://"},
		"WrongScheme":   {Config{URL: "mysql://u:secret@localhost/shop"}, fault.Invalid, "must begin with postgres://"},
		"NoHost":        {Config{URL: "postgres:///shop"}, fault.Invalid, "must name a host and a database"},
		"NoDatabase":    {Config{URL: "postgres://u:secret@localhost"}, fault.Invalid, "must name a host and a database"},
		"HalfAPort":     {Config{URL: "postgres://u:secret@localhost:54x/shop"}, fault.Invalid, "is not of the form"},
		"BadParameter":  {Config{URL: "postgres://u:secret@localhost/shop?sslmode=maybe"}, fault.Invalid, "is not of the form"},
		"WrongPassword": {Config{URL: with(func(u *url.URL) { u.User = url.UserPassword("bodega", "secret") })}, fault.Invalid, "wrong name or password"},
		"NoSuchBase":    {Config{URL: with(func(u *url.URL) { u.Path = "/nowhere" })}, fault.Invalid, `has no database "nowhere"`},
		"ItsOwnRealm":   {Config{URL: good.String(), OrdersURL: "postgres://"}, fault.Invalid, "the URL of the orders database"},
		"Unreachable":   {Config{URL: with(func(u *url.URL) { u.Host = "127.0.0.1:1" })}, fault.Unavailable, "the database at 127.0.0.1:1 cannot be reached"},
		"Silent":        {Config{URL: with(func(u *url.URL) { u.Host = silent.Addr().String() })}, fault.Unavailable, "cannot be reached"},
		"AReplicasURL":  {Config{URL: good.String(), Replicas: []string{good.String(), "x"}}, fault.Invalid, "replica"},
		"BadSetting":    {Config{URL: good.String() + "&statement_timeout=soon"}, fault.Invalid, "does not know a parameter of its URL"},
		"NoSharedRealm": {Config{URL: good.String(), CatalogURL: apart, OrdersURL: apart, IdentityURL: apart, Replicas: []string{"x"}}, fault.Invalid, "every realm has one of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			test.c.Migrate = true
			if test.kind == fault.Unavailable {
				test.c.ConnectTimeout = 2 * time.Second // all others have an answer
			}
			began := time.Now()
			db, err := Open(t.Context(), test.c)
			if err == nil {
				db.Close()
				t.Fatal("is served")
			}
			if fault.KindOf(err) != test.kind || !strings.Contains(detail(err), test.says) || strings.Contains(detail(err), "\n") {
				t.Errorf("got %v: %q", fault.KindOf(err), detail(err))
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("tells the password: %v", err)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestParse_SeveralHosts(t *testing.T) {
	t.Parallel()
	a, err := parse("the database", "postgres://u:p@one:5432,two:5433/shop?sslmode=disable#near")
	if err != nil || a.host() != "one:5432,two:5433" || a.region != "near" {
		t.Errorf("got %s in %q, %v", a.host(), a.region, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "postgres://", "postgres://u:p@h:5432/d?sslmode=disable#near", "postgres://a,b:1/d", "postgresql:///d?host=/tmp", "postgres://%zz@h/d", "mysql://h/d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parse("the database", text)
		switch {
		case err == nil && a.cfg == nil:
			t.Error("neither an address nor an error")
		case err != nil && (!fault.Is(err, fault.Invalid) || strings.Contains(detail(err), "\n")):
			t.Errorf("%q: %v", text, err)
		}
	})
}
