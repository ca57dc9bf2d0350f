package rabbitmq

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	dialTime   = 5 * time.Second  // for one node, with its handshake
	writeTime  = 10 * time.Second // for the socket to take a frame; a broker under alarm takes none
	closeTime  = 2 * time.Second
	heartbeat  = 5 * time.Second // a silent broker is given up after three
	firstPause = 500 * time.Millisecond
	longPause  = 30 * time.Second
)

// link is a connection that is made again whenever it is lost. Publishing and
// consuming have one each: a broker under alarm stops reading from whoever
// publishes, and verdicts must still get through.
type link struct {
	name     string
	address  address
	topology topology
	log      *slog.Logger

	mu      sync.Mutex
	session *session
	changed chan struct{} // closed when session is another
}

// session is one connection with the topology in place.
type session struct {
	conn    *amqp.Connection
	ch      *amqp.Channel // declared the topology; in confirm mode
	ended   chan struct{}
	why     error       // it ended; nil: we closed it
	blocked atomic.Bool // the broker's alarm is raised: it reads nothing from us
	unfit   atomic.Bool // it stands, and cannot be used

	publishing sync.Mutex // channels are not for several goroutines
	returns    chan amqp.Return
	returned   map[string]int // how often, by message id, no queue took it
}

func newLink(name string, c *Client) *link {
	return &link{name: name, address: c.address, topology: c.topology, log: c.log, changed: make(chan struct{})}
}

// current returns the session, nil while there is none, and what is closed when
// that changes.
func (l *link) current() (*session, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session, l.changed
}

func (l *link) set(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session = s
	close(l.changed)
	l.changed = make(chan struct{})
}

// keep restores the session until ctx ends, beginning with one that may be
// there already. It tries with jitter, so that many programs do not come back to
// a broker that just came back all at once.
func (l *link) keep(ctx context.Context, s *session) {
	failures := 0
	for s != nil || ctx.Err() == nil {
		if s == nil {
			var err error
			if s, err = l.connect(ctx); err != nil {
				if ctx.Err() == nil {
					l.log.WarnContext(ctx, "RabbitMQ cannot be reached", "connection", l.name, "nodes", l.address.nodes, "error", err)
				}
				rest(ctx, failures)
				failures++
				continue
			}
			l.log.InfoContext(ctx, "RabbitMQ is reached", "connection", l.name)
		}
		l.set(s)
		select {
		case <-s.ended:
			l.set(nil)
			l.log.WarnContext(ctx, "RabbitMQ is lost", "connection", l.name, "error", s.why)
		case <-ctx.Done():
			l.set(nil)
			s.end()
			<-s.ended
		}
		if !s.unfit.Load() {
			failures = 0
		}
		s = nil
		rest(ctx, failures)
		failures++
	}
}

// rest waits before another try, with full jitter.
func rest(ctx context.Context, failures int) {
	pause(ctx, firstPause/10+rand.N(min(firstPause<<min(failures, 10), longPause)))
}

// connect makes a session with the first node that answers, in random order.
func (l *link) connect(ctx context.Context) (s *session, err error) {
	for _, i := range rand.Perm(len(l.address.urls)) {
		if s, err = l.open(ctx, l.address.urls[i]); err == nil || ctx.Err() != nil || refusal(l.address, err) != nil {
			return s, err
		}
	}
	return nil, err
}

func (l *link) open(ctx context.Context, url string) (*session, error) {
	conn, err := amqp.DialConfig(url, amqp.Config{
		Heartbeat:  heartbeat,
		Properties: amqp.Table{"product": "Bodega", "connection_name": "bodega " + l.name},
		Dial:       dialer(ctx),
	})
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.CloseDeadline(time.Now()) })
	defer stop()
	s := &session{conn: conn, ended: make(chan struct{}), returned: map[string]int{}}
	if err := s.prepare(l.topology); err != nil {
		_ = conn.CloseDeadline(time.Now().Add(closeTime)) // err says more
		return nil, err
	}
	go s.watch(conn.NotifyClose(make(chan *amqp.Error, 1)), s.ch.NotifyClose(make(chan *amqp.Error, 1)), conn.NotifyBlocked(make(chan amqp.Blocking, 1)))
	return s, nil
}

// prepare declares the topology and asks for confirms.
func (s *session) prepare(t topology) (err error) {
	if s.ch, err = s.conn.Channel(); err != nil {
		return err
	}
	if err := t.declare(s.ch); err != nil {
		return err
	}
	s.returns = s.ch.NotifyReturn(make(chan amqp.Return, 4096))
	return s.ch.Confirm(false)
}

// watch tells when the session has ended. Without its channel it has ended too:
// something on the broker is not as we left it, and a new session mends that.
func (s *session) watch(conn, ch chan *amqp.Error, blocked chan amqp.Blocking) {
	defer close(s.ended)
	for {
		select {
		case err := <-conn:
			s.note(err)
			return
		case err := <-ch:
			s.note(err)
			s.end()
			return
		case b, open := <-blocked:
			if !open {
				blocked = nil // the connection is closing
				continue
			}
			s.blocked.Store(b.Active)
		}
	}
}

func (s *session) note(err *amqp.Error) {
	if err != nil {
		s.why = err
	}
}

// consume has a queue pushed to us. Where that fails, the session ends: the
// queue may have been deleted, and the next session declares it again.
func (s *session) consume(queue string, prefetch int) (ch *amqp.Channel, in <-chan amqp.Delivery, err error) {
	defer func() {
		if err != nil {
			s.unfit.Store(true)
			s.end()
		}
	}()
	if ch, err = s.conn.Channel(); err != nil {
		return nil, nil, err
	}
	if err = ch.Qos(prefetch, 0, false); err != nil {
		return nil, nil, err
	}
	in, err = ch.Consume(queue, "", false, false, false, false, nil)
	return ch, in, err
}

// end gives the session up.
func (s *session) end() { _ = s.conn.CloseDeadline(time.Now().Add(closeTime)) }

// rest waits, or until the session or ctx ends.
func (s *session) rest(ctx context.Context, d time.Duration) {
	select {
	case <-s.ended:
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// dialer returns a dialer whose connections give up writing after a time: the
// library's publishing heeds no context once the socket is full.
func dialer(ctx context.Context) func(network, addr string) (net.Conn, error) {
	return func(network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, dialTime)
		defer cancel()
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		// For the handshake; the library lifts it after that.
		if err := conn.SetDeadline(time.Now().Add(dialTime)); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return boundedConn{conn}, nil
	}
}

type boundedConn struct{ net.Conn }

func (c boundedConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
