package boot

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/money"
)

const prefix = "BODEGA_"

// Config is every setting, as docs/operations.md lists them. Load fills it from
// the environment; tests fill in what they need and leave the rest to Default.
type Config struct {
	Env      Environment `env:"ENV" rule:"must be development, test or production"`
	HTTPAddr string      `env:"HTTP_ADDR" envDefault:":8080"`
	OpsAddr  string      `env:"OPS_ADDR" envDefault:"127.0.0.1:9464"`
	PProf    Switch      `env:"PPROF" envDefault:"off" rule:"must be on or off"`
	DataDir  string      `env:"DATA_DIR" envDefault:"./data"`
	Demo     bool        `env:"DEMO" envDefault:"false" rule:"must be true or false"`

	AdminAPIKey string `env:"ADMIN_API_KEY" secret:"true"`
	SecretKey   string `env:"SECRET_KEY" secret:"true"`

	DatabaseURL string   `env:"DATABASE_URL" secret:"true"`
	CatalogURL  string   `env:"CATALOG_DATABASE_URL" secret:"true"`
	OrdersURL   string   `env:"ORDERS_DATABASE_URL" secret:"true"`
	IdentityURL string   `env:"IDENTITY_DATABASE_URL" secret:"true"`
	ReplicaURLs []string `env:"DATABASE_REPLICA_URLS" secret:"true"`
	Region      string   `env:"REGION"`
	Connections int      `env:"DATABASE_CONNECTIONS" envDefault:"20" rule:"must be a whole number from 2"`
	SearchURL   string   `env:"SEARCH_URL" secret:"true"`
	CacheURL    string   `env:"CACHE_URL" secret:"true"`
	QueueURL    string   `env:"QUEUE_URL" secret:"true"`
	MailURL     string   `env:"MAIL_URL" secret:"true"`
	MailFrom    string   `env:"MAIL_FROM"`
	MediaStore  string   `env:"MEDIA_STORE" secret:"true"`
	MediaShared bool     `env:"MEDIA_SHARED" envDefault:"false" rule:"must be true or false"`

	PublicURL    string   `env:"PUBLIC_URL"`
	Storefront   string   `env:"STOREFRONT_URL"`
	MediaURL     string   `env:"MEDIA_URL"`
	Worker       Worker   `env:"WORKER" envDefault:"auto" rule:"must be auto, on or off"`
	RateLimits   Switch   `env:"RATE_LIMITS" envDefault:"on" rule:"must be on or off"`
	Providers    []string `env:"PAYMENT_PROVIDERS" envDefault:"sandbox"`
	Capture      Capture  `env:"CAPTURE" envDefault:"on_confirm" rule:"must be on_confirm, on_ship or manual"`
	StripeSecret string   `env:"STRIPE_SECRET_KEY" secret:"true"`
	StripePublic string   `env:"STRIPE_PUBLISHABLE_KEY"`
	StripeHooks  []string `env:"STRIPE_WEBHOOK_SECRETS" secret:"true"`
	StripeURL    string   `env:"STRIPE_API_URL"`
	SandboxHook  string   `env:"SANDBOX_WEBHOOK_SECRET" envDefault:"whsec_sandbox" secret:"true"`
	HooksPrivate bool     `env:"WEBHOOK_PRIVATE" envDefault:"false" rule:"must be true or false"`

	Currency          money.Currency `env:"CURRENCY" envDefault:"EUR"`
	Locale            string         `env:"LOCALE" envDefault:"en"`
	Country           string         `env:"COUNTRY" envDefault:"DE"`
	ShopName          string         `env:"SHOP_NAME" envDefault:"Bodega"`
	PricesIncludeTax  bool           `env:"PRICES_INCLUDE_TAX" envDefault:"true" rule:"must be true or false"`
	ShippingFlat      int64          `env:"SHIPPING_FLAT" envDefault:"0" rule:"must be a whole number of minor units"`
	ShippingCountries []string       `env:"SHIPPING_COUNTRIES"`
	TaxRates          []TaxRate      `env:"TAX_RATES" rule:"must be like DE:1900,FR:2000 (country:basis points)"`
	MaxLineQuantity   int            `env:"MAX_LINE_QUANTITY" envDefault:"999" rule:"must be a whole number from 1"`

	TrustedProxies []Prefix `env:"TRUSTED_PROXIES" rule:"must be CIDRs like 10.0.0.0/8,fd00::/8"`
	CORSOrigins    []string `env:"CORS_ORIGINS"`

	RetryDelays     []time.Duration `env:"RETRY_DELAYS" envDefault:"10s,1m,5m,30m" rule:"must be durations like 10s,1m,5m,30m"`
	HookDelays      []time.Duration `env:"WEBHOOK_RETRY_DELAYS" envDefault:"10s,1m,5m,30m,2h,5h,10h,18h" rule:"must be durations like 10s,1m,5m,30m"`
	CartTTL         time.Duration   `env:"CART_TTL" envDefault:"720h" rule:"must be a duration like 720h"`
	ReservationTTL  time.Duration   `env:"RESERVATION_TTL" envDefault:"10m" rule:"must be a duration like 10m"`
	ShutdownTimeout time.Duration   `env:"SHUTDOWN_TIMEOUT" envDefault:"30s" rule:"must be a duration like 30s"`
	ShutdownDelay   time.Duration   `env:"SHUTDOWN_DELAY" envDefault:"0s" rule:"must be a duration like 5s"`

	LogLevel  LogLevel  `env:"LOG_LEVEL" envDefault:"info" rule:"must be debug, info, warn or error"`
	LogFormat LogFormat `env:"LOG_FORMAT" rule:"must be json or text"`

	TracesURL string // where traces go, by the settings of OpenTelemetry; "": nowhere

	Role    Role              // of the program
	Migrate bool              // bring the store up to date, also in production
	Version string            // of the program; "" : development
	Log     *slog.Logger      // nil: to standard error, by LogLevel and LogFormat
	Wrap    func(*core.Deps)  // lets tests stand between the shop and its adapters; nil: nobody does
	Carry   func(*Carriers)   // the same where its jobs leave and come from
	Now     func() time.Time  // nil: time.Now
	Print   func(line string) // told what a person at the terminal wants to know; nil: nobody is
}

// Role is what a program is to a shop.
type Role int

const (
	Server   Role = iota // answers requests; does the jobs too unless somebody else does
	Consumer             // does jobs
	Tool                 // an operator's, for as long as a command takes: does no jobs
)

// Errors is everything that is wrong with the settings, a line each.
type Errors []string

func (e Errors) Error() string { return strings.Join(e, "\n") }

func (e *Errors) add(name, rule string) { *e = append(*e, prefix+name+": "+rule) }

// Default is the embedded shop with nothing configured.
func Default() Config {
	c, err := Load(nil)
	if err != nil {
		panic(err) // an empty environment is valid, see TestLoad/NothingSet
	}
	return c
}

// Load reads a server's settings from an environment of NAME=value lines, as
// os.Environ returns it. It answers Errors with a line for every variable that
// is wrong, unknown, or does not go together with the others. Names that begin
// with BODEGA_TEST_ belong to tests and are not looked at.
func Load(environ []string) (Config, error) { return LoadAs(Server, environ) }

// LoadAs is Load for a program of any role.
func LoadAs(role Role, environ []string) (Config, error) {
	var bad Errors
	vars, others := map[string]string{}, map[string]string{}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if strings.HasPrefix(name, "OTEL_") {
			others[name] = value
		} else if own, ours := strings.CutPrefix(name, prefix); ours && !strings.HasPrefix(own, "TEST_") {
			vars[own] = value
		}
	}
	fields := settings()
	readSecretFiles(vars, fields, &bad)
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if _, known := fields[name]; !known {
			bad.add(name, "is not a setting"+suggest(name, fields))
		}
	}
	c := Config{Role: role, TracesURL: tracesURL(others, &bad)}
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars}); err != nil {
		bad = append(bad, explain(err, fields)...)
	}
	var more Errors
	c.check(&more)
	for _, line := range more {
		if !bad.names(line) { // what could not be read is not judged by its zero value
			bad = append(bad, line)
		}
	}
	if len(bad) > 0 {
		slices.Sort(bad)
		return Config{}, bad
	}
	return c, nil
}

// names reports whether the variable that a line begins with has a line already.
func (e Errors) names(line string) bool {
	name, _, _ := strings.Cut(line, ":")
	return slices.ContainsFunc(e, func(l string) bool { return strings.HasPrefix(l, name+":") })
}

// settings returns the fields of Config by the name of their variable, without
// the prefix.
func settings() map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for f := range reflect.TypeFor[Config]().Fields() {
		if name := f.Tag.Get("env"); name != "" {
			fields[name] = f
		}
	}
	return fields
}

// readSecretFiles puts the contents of NAME_FILE under NAME.
func readSecretFiles(vars map[string]string, fields map[string]reflect.StructField, bad *Errors) {
	for name, f := range fields {
		path, set := vars[name+"_FILE"]
		if f.Tag.Get("secret") == "" || !set {
			continue
		}
		delete(vars, name+"_FILE")
		if _, both := vars[name]; both {
			bad.add(name, "is set beside "+prefix+name+"_FILE: choose one")
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			bad.add(name+"_FILE", "cannot be read: "+err.Error())
			continue
		}
		vars[name] = strings.TrimSpace(string(content))
	}
}

// explain turns what the parser found into a line per variable.
func explain(err error, fields map[string]reflect.StructField) Errors {
	var bad Errors
	all := []error{err}
	if many, ok := errors.AsType[env.AggregateError](err); ok {
		all = many.Errors
	}
	for _, one := range all {
		parse, ok := errors.AsType[env.ParseError](one)
		if !ok {
			bad = append(bad, one.Error())
			continue
		}
		for name, f := range fields {
			if f.Name == parse.Name {
				bad.add(name, cmp.Or(f.Tag.Get("rule"), "is not a "+parse.Type.String()))
			}
		}
	}
	return bad
}

// suggest names the setting that an unknown one was probably meant to be.
func suggest(name string, fields map[string]reflect.StructField) string {
	best, least := "", 4
	for known := range fields {
		if d := distance(name, known); d < least || d == least && known < best {
			best, least = known, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (is %s%s meant?)", prefix, best)
}

// distance is the number of single-letter edits between two names (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// Version is what the build knows of itself: the tag it was built at, or
// "development".
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}
