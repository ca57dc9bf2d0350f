package chaos

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// spot is a call of a port in a program: the n-th at its place since the journey
// was about to begin.
type spot struct {
	program, place string
	n              int
}

func (s spot) String() string { return fmt.Sprint(s.place, " ", s.n) }

// step is a row of the kill matrix: where a program dies, on the embedded store
// and in production, at each of some moments. The zero spot: it is not there.
type step struct {
	journey, what        string
	embedded, production spot
	moments              []string
}

const (
	shop   = "server"
	worker = "consumer" // in production; the embedded server is its own
	either = "either"   // of them, whoever gets there first
)

// The ways of an order through the shop.
const (
	buys     = "buy"      // the last unit, paid at once
	refused  = "declined" // the card is
	silent   = "silence"  // the provider's answer is lost
	heard    = "webhook"  // it is lost, and the provider tells by itself
	wandered = "walk off" // the shopper never does what the payment requires
	regrets  = "cancel"   // after the money was taken

	// Where operators take the money. Three units are sold.
	takes    = "capture" // an operator takes the money
	repays   = "refund"  // and gives a part of it back
	restocks = "undo"    // or the money of a unit, which goes on the shelf again
	receives = "return"  // a unit comes back from the shopper
	tells    = "tell"    // another program is told that it is being packed
	notes    = "note"    // an operator writes on its timeline
)

// byHand reports whether a journey is one of a shop where operators take the money.
func byHand(journey string) bool {
	return slices.Contains([]string{takes, repays, restocks, receives, tells, notes}, journey)
}

var (
	afterIt  = []string{after}
	aroundIt = []string{before, after}
	allOfIt  = []string{before, inside, after}
)

// steps are all points of the matrix.
var steps = []step{
	{buys, "the key is claimed", spot{shop, "keys.claim", 1}, spot{shop, "keys.claim", 1}, aroundIt},
	{buys, "the order is stored, its units are held", spot{shop, "orders.tx", 1}, spot{shop, "orders.tx", 1}, allOfIt},
	{buys, "the provider is asked to hold the money", spot{shop, "provider.authorize", 1}, spot{shop, "provider.authorize", 1}, aroundIt},
	{buys, "the order is confirmed", spot{shop, "orders.tx", 2}, spot{shop, "orders.tx", 2}, allOfIt},
	{buys, "the answer is stored", spot{shop, "keys.remember", 1}, spot{shop, "keys.remember", 1}, aroundIt},
	{buys, "jobs are handed to the broker", spot{}, spot{shop, "publish", 1}, aroundIt},
	{buys, "the mail is sent", spot{shop, "mail.send", 1}, spot{worker, "mail.send", 1}, aroundIt},
	{buys, "the job of the mail is done", spot{shop, "email.send_order_confirmation", 1}, spot{worker, "email.send_order_confirmation", 1}, aroundIt},
	{buys, "the provider is asked to take the money", spot{shop, "provider.capture", 1}, spot{worker, "provider.capture", 1}, aroundIt},
	{buys, "the capture is stored", spot{shop, "orders.tx", 3}, spot{worker, "orders.tx", 1}, allOfIt},
	{buys, "the job of the capture is done", spot{shop, "payment.capture", 1}, spot{worker, "payment.capture", 1}, aroundIt},
	{buys, "the index is told", spot{shop, "search.index", 1}, spot{worker, "search.index", 1}, aroundIt},
	{buys, "the job of the index is done", spot{shop, "search.index_product", 1}, spot{worker, "search.index_product", 1}, aroundIt},
	{refused, "the refusal is stored, units and cart are free", spot{shop, "orders.tx", 2}, spot{shop, "orders.tx", 2}, allOfIt},
	{silent, "the reconciler asks the provider", spot{shop, "provider.lookup", 1}, spot{worker, "provider.lookup", 1}, aroundIt},
	{silent, "the late news confirm the order", spot{shop, "orders.tx", 3}, spot{worker, "orders.tx", 1}, allOfIt},
	{heard, "the provider's news are stored", spot{shop, "orders.tx", 1}, spot{shop, "orders.tx", 1}, allOfIt},
	{heard, "the provider is asked if they are true", spot{shop, "provider.lookup", 1}, spot{worker, "provider.lookup", 1}, aroundIt},
	{heard, "the news confirm the order", spot{shop, "orders.tx", 2}, spot{worker, "orders.tx", 1}, allOfIt},
	{heard, "the job of the news is done", spot{shop, "payment.webhook_process", 1}, spot{worker, "payment.webhook_process", 1}, aroundIt},
	{wandered, "the provider is asked to let go", spot{shop, "provider.void", 1}, spot{worker, "provider.void", 1}, aroundIt},
	{regrets, "the cancellation is stored, units are back", spot{shop, "orders.tx", 1}, spot{shop, "orders.tx", 1}, allOfIt},
	{regrets, "the refund is begun", spot{shop, "orders.tx", 2}, spot{either, "orders.tx", 2}, allOfIt},
	{regrets, "the provider is asked for the refund", spot{shop, "provider.refund", 1}, spot{either, "provider.refund", 1}, aroundIt},
	{regrets, "the refund is stored", spot{shop, "orders.tx", 3}, spot{either, "orders.tx", 3}, allOfIt},
	{regrets, "the job of the refund is done", spot{shop, "payment.void", 1}, spot{worker, "payment.void", 1}, aroundIt},

	{takes, "the key is claimed", spot{shop, "keys.claim", 1}, spot{shop, "keys.claim", 1}, aroundIt},
	{takes, "the provider is asked to take the money", spot{shop, "provider.capture", 1}, spot{shop, "provider.capture", 1}, aroundIt},
	{takes, "the capture is stored", spot{shop, "orders.tx", 1}, spot{shop, "orders.tx", 1}, allOfIt},
	{takes, "the answer is stored", spot{shop, "keys.remember", 1}, spot{shop, "keys.remember", 1}, aroundIt},
	{repays, "the refund is begun", spot{shop, "orders.tx", 1}, spot{shop, "orders.tx", 1}, allOfIt},
	{repays, "the provider is asked for the refund", spot{shop, "provider.refund", 1}, spot{either, "provider.refund", 1}, aroundIt},
	{repays, "the refund is stored", spot{shop, "orders.tx", 2}, spot{either, "orders.tx", 2}, allOfIt},
	{repays, "the job of the refund is done", spot{shop, "payment.refund", 1}, spot{worker, "payment.refund", 1}, aroundIt},
	{repays, "the answer is stored", spot{shop, "keys.remember", 1}, spot{shop, "keys.remember", 1}, aroundIt},
	{restocks, "the refund is begun", spot{shop, "orders.tx", 1}, spot{shop, "orders.tx", 1}, allOfIt},
	{restocks, "the provider is asked for the refund", spot{shop, "provider.refund", 1}, spot{either, "provider.refund", 1}, aroundIt},
	{restocks, "the unit goes on the shelf", spot{shop, "inventory.adjust", 1}, spot{worker, "inventory.adjust", 1}, aroundIt},
	{restocks, "the answer is stored", spot{shop, "keys.remember", 1}, spot{shop, "keys.remember", 1}, aroundIt},
	{receives, "the return is stored", spot{shop, "orders.tx", 1}, spot{shop, "orders.tx", 1}, allOfIt},
	{receives, "the answer is stored", spot{shop, "keys.remember", 1}, spot{shop, "keys.remember", 1}, aroundIt},
	{receives, "the unit goes on the shelf", spot{shop, "orders.tx", 2}, spot{worker, "orders.tx", 1}, allOfIt},
	{receives, "the job of the unit is done", spot{shop, "inventory.adjust", 1}, spot{worker, "inventory.adjust", 1}, aroundIt},
	{tells, "the step is stored, with its event", spot{shop, "orders.tx", 1}, spot{shop, "orders.tx", 1}, allOfIt},
	{tells, "the event is put on its way", spot{shop, "orders.tx", 2}, spot{worker, "orders.tx", 1}, allOfIt},
	{tells, "the job of the event is done", spot{shop, "webhook.deliver", 1}, spot{worker, "webhook.deliver", 1}, aroundIt},
	{tells, "what is due is taken", spot{shop, "deliveries.claim", 1}, spot{either, "deliveries.claim", 1}, afterIt},
	{tells, "the other program is told", spot{shop, "webhook.send", 1}, spot{either, "webhook.send", 1}, aroundIt},
	{tells, "that it was told is stored", spot{shop, "deliveries.settle", 1}, spot{either, "deliveries.settle", 1}, aroundIt},
	{notes, "the note is stored", spot{shop, "orders.tx", 1}, spot{shop, "orders.tx", 1}, allOfIt},
	{notes, "the answer is stored", spot{shop, "keys.remember", 1}, spot{shop, "keys.remember", 1}, aroundIt},
}

// point is a cell of the matrix.
type point struct {
	step
	spot
	moment string
}

func (p point) String() string { return p.journey + ": " + p.what + ", " + p.moment }

// only keeps the points of shops where operators take the money, or of the others.
func only(all []point, hand bool) []point {
	return slices.DeleteFunc(all, func(p point) bool { return byHand(p.journey) != hand })
}

// points lists the cells of a column.
func points(of func(step) spot) []point {
	var all []point
	for _, s := range steps {
		for _, m := range s.moments {
			if at := of(s); at != (spot{}) {
				all = append(all, point{s, at, m})
			}
		}
	}
	return all
}

func onEmbedded(s step) spot   { return s.embedded }
func onProduction(s step) spot { return s.production }

// short keeps a handful of points, unless the long form was asked for.
func short(t *testing.T, all []point, keep ...string) []point {
	t.Helper()
	if _, long := os.LookupEnv("CHAOS_ROUNDS"); long {
		return all
	}
	return slices.DeleteFunc(all, func(p point) bool { return !slices.Contains(keep, p.spot.String()+" "+p.moment) })
}

// A program is killed at each step of an order's way, before, within and after
// it, and started again. The shopper asks again with the same key if there was
// no answer. Then the order, its money, its units and its mails are as if
// nothing had happened.
func TestKillMatrix_Embedded(t *testing.T) {
	t.Parallel()
	m := newMatrix(t, "Embedded", []string{shop}, []string{"BODEGA_DATA_DIR=" + t.TempDir(), "BODEGA_RESERVATION_TTL=3s"}, nil)
	m.walk(short(t, only(points(onEmbedded), false), "keys.claim 1 after", "orders.tx 1 after", "orders.tx 2 inside", "provider.authorize 1 after", "provider.capture 1 after", "mail.send 1 after"))
}

func TestKillMatrix_EmbeddedByHand(t *testing.T) {
	t.Parallel()
	m := newMatrix(t, "Embedded", []string{shop}, []string{"BODEGA_DATA_DIR=" + t.TempDir(), "BODEGA_CAPTURE=manual"}, nil)
	m.walk(short(t, only(points(onEmbedded), true), "provider.capture 1 after", "orders.tx 1 after", "provider.refund 1 after", "keys.remember 1 before", "inventory.adjust 1 after", "webhook.deliver 1 after"))
}

func TestKillMatrix_Production(t *testing.T) {
	t.Parallel()
	all := short(t, only(points(onProduction), false), "orders.tx 2 after", "keys.remember 1 after", "payment.capture 1 after", "mail.send 1 after")
	walkProduction(t, all, "BODEGA_RESERVATION_TTL=80s")
}

func TestKillMatrix_ProductionByHand(t *testing.T) {
	t.Parallel()
	all := short(t, only(points(onProduction), true), "payment.refund 1 after", "inventory.adjust 1 after")
	walkProduction(t, all, "BODEGA_CAPTURE=manual")
}

// walkProduction lets several shops walk at once: the key of a dead server is held
// for a minute.
func walkProduction(t *testing.T, all []point, environ ...string) {
	t.Helper()
	shops := max(1, min(4, len(all)/4))
	for n := range shops {
		var own []point
		for i := n; i < len(all); i += shops {
			own = append(own, all[i])
		}
		t.Run(fmt.Sprint("Shop", n+1), func(t *testing.T) {
			t.Parallel()
			newProductionMatrix(t, environ...).walk(own)
		})
	}
}

// matrix is a shop whose programs are killed.
type matrix struct {
	t        *testing.T
	column   string // of the table
	dir      string // of failpoints
	environ  []string
	programs map[string]*server
	addr     map[string][2]string // API and operations
	key      string
	ledger   func(context.Context) ([]byte, error) // what the provider knows, an account a line
	mails    string
	ears     *listener
	deaf     time.Time // until then the shop may not know of it
	tries    []*walk
}

// walk is an order's way past a point.
type walk struct {
	point
	email, sku string
	order      order
	told       []answer
}

func newMatrix(t *testing.T, column string, programs, environ []string, ledger func(context.Context) ([]byte, error)) *matrix {
	t.Helper()
	m := &matrix{t: t, column: column, dir: t.TempDir(), programs: map[string]*server{}, addr: map[string][2]string{}, key: rand.Text(), ledger: ledger}
	m.environ = append(environ, "BODEGA_ADMIN_API_KEY="+m.key, "BODEGA_RATE_LIMITS=off", "BODEGA_LOG_LEVEL=warn", "BODEGA_WEBHOOK_PRIVATE=true", "BODEGA_RETRY_DELAYS=1s,2s,5s,10s,20s")
	for _, e := range m.environ {
		if dir, ok := strings.CutPrefix(e, "BODEGA_DATA_DIR="); ok {
			m.mails = filepath.Join(dir, "mail")
			if m.ledger == nil {
				m.ledger = func(context.Context) ([]byte, error) { return os.ReadFile(filepath.Join(dir, "sandbox.log")) }
			}
		}
	}
	for _, name := range programs {
		m.addr[name] = [2]string{containers.Address(t), containers.Address(t)}
		m.start(name)
	}
	m.ears = newListener(t)
	m.ears.subscribe(t, m.programs[shop].admin(), "order.fulfilling")
	m.deaf = time.Now().Add(time.Second)
	return m
}

// newProductionMatrix is a shop of a server and a consumer on real servers.
func newProductionMatrix(t *testing.T, environ ...string) *matrix {
	t.Helper()
	f := newFleet(t)
	return newMatrix(t, "Production", []string{shop, worker}, slices.Concat(f.environ, []string{"BODEGA_QUEUE_URL=" + containers.RabbitMQ(t)}, environ),
		func(ctx context.Context) ([]byte, error) { return books(ctx, f.setting("BODEGA_DATABASE_URL")) })
}

// books reads the provider's accounts where several programs share them.
func books(ctx context.Context, database string) ([]byte, error) {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }() // it was only read from
	rows, err := conn.Query(ctx, "SELECT account::text FROM sandbox.accounts")
	if err != nil {
		return nil, err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return []byte(strings.Join(lines, "\n") + "\n"), err
}

func (m *matrix) failpoint() string { return filepath.Join(m.dir, "failpoint") }

// start starts a program and waits until it is ready, as a supervisor does: one
// that ends at its start, because a server beside it is not there, is started
// again.
func (m *matrix) start(name string) {
	m.t.Helper()
	for deadline := time.Now().Add(3 * startTime); ; time.Sleep(100 * time.Millisecond) {
		s := m.launch(name)
		switch {
		case m.comesUp(s, deadline):
			m.programs[name] = s
			return
		case time.Now().After(deadline):
			m.t.Fatalf("the %s does not start:\n%s", name, s.said.tail())
		}
	}
}

func (m *matrix) launch(name string) *server {
	m.t.Helper()
	s := &server{t: m.t, dir: filepath.Dir(m.mails), out: &transcript{}, said: &transcript{}, exited: make(chan struct{}), url: "http://" + m.addr[name][0], ops: "http://" + m.addr[name][1], key: m.key}
	s.cmd = exec.Command(os.Args[0])
	s.cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), killable + "=" + name, failpoint + "=" + m.failpoint(),
		"BODEGA_HTTP_ADDR=" + m.addr[name][0], "BODEGA_OPS_ADDR=" + m.addr[name][1],
	}, m.environ...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.said
	if err := s.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended is in ProcessState
		close(s.exited)
	}()
	m.t.Cleanup(s.kill)
	return s
}

// comesUp waits until a program is ready. False: it has ended, or is too late.
func (m *matrix) comesUp(s *server, deadline time.Time) bool {
	for probe := (&server{url: s.ops}); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		select {
		case <-s.exited:
			return false
		default:
		}
		if probe.ready200() {
			return true
		}
	}
	return false
}

// walk goes past all points, and looks at everything again in the end.
func (m *matrix) walk(all []point) {
	m.t.Helper()
	for _, p := range all {
		w := m.pass(p)
		m.tries = append(m.tries, w)
		if !m.soon(w) {
			m.t.Fatalf("%s: %v", p, m.wrong(w))
		}
		m.t.Logf("%s: %s, %s", p, w.order.Status, w.order.Payment.Status)
		record(m.column, p)
	}
	for _, w := range m.tries { // what came twice came later
		for _, wrong := range m.wrong(w) {
			m.t.Errorf("in the end, %s: %s", w.point, wrong)
		}
	}
	m.programs[shop].mustBeSound()
}

// pass lets one shopper go past a point.
func (m *matrix) pass(p point) *walk {
	m.t.Helper()
	s := m.programs[shop]
	n := len(m.tries)
	w := &walk{point: p, email: buyer(n), sku: fmt.Sprintf("SKU-%d", n)}
	units := 1
	if byHand(p.journey) {
		units = 3
	}
	s.sell(w.sku, units)
	m.idle()
	shopper, a, err := s.anyone().enter(m.t.Context())
	if err != nil || shopper == nil {
		m.t.Fatalf("%s: %s, %v", p, a, err)
	}
	if a, err := shopper.put(m.t.Context(), line{w.sku, units}); err != nil || a.status != http.StatusOK {
		m.t.Fatalf("%s: %s, %v", p, a, err)
	}
	token := map[string]string{refused: "tok_declined", silent: "tok_timeout", heard: "tok_timeout", wandered: "tok_requires_action"}[p.journey]
	if token == "" {
		token = "tok_ok"
	}
	sent, a, err := shopper.checkout(m.t.Context(), token, w.email)
	if err != nil || a.status != http.StatusOK {
		m.t.Fatalf("%s: %s, %v", p, a, err)
	}
	place := func() (answer, error) { return shopper.place(m.t.Context(), sent) }
	ask := place
	if p.journey == regrets || p.journey == heard || byHand(p.journey) {
		answered, err := m.insist(place)
		if err != nil {
			m.t.Fatalf("%s: %v", p, err)
		}
		w.told = append(w.told, answered)
	}
	switch p.journey {
	case regrets:
		bought := &walk{point: point{step: step{journey: buys}}, email: w.email, sku: w.sku}
		if !m.soon(bought) {
			m.t.Fatalf("%s: not bought: %v", p, m.wrong(bought))
		}
		m.idle()
		ask = func() (answer, error) {
			return s.admin().with("Idempotency-Key", rand.Text()).send(m.t.Context(), http.MethodPost, "/v1/admin/orders/"+bought.order.ID+"/cancel", []byte(`{"reason":"regret"}`))
		}
	case heard:
		news := fmt.Appendf(nil, `{"id":"evt_%d","type":"payment.authorized","data":{"payment_id":%q}}`, n, orderOf(w.told[0]).Payment.ID)
		ask = func() (answer, error) {
			return s.anyone().with("Sandbox-Signature", payment.Sign(news, "whsec_sandbox", time.Now())).send(m.t.Context(), http.MethodPost, "/v1/webhooks/payments/sandbox", news)
		}
	}
	if byHand(p.journey) {
		ask = m.operate(w)
	}
	m.arm(p)
	var asking sync.WaitGroup
	m.t.Cleanup(asking.Wait)
	asking.Go(func() { a, err = m.insist(ask) })
	m.revive(p)
	if asking.Wait(); err != nil {
		m.t.Fatalf("%s: %v", p, err)
	}
	if len(w.told) == 0 {
		w.told = append(w.told, a)
	}
	if byHand(p.journey) {
		if again, err := m.insist(ask); err != nil || again.status != a.status || !bytes.Equal(again.body, a.body) {
			m.t.Fatalf("%s: the operator was told %s and then %s (%v)", p, a, again, err)
		}
	}
	if a, err = m.insist(place); err != nil {
		m.t.Fatalf("%s: asking again: %v", p, err)
	}
	w.told = append(w.told, a)
	return w
}

// operate does what comes before an operator's step on an order that was placed,
// and returns how to ask for that step, under one key.
func (m *matrix) operate(w *walk) func() (answer, error) {
	m.t.Helper()
	admin := func(path string, body any) func() (answer, error) {
		c := m.programs[shop].admin().with("Idempotency-Key", rand.Text())
		return func() (answer, error) {
			return c.send(m.t.Context(), http.MethodPost, "/v1/admin/orders/"+orderOf(w.told[0]).ID+path, encode(body))
		}
	}
	unit := map[string]any{"lines": []line{{w.sku, 1}}, "restock": true}
	steps := []func() (answer, error){admin("/captures", map[string]any{})}
	switch w.journey {
	case repays:
		steps = append(steps, admin("/refunds", map[string]any{"amount": map[string]any{"amount": 500, "currency": "EUR"}}))
	case restocks:
		steps = append(steps, admin("/refunds", unit))
	case receives:
		steps = append(steps, admin("/shipments", map[string]any{}), admin("/returns", unit))
	case notes:
		steps = append(steps, admin("/notes", map[string]any{"text": "rang the bell"}))
	case tells:
		steps = append(steps, admin("/fulfill", nil))
		for time.Now().Before(m.deaf) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	last := len(steps) - 1
	for _, step := range steps[:last] {
		if _, err := m.insist(step); err != nil {
			m.t.Fatalf("%s: %v", w.point, err)
		}
	}
	m.idle()
	return steps[last]
}

// idle waits until no job is left in the store.
func (m *matrix) idle() {
	m.t.Helper()
	m.programs[shop].settle(2 * time.Minute)
}

// arm says where a program is to die.
func (m *matrix) arm(p point) {
	m.t.Helper()
	name := m.failpoint()
	if err := os.WriteFile(name+".new", fmt.Appendln(nil, p.program, p.spot, p.moment), 0o600); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		m.t.Fatal(err)
	}
}

// revive waits until a program has died of it, and starts another one.
func (m *matrix) revive(p point) {
	m.t.Helper()
	for deadline := time.Now().Add(120 * time.Second); ; time.Sleep(5 * time.Millisecond) { // a reservation has to end for some
		for name, s := range m.programs {
			select {
			case <-s.exited:
				if how, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || how.Signal() != syscall.SIGKILL {
					m.t.Errorf("%s: the %s ended by itself (%s):\n%s", p, name, s.cmd.ProcessState, s.said.tail())
				}
				m.start(name)
				return
			default:
			}
		}
		if time.Now().After(deadline) {
			m.t.Errorf("%s: nobody ever got there", p)
			if err := os.Remove(m.failpoint()); err != nil {
				m.t.Error(err)
			}
			return
		}
	}
}

// insist sends a request until there is an answer that ends it.
func (m *matrix) insist(send func() (answer, error)) (a answer, err error) {
	for deadline := time.Now().Add(100 * time.Second); time.Now().Before(deadline) && m.t.Context().Err() == nil; time.Sleep(50 * time.Millisecond) {
		if a, err = send(); err == nil && (a.status < 300 || a.code() == "payment_declined") {
			return a, nil
		}
	}
	return answer{}, fmt.Errorf("no answer that ends it: %s, %w", a, err)
}

// soon waits until nothing is wrong with a walk any more.
func (m *matrix) soon(w *walk) bool {
	for deadline := time.Now().Add(150 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if len(m.wrong(w)) == 0 {
			return true
		}
	}
	return false
}

// wrong holds everybody's books against each other.
func (m *matrix) wrong(w *walk) []string {
	m.t.Helper()
	var wrong []string
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	s := m.programs[shop]
	var all []order
	for _, o := range s.orders() {
		if o.Email == w.email {
			all = append(all, o)
		}
	}
	if len(all) != 1 {
		complain("%d orders", len(all))
		return wrong
	}
	w.order = all[0]
	want := map[string]struct {
		status, paid string
		held, mails  int
		money        int64
	}{
		buys:     {"confirmed", "captured", 0, 1, 1000},
		silent:   {"confirmed", "captured", 0, 1, 1000},
		heard:    {"confirmed", "captured", 0, 1, 1000},
		refused:  {"payment_failed", "failed", 1, 0, 0},
		wandered: {"canceled", "canceled", 1, 0, 0},
		regrets:  {"canceled", "refunded", 1, 1, 0},
		takes:    {"confirmed", "captured", 0, 1, 3000},
		repays:   {"confirmed", "partially_refunded", 0, 1, 2500},
		restocks: {"confirmed", "partially_refunded", 1, 1, 2000},
		receives: {"shipped", "captured", 1, 1, 3000},
		tells:    {"fulfilling", "captured", 0, 1, 3000},
		notes:    {"confirmed", "captured", 0, 1, 3000},
	}[w.journey]
	if w.order.Status != want.status || w.order.Payment.Status != want.paid {
		complain("the order is %s and %s, want %s and %s", w.order.Status, w.order.Payment.Status, want.status, want.paid)
	}
	if onHand, reserved := s.stock(w.sku); onHand != want.held || reserved != 0 {
		complain("%d on hand, %d reserved, want %d and 0", onHand, reserved, want.held)
	}
	if ids := confirmations(m.t, m.mails)[w.order.Number]; len(ids) != want.mails {
		complain("the mails are %v, want %d", ids, want.mails)
	}
	if got, err := m.money(w.order.Payment.ID); err != nil || got != want.money {
		complain("the provider has %d of it, want %d (%v)", got, want.money, err)
	}
	if w.journey == tells {
		if silence := m.ears.about(w.order.ID); silence != "" {
			complain("the other program has %s", silence)
		}
	}
	if n := w.order.notes(); w.journey == notes && n != 1 {
		complain("the note is there %d times", n)
	}
	for _, a := range w.told {
		if !bytes.Equal(a.body, w.told[0].body) {
			complain("told %s and then %s", w.told[0], a)
		}
	}
	return wrong
}

// money returns what the provider took for a payment and did not give back; held
// money counts as an error, as do other payments of nobody's.
func (m *matrix) money(of string) (int64, error) {
	ledger, err := m.ledger(m.t.Context())
	if err != nil {
		return 0, err
	}
	var sum int64
	held := false
	lines := bufio.NewScanner(bytes.NewReader(ledger))
	for lines.Scan() {
		var a struct {
			Payment, Status string
			Captured        money.Amount
			Refunds         map[string]money.Amount
		}
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil || a.Payment != of {
			continue // the last line may be half written
		}
		held, sum = a.Status == "authorized", a.Captured.Minor() // the last line of a payment counts
		for _, r := range a.Refunds {
			sum -= r.Minor()
		}
	}
	if held {
		return sum, fmt.Errorf("money is still held")
	}
	return sum, lines.Err()
}
