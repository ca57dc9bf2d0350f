package boot

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"
)

// Wait blocks until the shop fails or ctx ends, and returns the failure.
func (a *App) Wait(ctx context.Context) error {
	select {
	case err := <-a.failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// Stop takes the shop out of service in order: not ready any more, and for the
// shutdown delay nothing else, so that whoever balances load hears of it;
// requests under way finish; nothing new is relayed or taken up, jobs under way
// finish; what was opened closes, the last first. What is not done within the
// shutdown timeout is cut off; nothing acknowledged is lost by that. It can be
// called again.
func (a *App) Stop(ctx context.Context) error {
	a.stop.Do(func() { a.stopped = a.shutDown(ctx) })
	return a.stopped
}

func (a *App) shutDown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	if a.inService.Swap(false) && a.api != nil {
		select {
		case <-time.After(a.delay):
		case <-ctx.Done():
		}
	}
	var all []error
	all = append(all, shutDown(ctx, a.api, "requests were"))
	a.stopWork()
	all = append(all, shutDown(ctx, a.ops, "probes were")) // its listener may go: the program is about to
	done := make(chan struct{})
	go func() { a.running.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		all = append(all, errors.New("jobs were still running when the time to stop ran out"))
	}
	for _, close := range slices.Backward(a.closers) {
		all = append(all, close())
	}
	return errors.Join(all...)
}

// shutDown lets a server finish what it has begun.
func shutDown(ctx context.Context, s *http.Server, what string) error {
	if s == nil {
		return nil
	}
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New(what + " still under way when the time to stop ran out")
	}
	if err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

// untilStopped has clients leave a server that is about to stop: each answer
// ends its connection, so that none is cut while it is idle.
func (a *App) untilStopped(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.inService.Load() {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

// atEnd has Stop close something that was opened.
func (a *App) atEnd(close func() error) { a.closers = append(a.closers, close) }

// quietly is a close that cannot fail.
func quietly(close func()) func() error {
	return func() error { close(); return nil }
}

// listen opens a listener, which Stop closes if its server has not.
func (a *App) listen(name, addr string) (net.Listener, error) {
	l, err := listen(prefix+name, addr)
	if err != nil {
		return nil, err
	}
	a.atEnd(func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return l, nil
}
