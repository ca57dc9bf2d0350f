package boot

import (
	"cmp"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/adapters/s3"
	"github.com/bodega-commerce/bodega/adapters/smtp"
)

// checkParts refuses addresses that cannot be, and parts that do not go
// together: nothing beside the shop, a database and whatever is set besides, or
// all that several programs have to share.
func (c *Config) checkParts(bad *Errors) {
	c.checkAddresses(bad)
	if c.DataDir == "" {
		bad.add("DATA_DIR", "must name a directory")
	}
	if c.Connections < 2 || c.Connections > 10_000 {
		bad.add("DATABASE_CONNECTIONS", "must be 2 to 10000")
	}
	if c.MailFrom != "" {
		if _, err := mail.ParseAddress(c.MailFrom); err != nil {
			bad.add("MAIL_FROM", "must be an address like Bodega <shop@shop.example>")
		}
	}
	if c.DatabaseURL == "" {
		c.checkEmbedded(bad)
	} else {
		c.checkDatabase(bad)
	}
}

// checkAddresses looks at the form alone. No line holds an address: it may
// hold a password.
func (c *Config) checkAddresses(bad *Errors) {
	const database = "postgres://user:password@host:5432/database"
	for _, a := range []struct {
		name, value, like string
		schemes           []string
	}{
		{"DATABASE_URL", c.DatabaseURL, database, []string{"postgres", "postgresql"}},
		{"CATALOG_DATABASE_URL", c.CatalogURL, database, []string{"postgres", "postgresql"}},
		{"ORDERS_DATABASE_URL", c.OrdersURL, database, []string{"postgres", "postgresql"}},
		{"IDENTITY_DATABASE_URL", c.IdentityURL, database, []string{"postgres", "postgresql"}},
		{"SEARCH_URL", c.SearchURL, "https://user:password@host:9200", []string{"http", "https"}},
		{"CACHE_URL", c.CacheURL, "redis://:password@host:6379/0", []string{"redis", "rediss"}},
		{"QUEUE_URL", c.QueueURL, "amqp://user:password@host:5672/vhost", []string{"amqp", "amqps"}},
	} {
		if a.value != "" && !addressed(a.value, a.schemes) {
			bad.add(a.name, "must be like "+a.like)
		}
	}
	for _, u := range c.ReplicaURLs {
		if !addressed(u, []string{"postgres", "postgresql"}) {
			bad.add("DATABASE_REPLICA_URLS", "must be addresses like "+database+", separated by commas, each with #region at its end if it has one")
		}
	}
	if c.MailURL != "" {
		if _, err := smtp.Parse(c.MailURL); err != nil {
			bad.add("MAIL_URL", err.Error())
		}
	}
	if strings.Contains(c.MediaStore, "://") {
		if _, err := s3.Parse(c.MediaStore); err != nil {
			bad.add("MEDIA_STORE", err.Error())
		}
	}
}

// addressed reports whether an address has one of the schemes and names hosts.
func addressed(address string, schemes []string) bool {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || !slices.Contains(schemes, scheme) {
		return false
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	hosts := rest[strings.LastIndexByte(rest, '@')+1:]
	for host := range strings.SplitSeq(hosts, ",") {
		host = host[strings.LastIndexByte(host, '/')+1:] // a list of whole addresses
		if u, err := url.Parse("x://" + host); err != nil || u.Hostname() == "" {
			return false
		}
	}
	return true
}

// checkEmbedded is for a shop in a file: one server that does everything.
func (c *Config) checkEmbedded(bad *Errors) {
	if c.Role == Consumer {
		bad.add("DATABASE_URL", "must be set: a consumer works beside servers, on PostgreSQL")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(c.besideDatabase())) {
		if c.besideDatabase()[name] != "" {
			bad.add(name, "needs BODEGA_DATABASE_URL: with the embedded store there is one program, and everything else is inside it")
		}
	}
	if c.Worker == "off" {
		bad.add("WORKER", "must not be off with the embedded store: nobody else could do its work")
	}
}

// besideDatabase are settings that say nothing without a database.
func (c *Config) besideDatabase() map[string]string {
	return map[string]string{
		"CATALOG_DATABASE_URL": c.CatalogURL, "ORDERS_DATABASE_URL": c.OrdersURL, "IDENTITY_DATABASE_URL": c.IdentityURL,
		"DATABASE_REPLICA_URLS": strings.Join(c.ReplicaURLs, ""), "REGION": c.Region,
		"SEARCH_URL": c.SearchURL, "CACHE_URL": c.CacheURL, "QUEUE_URL": c.QueueURL,
	}
}

// checkDatabase is for a shop on PostgreSQL, which several programs may share:
// nothing may be made up by one of them, and what they have in common is named.
func (c *Config) checkDatabase(bad *Errors) {
	for name, value := range map[string]string{"ENV": string(c.Env), "PUBLIC_URL": c.PublicURL, "ADMIN_API_KEY": c.AdminAPIKey, "SECRET_KEY": c.SecretKey} {
		if value == "" {
			bad.add(name, "must be set with PostgreSQL: every program of the shop has to know the same")
		}
	}
	if !c.several() {
		return
	}
	why := "more than one program"
	switch {
	case c.Role == Consumer:
		why = "a consumer"
	case c.Worker == "off":
		why = "BODEGA_WORKER=off, which leaves jobs to consumers,"
	case c.QueueURL != "":
		why = "BODEGA_QUEUE_URL, which leaves jobs to consumers unless BODEGA_WORKER=on,"
	}
	for name, value := range map[string]string{"SEARCH_URL": c.SearchURL, "CACHE_URL": c.CacheURL} {
		if value == "" {
			bad.add(name, fmt.Sprintf("must be set: %s needs an index and a cache that programs share", why))
		}
	}
	if !strings.HasPrefix(c.MediaStore, "s3://") && !c.MediaShared {
		bad.add("MEDIA_STORE", fmt.Sprintf("must be s3://…, or a directory that BODEGA_MEDIA_SHARED=true says is shared: %s needs pictures where programs share them", why))
	}
}

// several reports whether jobs are done by another program than requests are
// answered by.
func (c *Config) several() bool {
	return c.Role == Consumer || c.Worker == "off" || c.QueueURL != "" && cmp.Or(c.Worker, "auto") == "auto"
}

// works reports whether this program does jobs.
func (c *Config) works() bool {
	return c.Role == Consumer || c.Role == Server && !c.several()
}
