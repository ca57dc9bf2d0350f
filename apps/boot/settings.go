package boot

import (
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
)

// Environment says how careful to be.
type Environment string

const (
	Development Environment = "development"
	Test        Environment = "test"
	Production  Environment = "production"
)

// UnmarshalText reads one of the three.
func (e *Environment) UnmarshalText(b []byte) error {
	return oneOf(e, b, Development, Test, Production)
}

// Switch is on or off.
type Switch bool

// UnmarshalText reads on or off.
func (s *Switch) UnmarshalText(b []byte) error {
	var word string
	err := oneOf(&word, b, "on", "off")
	*s = word == "on"
	return err
}

// Worker says whether the server runs the loops: auto is on without a queue URL.
type Worker string

// UnmarshalText reads auto, on or off.
func (w *Worker) UnmarshalText(b []byte) error { return oneOf(w, b, "auto", "on", "off") }

// Capture says when held money is taken.
type Capture core.CaptureAt

// UnmarshalText reads on_confirm, on_ship or manual.
func (c *Capture) UnmarshalText(b []byte) error {
	return oneOf(c, b, Capture(core.CaptureOnConfirm), Capture(core.CaptureOnShip), Capture(core.CaptureManually))
}

// LogFormat is json or text; none means text on a terminal and json elsewhere.
type LogFormat string

// UnmarshalText reads json or text.
func (f *LogFormat) UnmarshalText(b []byte) error { return oneOf(f, b, "json", "text") }

// LogLevel is the least level that is logged.
type LogLevel slog.Level

// UnmarshalText reads debug, info, warn or error.
func (l *LogLevel) UnmarshalText(b []byte) error {
	var level slog.Level
	if err := oneOf(new(string), b, "debug", "info", "warn", "error"); err != nil {
		return err
	}
	err := level.UnmarshalText(b)
	*l = LogLevel(level)
	return err
}

// Prefix is a range of addresses; a single address is a range of one.
type Prefix struct{ netip.Prefix }

// UnmarshalText reads a CIDR or an address.
func (p *Prefix) UnmarshalText(b []byte) (err error) {
	if addr, single := netip.ParseAddr(string(b)); single == nil {
		p.Prefix = netip.PrefixFrom(addr, addr.BitLen())
		return nil
	}
	p.Prefix, err = netip.ParsePrefix(string(b))
	return err
}

// TaxRate is one country's rate.
type TaxRate struct {
	Country     string
	BasisPoints int64
}

// UnmarshalText reads DE:1900.
func (r *TaxRate) UnmarshalText(b []byte) error {
	country, points, _ := strings.Cut(string(b), ":")
	bp, err := strconv.ParseInt(points, 10, 64)
	if err != nil || !order.KnownCountry(country) || bp < 0 || bp > 10_000 {
		return fmt.Errorf("%q is not a country and its basis points", b)
	}
	*r = TaxRate{country, bp}
	return nil
}

func oneOf[T ~string](to *T, b []byte, words ...T) error {
	if !slices.Contains(words, T(b)) {
		return fmt.Errorf("%q is not one of %v", b, words)
	}
	*to = T(b)
	return nil
}

// check finds what is wrong with settings that can be read, alone and together.
func (c *Config) check(bad *Errors) {
	c.checkParts(bad)
	c.checkShop(bad)
	for name, addr := range map[string]string{"HTTP_ADDR": c.HTTPAddr, "OPS_ADDR": c.OpsAddr} {
		if _, port, err := net.SplitHostPort(addr); err != nil || !knownPort(port) {
			bad.add(name, "must be an address and a port like 127.0.0.1:8080, or :8080 for all addresses")
		}
	}
	for name, value := range map[string]string{"PUBLIC_URL": c.PublicURL, "STOREFRONT_URL": c.Storefront, "MEDIA_URL": c.MediaURL} {
		u, err := url.Parse(value)
		if value != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.ContainsAny(value, "?#")) {
			bad.add(name, "must be an address like https://shop.example")
		}
	}
	for _, origin := range c.CORSOrigins {
		if u, err := url.Parse(origin); err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" {
			bad.add("CORS_ORIGINS", fmt.Sprintf("%q is not an exact origin like https://shop.example", origin))
		}
	}
	if c.AdminAPIKey != "" && len(c.AdminAPIKey) < 20 {
		bad.add("ADMIN_API_KEY", "must have at least 20 characters")
	}
	for _, key := range c.secrets() {
		if len(key) < 16 {
			bad.add("SECRET_KEY", "must have at least 16 characters (two keys, comma-separated, while rotating)")
		}
	}
	if c.SecretKey != "" && len(c.secrets()) > 2 {
		bad.add("SECRET_KEY", "must be one key, or two while rotating")
	}
	if c.Env == Production {
		c.checkProduction(bad)
	}
}

func knownPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil
}

func (c *Config) checkShop(bad *Errors) {
	if !c.Currency.Known() {
		bad.add("CURRENCY", "must be an ISO 4217 code like EUR")
	}
	if _, err := language.Parse(c.Locale); err != nil {
		bad.add("LOCALE", "must be a language like en or de-AT")
	}
	if !order.KnownCountry(c.Country) {
		bad.add("COUNTRY", "must be an ISO 3166-1 alpha-2 code like DE")
	}
	if strings.ContainsFunc(c.ShopName, unicode.IsControl) {
		bad.add("SHOP_NAME", "must be one line of text")
	}
	for _, country := range c.ShippingCountries {
		if !order.KnownCountry(country) {
			bad.add("SHIPPING_COUNTRIES", fmt.Sprintf("%q is not an ISO 3166-1 alpha-2 code", country))
		}
	}
	if c.ShippingFlat < 0 || c.ShippingFlat > money.Max {
		bad.add("SHIPPING_FLAT", "must be 0 to 1000000000000 minor units")
	}
	for i, r := range c.TaxRates {
		if slices.ContainsFunc(c.TaxRates[:i], func(o TaxRate) bool { return o.Country == r.Country }) {
			bad.add("TAX_RATES", "must hold one rate of each country: "+r.Country+" is there twice")
		}
	}
	if c.MaxLineQuantity < 1 || c.MaxLineQuantity > 1_000_000 {
		bad.add("MAX_LINE_QUANTITY", "must be 1 to 1000000")
	}
	if len(c.RetryDelays) == 0 || c.RetryDelays[0] < 100*time.Millisecond || !slices.IsSorted(c.RetryDelays) {
		bad.add("RETRY_DELAYS", "must be durations that rise, from 100ms")
	}
	if len(c.HookDelays) == 0 || c.HookDelays[0] < 100*time.Millisecond || !slices.IsSorted(c.HookDelays) {
		bad.add("WEBHOOK_RETRY_DELAYS", "must be durations that rise, from 100ms")
	}
	if c.CartTTL <= 0 {
		bad.add("CART_TTL", "must be more than nothing")
	}
	if c.ReservationTTL <= 0 {
		bad.add("RESERVATION_TTL", "must be more than nothing")
	}
	switch {
	case c.ShutdownTimeout <= 0:
		bad.add("SHUTDOWN_TIMEOUT", "must be more than nothing")
	case c.ShutdownDelay < 0 || c.ShutdownDelay >= c.ShutdownTimeout:
		bad.add("SHUTDOWN_DELAY", "must be less than BODEGA_SHUTDOWN_TIMEOUT, of which it is a part")
	}
	c.checkPayments(bad)
}

func (c *Config) checkProduction(bad *Errors) {
	if slices.Contains(c.Providers, sandboxCode) {
		bad.add("PAYMENT_PROVIDERS", "must not hold the sandbox in production: it moves no money")
	}
	if c.Demo {
		bad.add("DEMO", "must not be true in production")
	}
	if c.AdminAPIKey == "" && c.DatabaseURL == "" {
		bad.add("ADMIN_API_KEY", "must be set in production")
	}
	if c.SecretKey == "" && c.DatabaseURL == "" {
		bad.add("SECRET_KEY", "must be set in production")
	}
}

// sender is who mails are from.
func (c *Config) sender(own string) mail.Address {
	if from, err := mail.ParseAddress(c.MailFrom); err == nil {
		return *from
	}
	host := "localhost"
	if u, err := url.Parse(c.storefrontURL(own)); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	return mail.Address{Name: c.ShopName, Address: "shop@" + host}
}

// secrets returns the signing keys, the one in force first.
func (c *Config) secrets() []string {
	if c.SecretKey == "" {
		return nil
	}
	keys := strings.Split(c.SecretKey, ",")
	for i := range keys {
		keys[i] = strings.TrimSpace(keys[i])
	}
	return keys
}
