package boot

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/adapters/stripe"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/ports"
)

// The payment providers there are.
const (
	sandboxCode = "sandbox"
	stripeCode  = "stripe"
)

// openPayments sets up the providers that are named.
func (a *App) openPayments(c Config, deps *core.Deps) {
	deps.Payments, deps.Notifiers = core.Providers{}, map[string]ports.Notifier{}
	for _, code := range c.Providers {
		switch code {
		case sandboxCode:
			wallet := a.store.wallet
			wallet.WebhookSecrets = []string{c.SandboxHook}
			deps.Payments[code], deps.Notifiers[code], deps.Sandbox = wallet, wallet, wallet
		case stripeCode:
			account := stripe.New(stripe.Config{SecretKey: c.StripeSecret, WebhookSecrets: c.StripeHooks, URL: c.StripeURL})
			account.ActionTTL = c.ReservationTTL
			if c.Now != nil {
				account.Now = c.Now
			}
			a.atEnd(account.Close)
			deps.Payments[code], deps.Notifiers[code] = account, account
		}
	}
}

// stripeTests reports whether the account at Stripe moves no money.
func (c *Config) stripeTests() bool {
	_, mode, _ := strings.Cut(c.StripeSecret, "_")
	return strings.HasPrefix(mode, "test_")
}

func (c *Config) checkPayments(bad *Errors) {
	for _, p := range c.Providers {
		if p != sandboxCode && p != stripeCode {
			bad.add("PAYMENT_PROVIDERS", fmt.Sprintf("%q is not a provider of this version: sandbox and stripe are", p))
		}
	}
	if len(c.Providers) == 0 {
		bad.add("PAYMENT_PROVIDERS", "must name at least one provider")
	}
	if u, err := url.Parse(c.StripeURL); c.StripeURL != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "") {
		bad.add("STRIPE_API_URL", "must be an address like https://api.stripe.com")
	}
	if !slices.Contains(c.Providers, stripeCode) {
		return
	}
	if !strings.HasPrefix(c.StripeSecret, "sk_") && !strings.HasPrefix(c.StripeSecret, "rk_") {
		bad.add("STRIPE_SECRET_KEY", "must be set with the provider stripe, to a key that begins with sk_ or rk_")
	}
	if !strings.HasPrefix(c.StripePublic, "pk_") {
		bad.add("STRIPE_PUBLISHABLE_KEY", "must be set with the provider stripe, to a key that begins with pk_")
	}
	if len(c.StripeHooks) == 0 || slices.ContainsFunc(c.StripeHooks, func(s string) bool { return !strings.HasPrefix(s, "whsec_") }) {
		bad.add("STRIPE_WEBHOOK_SECRETS", "must be set with the provider stripe, to the endpoint's secret that begins with whsec_ (two, comma-separated, while rotating)")
	}
}
