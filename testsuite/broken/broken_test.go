package broken

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// breach is an adapter that breaks one promise, and the case that finds it.
type breach struct {
	promise string
	suite   func(t *testing.T, broken bool) // runs a suite on a good adapter, or on the one that breaks it
	finds   string                          // the case, as go test names it within the suite
}

// A suite runs in a process of its own, where it may fail.
const (
	chosen = "BODEGA_TEST_BROKEN"  // the promise
	sound  = "BODEGA_TEST_UNBREAK" // set: that is kept
)

// Each case finds its broken adapter, and nothing in the good one.
func TestSuites_FindWhatIsBroken(t *testing.T) {
	t.Parallel()
	for _, b := range breaches {
		t.Run(strings.ReplaceAll(b.promise, " ", "_"), func(t *testing.T) {
			t.Parallel()
			if said, err := judge(t, b, sound+"=1"); err != nil || !strings.Contains(said, "--- PASS: "+trial+"/"+b.finds) {
				t.Fatalf("%s fails with every promise kept, or is not there (%v):\n%s", b.finds, err, said)
			}
			said, err := judge(t, b)
			if _, failed := err.(*exec.ExitError); !failed || !strings.Contains(said, "--- FAIL: "+trial+"/"+b.finds) || strings.Contains(said, "panic:") { //nolint:errorlint // as it is
				t.Errorf("%s finds nothing (%v):\n%s", b.finds, err, said)
			}
		})
	}
}

const trial = "TestSuite_OnTrial"

// judge runs the case of a breach in another process and returns what it said.
func judge(t *testing.T, b breach, environ ...string) (string, error) {
	t.Helper()
	cases := strings.Split(b.finds, "/")
	for i, c := range cases {
		cases[i] = "^" + regexp.QuoteMeta(c) + "$"
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.timeout=2m", "-test.run=^"+trial+"$/"+strings.Join(cases, "/"))
	cmd.Env = append(append(os.Environ(), chosen+"="+b.promise), environ...)
	said, err := cmd.CombinedOutput()
	return string(said), err
}

// TestSuite_OnTrial is what the other process runs.
func TestSuite_OnTrial(t *testing.T) {
	promise := os.Getenv(chosen)
	if promise == "" {
		t.Skip("runs in processes that TestSuites_FindWhatIsBroken starts")
	}
	for _, b := range breaches {
		if b.promise == promise {
			b.suite(t, os.Getenv(sound) == "")
		}
	}
}

var breaches = []breach{
	{"a failed transaction leaves nothing", transactions(func(s *store) { s.Tx = unfailing{s.Tx} }), "AnErrorRollsBackAndComesBackAsItIs"},
	{"who has gone away changes nothing", transactions(func(s *store) { s.Tx = deaf{s.Tx} }), "ACancelledContextLeavesNothing"},
	{"a refused reservation is not made", orders(inTx(func(tx *orderTx) { tx.Stock = yes{tx.Stock} })), "Stock/Reserve/LastUnitSoldOnce/1"},
	{"what was paid for leaves the shelf", orders(inTx(func(tx *orderTx) { tx.Stock = keeping{tx.Stock} })), "Stock/Settle/ConsumedOnce"},
	{"a cart is taken as it was read", orders(inTx(func(tx *orderTx) { tx.Carts = grabbing{tx.Carts} })), "Carts/TakenInTheVersionThatWasRead"},
	{"writers of a cart lose nothing", orders(func(s *store) { s.Carts = unlocked{s.Carts} }), "Carts/FortyWritersLoseNothing"},
	{"a cart has one live order", orders(inTx(func(tx *orderTx) { tx.Orders = careless{tx.Orders} })), "Orders/OneLiveOrderOfACart"},
	{"no more is given back than was taken", orders(inTx(func(tx *orderTx) { tx.Payments = lavish{tx.Payments} })), "Payments/NeverGivesBackMoreThanItTook"},
	{"an event is new once", orders(inTx(func(tx *orderTx) { tx.Events = forgetful{tx.Events} })), "PaymentEvents/OnceForEachProviderAndID"},
	{"a delivery is new once", orders(inTx(func(tx *orderTx) { tx.Deliveries = renewing{tx.Deliveries} })), "Webhooks/DeliveriesAreAddedOnce"},
	{"who does not answer is left alone", orders(func(s *store) { s.Queue = pressing{s.Queue} }), "Webhooks/AFailingEndpointIsLeftAlone"},
	{"a held key is nobody else's", orders(func(s *store) { s.Keys = greedy{s.Keys} }), "Keys/NewThenInProgress"},
	{"nobody holds a key for nothing", orders(func(s *store) { s.Keys = rash{s.Keys} }), "Keys/ACartIsReadAlong"},
	{"the first answer stays", orders(func(s *store) { s.Keys = fickle{s.Keys} }), "Keys/RemembersTheFirstAnswerByteForByte"},
	{"a coupon ends at its limit", orders(inTx(func(tx *orderTx) { tx.Coupons = bottomless{tx.Coupons} })), "Coupons/LimitsHold"},
	{"a use that was given back is there again", orders(inTx(func(tx *orderTx) { tx.Coupons = stingy{tx.Coupons} })), "Coupons/WhatIsGivenBackCanBeUsedAgain"},
	{"a job takes effect once", orders(inTx(func(tx *orderTx) { tx.Inbox = amnesia{} })), "Inbox/FirstOnceForEachConsumer"},
	{"a job is there if its cause is", queues(func(q *queue) { q.add = addAnyway(q.add) }), "Add/ExistsIfAndOnlyIfCommitted"},
	{"a job is done when its handler says so", queues(func(q *queue) { q.Source = hasty{q.Source} }), "Receive/EachDeliveryHasItsVerdict"},
	{"a late reader puts nothing back", caches(func(c cache) cache { return backdating{c} }), "SlowReaderCannotPutBack"},
	{"what was raised is stale", caches(func(c cache) cache { return sleepy{c} }), "RaiseMakesStale"},
	{"no more than the rate may come", limiters(func(l limiter) limiter { return lax{l} }), "AllAtOnceThenNone"},
	{"callers have rates of their own", limiters(func(l limiter) limiter { return lumping{l} }), "KeysAndClassesAreTheirOwn"},
	{"the higher version stays", indices(func(e engine) engine { return &gullible{engine: e} }), "Versions/HigherReplacesLowerDoesNot"},
	{"asking again is the same payment", providers(func(p provider) provider { return anew{p} }), "Authorize/TwiceIsOnce"},
	{"asking again is the same refund", providers(func(p provider) provider { return generous{p} }), "Refund/OncePerRefund"},
	{"what was let go cannot be taken", providers(func(p provider) provider { return deadLetter{p} }), "Void/ForestallsWhatWasNeverAsked"},
	{"unavailable means not done", providers(func(p provider) provider { return bashful{p} }), "Authorize/UnavailableDidNothing"},
	{"one mail for one id", mailers(func(m mailer) mailer { return stuttering{m} }), "SameIDArrivesOnce"},
	{"a name keeps its bytes", shelves(func(f folder) folder { return overwriting{f} }), "FirstUnderANameStays"},
	{"search versions rise", catalogs(func(tx *catalogTx) { tx.Versions = stuck{tx.Versions} }), "SearchVersions/RiseAndOutliveTheirVariant"},
}
