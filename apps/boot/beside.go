package boot

import (
	"context"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/elasticsearch"
	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/httpapi"
	"github.com/bodega-commerce/bodega/adapters/jobs"
	"github.com/bodega-commerce/bodega/adapters/memory"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/rabbitmq"
	"github.com/bodega-commerce/bodega/adapters/redis"
	"github.com/bodega-commerce/bodega/adapters/s3"
	"github.com/bodega-commerce/bodega/adapters/smtp"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// cacheBytes bounds the entries of the in-process cache.
const cacheBytes = 16 << 20

// openSearch returns the index: shared, or in this process, which then has to
// build it.
func (a *App) openSearch(ctx context.Context, c Config) (ports.SearchEngine, error) {
	if c.SearchURL == "" {
		a.ownIndex = true
		return memsearch.NewFor(c.Locale), nil
	}
	urls, options, err := searchOptions(c.SearchURL)
	if err != nil {
		return nil, err
	}
	options.Locale = c.Locale
	engine, err := elasticsearch.Open(ctx, urls, options)
	if err != nil {
		return nil, about("SEARCH_URL", err)
	}
	a.atEnd(quietly(engine.Close))
	a.depends(one("search", httpapi.Degraded, engine.Ping))
	a.meter.registry.MustRegister(newEngine(engine.Stats))
	a.store.upkeep = append(a.store.upkeep,
		jobs.Loop{Name: "sweep the index", Every: time.Hour, Do: func(ctx context.Context) (int, error) { return 0, engine.Sweep(ctx) }},
		jobs.Loop{Name: "look for the index", Every: 10 * time.Second, Do: func(ctx context.Context) (int, error) { return 0, a.findIndex(ctx, engine) }})
	return engine, nil
}

// findIndex has an index made from the store if the one in service never was (a
// new engine, or one that has lost it) or is laid out for an older program, and
// goes on with what another program has left half built.
func (a *App) findIndex(ctx context.Context, engine *elasticsearch.Engine) error {
	wanted, err := a.Shop.Search.Interrupted(ctx)
	if err != nil {
		return err
	}
	by := account.System("boot")
	if !wanted {
		built, err := engine.Built(ctx)
		if err != nil || built {
			return err
		}
		have, err := a.Shop.Catalog.Browse(ctx, core.BrowseProducts{By: by, Browse: catalog.Browse{Limit: 1}})
		if err != nil || len(have.Products) == 0 {
			return err
		}
	}
	a.background(func(ctx context.Context) { // longer than a loop may take
		n, err := a.Shop.Search.Rebuild(ctx, core.RebuildIndex{By: by})
		switch {
		case fault.Is(err, fault.Conflict), ctx.Err() != nil: // somebody is at it, or will be
		case err != nil:
			a.log.ErrorContext(ctx, "the search index could not be built", "error", err)
		default:
			a.log.InfoContext(ctx, "the search index was built", "products", n)
		}
	})
	return nil
}

// searchOptions takes what is Bodega's own out of the addresses of the index:
// ?prefix= begins all names there, ?ca= is a file of certificates to trust.
func searchOptions(addresses string) (urls []string, o elasticsearch.Options, err error) {
	for address := range strings.SplitSeq(addresses, ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil {
			return nil, o, Errors{prefix + "SEARCH_URL: must be like https://user:password@host:9200"}
		}
		for name, values := range u.Query() {
			switch name {
			case "prefix":
				o.Prefix = values[0]
			case "ca":
				o.CAFile = values[0]
			default:
				return nil, o, Errors{prefix + "SEARCH_URL: ?" + name + "= is not understood: there are prefix= and ca="}
			}
		}
		u.RawQuery = ""
		urls = append(urls, u.String())
	}
	return urls, o, nil
}

// openCaches stands caches before the store and the index, in this process or
// shared with others, and makes the limiter that belongs to them.
func (a *App) openCaches(ctx context.Context, c Config, deps *core.Deps) error {
	options := cached.Options{Now: c.Now, Observe: a.meter.cacheReads()}
	if c.CacheURL == "" {
		deps.Catalog, deps.Caches = cached.Catalog(deps.Catalog, memory.NewCache(cacheBytes, c.Now), options)
		a.limiter = memory.NewLimiter(c.Now)
		return nil
	}
	client, err := redis.Open(ctx, c.CacheURL, redis.Options{Observe: a.meter.cacheRequests(), Now: c.Now})
	if err != nil {
		return about("CACHE_URL", err)
	}
	a.atEnd(client.Close)
	a.depends(one("cache", httpapi.Degraded, client.Ping))
	a.meter.redisBreaker(client.BreakerOpen)
	options.Shared = true
	front := cached.Front(client.Cache(), cached.Blink)
	deps.Catalog, deps.Caches = cached.Catalog(deps.Catalog, front, options)
	deps.Orders = cached.Orders(deps.Orders, front, options)
	deps.Search = cached.Search(deps.Search, front, options)
	a.limiter = cached.Limiter(client.Limiter(), memory.NewLimiter(c.Now))
	return nil
}

// Carriers are what stands between a shop and its broker.
type Carriers struct {
	Publisher ports.Publisher
	Source    ports.JobSource
}

// openBroker returns where this program's jobs come from, and whom they are
// handed to; nil: they stay in the store.
func (a *App) openBroker(ctx context.Context, c Config) (Carriers, error) {
	carriers, err := a.broker(ctx, c)
	if err == nil && c.Carry != nil {
		c.Carry(&carriers)
	}
	return carriers, err
}

func (a *App) broker(ctx context.Context, c Config) (Carriers, error) {
	if c.QueueURL == "" {
		return Carriers{Source: a.store.queue}, nil
	}
	client, err := rabbitmq.Open(ctx, c.QueueURL, rabbitmq.Options{Bury: a.store.graves, Log: a.log, Delays: c.RetryDelays})
	if err != nil {
		return Carriers{}, about("QUEUE_URL", err)
	}
	a.atEnd(client.Close)
	without := httpapi.Degraded
	if c.Role == Consumer {
		without = httpapi.Unavailable
	}
	a.depends(one("queue", without, client.Ping))
	return Carriers{Publisher: client.Publisher(), Source: client.Source()}, nil
}

// openFiles returns where pictures are kept: in a bucket, or in a directory.
func (a *App) openFiles(ctx context.Context, c Config) (ports.Files, error) {
	if !strings.Contains(c.MediaStore, "://") {
		if c.MediaStore != "" {
			return files.Dir(c.MediaStore), nil
		}
		return files.Dir(filepath.Join(a.DataDir, "media")), nil
	}
	bucket, err := s3.Open(ctx, c.MediaStore)
	if err != nil {
		return nil, about("MEDIA_STORE", err)
	}
	a.atEnd(quietly(bucket.Close))
	a.depends(one("media", httpapi.Degraded, bucket.Ping))
	return bucket, nil
}

// openMail returns who sends mails: a server, or a directory that keeps them.
func (a *App) openMail(c Config) (ports.Mailer, error) {
	from := c.sender(a.URL)
	if c.MailURL == "" {
		written := files.Mail(filepath.Join(a.DataDir, "mail"))
		written.From = from
		return written, nil
	}
	mailer, err := smtp.New(c.MailURL, smtp.Options{From: from})
	if err != nil {
		return nil, about("MAIL_URL", err)
	}
	return mailer, nil
}
