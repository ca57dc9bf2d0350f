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
		"SecretTwice":     {[]string{"BODEGA_SECRET_KEY=xxxxxxxxxxxxxxxxxxxx", "BODEGA_SECRET_KEY_FILE=" + key}, []string{"BODEGA_SECRET_KEY: is set beside BODEGA_SECRET_KEY_FILE"}},
		"MissingFile":     {[]string{"BODEGA_SECRET_KEY_FILE=/nowhere"}, []string{"BODEGA_SECRET_KEY_FILE: cannot be read"}},
		"FileOfNoSecret":  {[]string{"BODEGA_CURRENCY_FILE=" + key}, []string{"BODEGA_CURRENCY_FILE: is not a setting"}},
		"ShortKey":        {[]string{"BODEGA_ADMIN_API_KEY=short"}, []string{"BODEGA_ADMIN_API_KEY: must have at least 20 characters"}},
		"Currency":        {[]string{"BODEGA_CURRENCY=XXX"}, []string{"BODEGA_CURRENCY: must be an ISO 4217 code"}},
		"TaxRate":         {[]string{"BODEGA_TAX_RATES=DE=19"}, []string{"BODEGA_TAX_RATES: must be like DE:1900"}},
		"URL":             {[]string{"BODEGA_PUBLIC_URL=shop.example"}, []string{"BODEGA_PUBLIC_URL: must be an address"}},
		"Provider":        {[]string{"BODEGA_PAYMENT_PROVIDERS=cash"}, []string{`BODEGA_PAYMENT_PROVIDERS: "cash" is not a provider`}},
		"StoreOfNoServer": {[]string{"BODEGA_DATABASE_URL=postgres://x"}, []string{"BODEGA_DATABASE_URL: this version of Bodega runs on its embedded parts only"}},
		"WorkerOff":       {[]string{"BODEGA_WORKER=off"}, []string{"BODEGA_WORKER: must not be off"}},
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
