package boot

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("a-key-of-enough-letters\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := map[string]struct {
		environ []string
		holds   func(Config) bool
	}{
		"NothingSet": {nil, func(c Config) bool {
			return c.HTTPAddr == ":8080" && c.Currency == "EUR" && bool(c.RateLimits) && c.PricesIncludeTax
		}},
		"ForeignVariables": {[]string{"HOME=/root", "PATH=/bin"}, func(c Config) bool { return c.DataDir == "./data" }},
		"TestVariables":    {[]string{"BODEGA_TEST_DATA=/x"}, func(c Config) bool { return true }},
		"SecretFromFile":   {[]string{"BODEGA_ADMIN_API_KEY_FILE=" + key}, func(c Config) bool { return c.AdminAPIKey == "a-key-of-enough-letters" }},
		"Stripe": {stripeSettings("sk_live_1"), func(c Config) bool {
			return c.Env == Production && slices.Equal(c.StripeHooks, []string{"whsec_new", "whsec_old"}) && !c.stripeTests()
		}},
		"Lists": {[]string{"BODEGA_TAX_RATES=DE:1900,FR:2000", "BODEGA_TRUSTED_PROXIES=10.0.0.0/8,::1"}, func(c Config) bool {
			return slices.Equal(c.TaxRates, []TaxRate{{"DE", 1900}, {"FR", 2000}}) && len(c.TrustedProxies) == 2 && c.TrustedProxies[1].Bits() == 128
		}},
	}
	for name, test := range good {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := Load(test.environ)
			if err != nil || !test.holds(c) {
				t.Errorf("got %+v, %v", c, err)
			}
		})
	}
	bad := map[string]struct {
		environ []string
		lines   []string // the beginning of each line of the error
	}{
		"UnknownNamesTheNearest": {[]string{"BODEGA_CURENCY=EUR"}, []string{"BODEGA_CURENCY: is not a setting (is BODEGA_CURRENCY meant?)"}},
		"Addresses": {
			[]string{"BODEGA_HTTP_ADDR=localhost", "BODEGA_OPS_ADDR=:http", "BODEGA_LOCALE=!!", "BODEGA_SHIPPING_FLAT=1000000000001"},
			[]string{
				"BODEGA_HTTP_ADDR: must be an address and a port", "BODEGA_LOCALE: must be a language", "BODEGA_OPS_ADDR: must be an address and a port",
				"BODEGA_SHIPPING_FLAT: must be 0 to 1000000000000",
			},
		},
		"EveryLineAtOnce": {
			[]string{"BODEGA_WORKER=maybe", "BODEGA_CART_TTL=soon", "BODEGA_NONSENSE_HERE=1", "BODEGA_CURRENCY=XXX"},
			[]string{
				"BODEGA_CART_TTL: must be a duration like 720h", "BODEGA_CURRENCY: must be an ISO 4217 code",
				"BODEGA_NONSENSE_HERE: is not a setting", "BODEGA_WORKER: must be auto, on or off",
			},
		},
		"SecretTwice":    {[]string{"BODEGA_SECRET_KEY=xxxxxxxxxxxxxxxxxxxx", "BODEGA_SECRET_KEY_FILE=" + key}, []string{"BODEGA_SECRET_KEY: is set beside BODEGA_SECRET_KEY_FILE"}},
		"MissingFile":    {[]string{"BODEGA_SECRET_KEY_FILE=/nowhere"}, []string{"BODEGA_SECRET_KEY_FILE: cannot be read"}},
		"FileOfNoSecret": {[]string{"BODEGA_CURRENCY_FILE=" + key}, []string{"BODEGA_CURRENCY_FILE: is not a setting"}},
		"ShortKey":       {[]string{"BODEGA_ADMIN_API_KEY=short"}, []string{"BODEGA_ADMIN_API_KEY: must have at least 20 characters"}},
		"Currency":       {[]string{"BODEGA_CURRENCY=XXX"}, []string{"BODEGA_CURRENCY: must be an ISO 4217 code"}},
		"TaxRate":        {[]string{"BODEGA_TAX_RATES=DE=19"}, []string{"BODEGA_TAX_RATES: must be like DE:1900"}},
		"URL":            {[]string{"BODEGA_PUBLIC_URL=shop.example"}, []string{"BODEGA_PUBLIC_URL: must be an address"}},
		"Provider":       {[]string{"BODEGA_PAYMENT_PROVIDERS=cash"}, []string{`BODEGA_PAYMENT_PROVIDERS: "cash" is not a provider`}},
		"StripeAlone": {[]string{"BODEGA_PAYMENT_PROVIDERS=stripe,sandbox", "BODEGA_STRIPE_API_URL=stripe"}, []string{
			"BODEGA_STRIPE_API_URL: must be an address", "BODEGA_STRIPE_PUBLISHABLE_KEY: must be set with the provider stripe",
			"BODEGA_STRIPE_SECRET_KEY: must be set with the provider stripe", "BODEGA_STRIPE_WEBHOOK_SECRETS: must be set with the provider stripe",
		}},
		"WorkerOff": {[]string{"BODEGA_WORKER=off"}, []string{"BODEGA_WORKER: must not be off"}},
		"Production": {
			[]string{"BODEGA_ENV=production", "BODEGA_DEMO=true"},
			[]string{"BODEGA_ADMIN_API_KEY: must be set", "BODEGA_DEMO: must not be true", "BODEGA_PAYMENT_PROVIDERS: must not hold the sandbox", "BODEGA_SECRET_KEY: must be set"},
		},
	}
	for name, test := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(test.environ)
			if err == nil {
				t.Fatal("no error")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.lines) {
				t.Fatalf("got %q, want %d lines", lines, len(test.lines))
			}
			for i, want := range test.lines {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %d is %q, want %q…", i, lines[i], want)
				}
			}
		})
	}
}

// shared is what a shop on PostgreSQL has to be told.
// stripeSettings are all that an embedded shop needs to take money.
func stripeSettings(secret string) []string {
	return []string{
		"BODEGA_ENV=production", "BODEGA_ADMIN_API_KEY=a-key-of-enough-letters", "BODEGA_SECRET_KEY=a-secret-of-enough-letters",
		"BODEGA_PAYMENT_PROVIDERS=stripe", "BODEGA_STRIPE_SECRET_KEY=" + secret, "BODEGA_STRIPE_PUBLISHABLE_KEY=pk_1",
		"BODEGA_STRIPE_WEBHOOK_SECRETS=whsec_new,whsec_old",
	}
}

func shared(more ...string) []string {
	return append([]string{
		"BODEGA_ENV=test", "BODEGA_DATABASE_URL=postgres://u:secret@db.example/shop", "BODEGA_PUBLIC_URL=https://shop.example",
		"BODEGA_ADMIN_API_KEY=a-key-of-enough-letters", "BODEGA_SECRET_KEY=a-secret-of-enough-letters",
	}, more...)
}

const (
	search = "BODEGA_SEARCH_URL=http://es.example:9200"
	cache  = "BODEGA_CACHE_URL=redis://cache.example:6379/0"
	queued = "BODEGA_QUEUE_URL=amqp://u:secret@queue.example:5672/shop"
	bucket = "BODEGA_MEDIA_STORE=s3://KEY:secret@s3.example/media"
)

func TestLoadAs_PartsThatGoTogether(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		role    Role
		environ []string
		works   bool
	}{
		"Nothing":                   {Server, nil, true},
		"EmbeddedWithMailAndBucket": {Server, []string{bucket, "BODEGA_MAIL_URL=smtp://mail.example?tls=none", "BODEGA_MAIL_FROM=Shop <shop@shop.example>"}, true},
		"DatabaseAlone":             {Server, shared(), true},
		"DatabaseOfSeveralHosts":    {Server, shared("BODEGA_DATABASE_URL=postgres://u:p@a.example:5432,b.example:5433/shop"), true},
		"DatabasesOfTheirOwn":       {Server, shared("BODEGA_CATALOG_DATABASE_URL=postgres://u:p@c.example/c", "BODEGA_ORDERS_DATABASE_URL=postgresql://u:p@o.example/o"), true},
		"Replicas":                  {Server, shared("BODEGA_DATABASE_REPLICA_URLS=postgres://u:p@r1.example/shop#eu,postgres://u:p@r2.example/shop", "BODEGA_REGION=eu"), true},
		"CacheAlone":                {Server, shared(cache), true},
		"IndexAlone":                {Server, shared(search), true},
		"BrokerWithAWorkerInside":   {Server, shared(queued, "BODEGA_WORKER=on"), true},
		"ServerBesideConsumers":     {Server, shared(search, cache, queued, bucket), false},
		"ServerOfASharedDirectory":  {Server, shared(search, cache, queued, "BODEGA_MEDIA_STORE=/srv/media", "BODEGA_MEDIA_SHARED=true"), false},
		"ServerThatLeavesJobs":      {Server, shared(search, cache, bucket, "BODEGA_WORKER=off"), false},
		"Consumer":                  {Consumer, shared(search, cache, queued, bucket), true},
		"ConsumerWithoutABroker":    {Consumer, shared(search, cache, bucket), true},
		"Tool":                      {Tool, shared(search, cache, queued, bucket), false},
		"ToolOfADatabase":           {Tool, shared(), false},
		"IndexOnSeveralHosts":       {Server, shared("BODEGA_SEARCH_URL=https://u:p@a.example:9200,https://b.example:9200?prefix=shop"), true},
		"BrokerOnSeveralHosts":      {Server, shared("BODEGA_QUEUE_URL=amqps://u:p@a.example,b.example/shop", "BODEGA_WORKER=on"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := LoadAs(test.role, test.environ)
			if err != nil {
				t.Fatal(err)
			}
			if c.works() != test.works {
				t.Errorf("does jobs: %v", c.works())
			}
		})
	}
}

func TestLoadAs_PartsThatDoNot(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		role    Role
		environ []string
		lines   []string // the beginning of each line of the error
	}{
		"NothingIsMadeUpWithPostgreSQL": {Server, []string{"BODEGA_DATABASE_URL=postgres://u:secret@db.example/shop"}, []string{
			"BODEGA_ADMIN_API_KEY: must be set", "BODEGA_ENV: must be set", "BODEGA_PUBLIC_URL: must be set", "BODEGA_SECRET_KEY: must be set",
		}},
		"BesideNoDatabase": {Server, []string{search, cache, queued, "BODEGA_REGION=eu", "BODEGA_ORDERS_DATABASE_URL=postgres://u:secret@o.example/o", "BODEGA_DATABASE_REPLICA_URLS=postgres://u:secret@r.example/r"}, []string{
			"BODEGA_CACHE_URL: needs BODEGA_DATABASE_URL", "BODEGA_DATABASE_REPLICA_URLS: needs BODEGA_DATABASE_URL", "BODEGA_ORDERS_DATABASE_URL: needs BODEGA_DATABASE_URL",
			"BODEGA_QUEUE_URL: needs BODEGA_DATABASE_URL", "BODEGA_REGION: needs BODEGA_DATABASE_URL", "BODEGA_SEARCH_URL: needs BODEGA_DATABASE_URL",
		}},
		"ConsumerOfNoDatabase": {Consumer, nil, []string{"BODEGA_DATABASE_URL: must be set: a consumer"}},
		"ConsumerOfADatabase":  {Consumer, shared(queued), []string{"BODEGA_CACHE_URL: must be set: a consumer", "BODEGA_MEDIA_STORE: must be s3://", "BODEGA_SEARCH_URL: must be set: a consumer"}},
		"BrokerWithoutTheRest": {Server, shared(queued), []string{"BODEGA_CACHE_URL: must be set: BODEGA_QUEUE_URL", "BODEGA_MEDIA_STORE: must be s3://", "BODEGA_SEARCH_URL: must be set: BODEGA_QUEUE_URL"}},
		"NobodyBuildsTheIndex": {Server, shared(cache, bucket, "BODEGA_WORKER=off"), []string{"BODEGA_SEARCH_URL: must be set: BODEGA_WORKER=off"}},
		"DirectoryOfOne":       {Server, shared(search, cache, queued, "BODEGA_MEDIA_STORE=/srv/media"), []string{"BODEGA_MEDIA_STORE: must be s3://…, or a directory that BODEGA_MEDIA_SHARED=true says is shared"}},
		"WrongSchemes": {Server, shared("BODEGA_DATABASE_URL=mysql://u:secret@db.example/shop", "BODEGA_SEARCH_URL=es.example:9200", "BODEGA_CACHE_URL=memcached://cache.example", "BODEGA_QUEUE_URL=kafka://secret@queue.example", "BODEGA_MEDIA_STORE=gs://media", "BODEGA_MAIL_URL=mailto:secret@mail.example"), []string{
			"BODEGA_CACHE_URL: must be like redis://", "BODEGA_DATABASE_URL: must be like postgres://", "BODEGA_MAIL_URL: must be like smtp://", "BODEGA_MEDIA_STORE: must be like s3://",
			"BODEGA_QUEUE_URL: must be like amqp://", "BODEGA_SEARCH_URL: must be like https://",
		}},
		"HalfAddresses": {Server, shared("BODEGA_DATABASE_URL=postgres://u:secret@/shop", "BODEGA_DATABASE_REPLICA_URLS=postgres://u:secret@r.example/r,r2.example", "BODEGA_SEARCH_URL=https://", "BODEGA_CACHE_URL=redis://:secret@:6379", "BODEGA_QUEUE_URL=amqp://", "BODEGA_WORKER=on", "BODEGA_MEDIA_STORE=s3://KEY@s3.example/media", "BODEGA_MAIL_URL=smtp://user@mail.example", "BODEGA_MAIL_FROM=nobody"), []string{
			"BODEGA_CACHE_URL: must be like redis://", "BODEGA_DATABASE_REPLICA_URLS: must be addresses like", "BODEGA_DATABASE_URL: must be like postgres://", "BODEGA_MAIL_FROM: must be an address like",
			"BODEGA_MAIL_URL: lacks the user or the password", "BODEGA_MEDIA_STORE: lacks the key or the secret", "BODEGA_QUEUE_URL: must be like amqp://", "BODEGA_SEARCH_URL: must be like https://",
		}},
		"Production": {Server, shared("BODEGA_ENV=production", "BODEGA_DEMO=true"), []string{"BODEGA_DEMO: must not be true", "BODEGA_PAYMENT_PROVIDERS: must not hold the sandbox"}},
		"Numbers":    {Server, shared("BODEGA_DATABASE_CONNECTIONS=1", "BODEGA_SHUTDOWN_DELAY=30s"), []string{"BODEGA_DATABASE_CONNECTIONS: must be 2", "BODEGA_SHUTDOWN_DELAY: must be less"}},
		"Addresses":  {Server, shared("BODEGA_PUBLIC_URL=https://shop.example/?from=mail", "BODEGA_MEDIA_URL=https://cdn.example#x"), []string{"BODEGA_MEDIA_URL: must be an address like", "BODEGA_PUBLIC_URL: must be an address like"}},
		"Texts":      {Server, shared("BODEGA_SHOP_NAME=Bodega\nBcc: all", "BODEGA_TAX_RATES=DE:1900,FR:2000,DE:700"), []string{"BODEGA_SHOP_NAME: must be one line", "BODEGA_TAX_RATES: must hold one rate of each country: DE"}},
		"OneOfTwo":   {Server, shared("BODEGA_SHUTDOWN_TIMEOUT=soon"), []string{"BODEGA_SHUTDOWN_TIMEOUT: must be a duration"}},
		"Typo":       {Server, shared("BODEGA_CATALOGUE_DATABASE_URL=postgres://u:p@c.example/c"), []string{"BODEGA_CATALOGUE_DATABASE_URL: is not a setting (is BODEGA_CATALOG_DATABASE_URL meant?)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := LoadAs(test.role, test.environ)
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), "secret@") || strings.Contains(err.Error(), ":secret") {
				t.Errorf("a secret is told: %v", err)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.lines) {
				t.Fatalf("got %q, want %d lines", lines, len(test.lines))
			}
			for i, want := range test.lines {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %d is %q, want %q…", i, lines[i], want)
				}
			}
		})
	}
}

func TestDataDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := openDataDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.announce("http://localhost:1234"); err != nil {
		t.Fatal(err)
	}
	t.Run("SecondIsToldWhoHoldsIt", func(t *testing.T) {
		_, err := openDataDir(dir)
		if err == nil || !strings.Contains(err.Error(), "in use by the server at http://localhost:1234") || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v", err)
		}
		if running, err := Running(dir); !running || err != nil {
			t.Errorf("running = %v, %v", running, err)
		}
	})
	t.Run("SecretIsMadeOnceForItsOwnerOnly", func(t *testing.T) {
		a, err := first.secret("admin.key")
		if err != nil {
			t.Fatal(err)
		}
		b, err := first.secret("admin.key")
		if err != nil || a != b || len(a) < 40 {
			t.Errorf("got %q then %q, %v", a, b, err)
		}
		info, err := os.Stat(filepath.Join(dir, "admin.key"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode is %v, %v", info.Mode(), err)
		}
	})
	t.Run("KnowsWhetherItCanBeWritten", func(t *testing.T) {
		d := &dataDir{path: t.TempDir()}
		if err := d.writable(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(d.path); err != nil || len(left) != 0 {
			t.Errorf("the attempt left %v, %v", left, err)
		}
		d.path = filepath.Join(d.path, "gone")
		if err := d.writable(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("IsFreeAfterwards", func(t *testing.T) {
		if err := first.close(); err != nil {
			t.Fatal(err)
		}
		release, err := Hold(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := release(); err != nil {
			t.Error(err)
		}
		if running, err := Running(dir); running || err != nil {
			t.Errorf("running = %v, %v", running, err)
		}
	})
}

func TestLoad_Traces(t *testing.T) {
	t.Parallel()
	for want, environ := range map[string][]string{
		"":                          {"OTEL_SERVICE_NAME=shop"},
		"http://one:4318/v1/traces": {"OTEL_EXPORTER_OTLP_ENDPOINT=http://one:4318/"},
		"https://two/traces":        {"OTEL_EXPORTER_OTLP_ENDPOINT=http://one:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://two/traces"},
	} {
		if c, err := Load(environ); err != nil || c.TracesURL != want {
			t.Errorf("%v: %q, %v", environ, c.TracesURL, err)
		}
		if c, err := Load(append(environ, "OTEL_SDK_DISABLED=true")); err != nil || c.TracesURL != "" {
			t.Errorf("%v, disabled: %q, %v", environ, c.TracesURL, err)
		}
	}
	if _, err := Load([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318"}); err == nil || !strings.HasPrefix(err.Error(), "OTEL_EXPORTER_OTLP_ENDPOINT: must be") {
		t.Errorf("an endpoint that is no address: %v", err)
	}
}
