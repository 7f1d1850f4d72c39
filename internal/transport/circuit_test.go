package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// dead returns the address of a port where nobody listens.
func dead(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestDeadRegistryFailsOnceForAll(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	host := dead(t)
	c := newClient(t, Config{Host: host, PlainHTTP: true, Clock: clock.clock()})
	const packs = 32
	errs := make([]error, packs)
	var tries atomic.Int64
	for i := range packs { // one after the other: the worst order for a budget per operation
		errs[i] = c.Retry(t.Context(), func(ctx context.Context) error {
			tries.Add(1)
			return fetch(c, "/")(ctx)
		})
	}
	for i, err := range errs {
		var conn *ConnError
		if !errors.As(err, &conn) || conn.Kind != KindRefused || !strings.Contains(err.Error(), "connection refused by "+host) {
			t.Errorf("pack %d: %v", i, err)
		}
	}
	if waited := clock.Now().Sub(noon); waited > 5*time.Second {
		t.Errorf("%d packs waited %v in all", packs, waited)
	}
	if tries.Load() > packs+8 {
		t.Errorf("%d tries for %d packs", tries.Load(), packs)
	}
	var circuit *CircuitError
	if !errors.As(errs[packs-1], &circuit) || errors.As(errs[0], &circuit) {
		t.Errorf("first %v, last %v: want the circuit open for the last only", errs[0], errs[packs-1])
	}
}

func TestGivenUpRegistryIsLookedAtAgainLater(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	c := newClient(t, Config{Host: dead(t), PlainHTTP: true, Clock: clock.clock()})
	if err := c.Retry(t.Context(), fetch(c, "/")); err == nil {
		t.Fatal("a dead registry answered")
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", c.cfg.Host)
	if err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ReadHeaderTimeout: time.Minute}
	var wg sync.WaitGroup
	wg.Go(func() { _ = srv.Serve(l) })
	defer wg.Wait()
	defer srv.Close()
	var circuit *CircuitError
	if err := c.Retry(t.Context(), fetch(c, "/")); !errors.As(err, &circuit) {
		t.Errorf("%v, want the circuit open", err)
	}
	if err := clock.sleep(t.Context(), circuitPause); err != nil {
		t.Fatal(err)
	}
	if err := c.Retry(t.Context(), fetch(c, "/")); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

func TestOneBrokenPackDoesNotTakeTheOthersAlong(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	c := plain(t, s, Config{Clock: newFakeClock().clock()})
	for n := range 20 {
		if err := c.Retry(t.Context(), fetch(c, "/broken")); err == nil {
			t.Fatal("the broken pack got through")
		}
		if err := c.Retry(t.Context(), fetch(c, "/good")); err != nil {
			t.Fatalf("round %d: %v", n, err)
		}
	}
}

func TestRegistryThatOnlyFailsIsGivenUp(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		count.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	})
	c := plain(t, s, Config{Clock: newFakeClock().clock()})
	for range 32 {
		if err := c.Retry(t.Context(), fetch(c, "/")); err == nil {
			t.Fatal("a registry that only fails got through")
		}
	}
	if want := int64(circuitFailures * 6); count.Load() != want {
		t.Errorf("%d requests for 32 packs, want %d", count.Load(), want)
	}
}

func TestCircuitStaysClosedWhileOthersGetThrough(t *testing.T) {
	t.Parallel()
	c := &circuit{now: newFakeClock().Now}
	cause := errors.New("refused")
	began := c.mark()
	c.good()
	c.gaveUp(began, cause, true)
	if err := c.check(); err != nil {
		t.Errorf("%v, though another request got through meanwhile", err)
	}
	c.gaveUp(c.mark(), cause, true)
	if err := c.check(); !errors.Is(err, cause) {
		t.Errorf("%v, want the cause", err)
	}
}
