package oci

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/opencontainers/go-digest"
)

const blobDigest = digest.Digest("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")

func TestFlightUploadsOnceHoweverManyWant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlights()
		var uploads atomic.Int64
		land := make(chan struct{})
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				err := f.do(t.Context(), "r", blobDigest, func(string) error {
					uploads.Add(1)
					<-land
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(land)
		wg.Wait()
		if uploads.Load() != 1 {
			t.Errorf("%d uploads", uploads.Load())
		}
	})
}

func TestFlightIsTakenOverFromWhoWasStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlights()
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("the layer of that pack was refused")
		var wg sync.WaitGroup
		wg.Go(func() {
			err := f.do(ctx, "r", blobDigest, func(string) error { <-ctx.Done(); return context.Cause(ctx) })
			if !errors.Is(err, cause) {
				t.Errorf("%v, want the cause", err)
			}
		})
		synctest.Wait()
		done := false
		wg.Go(func() {
			if err := f.do(t.Context(), "r", blobDigest, func(string) error { done = true; return nil }); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		cancel(cause)
		wg.Wait()
		if !done {
			t.Error("nobody uploaded")
		}
	})
}

func TestFlightThatFailedIsFlownAgainByTheNext(t *testing.T) {
	t.Parallel()
	f := newFlights()
	cause := errors.New("503")
	if err := f.do(t.Context(), "r", blobDigest, func(string) error { return cause }); !errors.Is(err, cause) {
		t.Errorf("%v, want the cause", err)
	}
	var from string
	again := func(holder string) error { from = holder; return nil }
	if err := f.do(t.Context(), "r", blobDigest, again); err != nil || from != "" {
		t.Errorf("%v from %q, want it uploaded", err, from)
	}
	if err := f.do(t.Context(), "s", blobDigest, again); err != nil || from != "r" {
		t.Errorf("%v from %q, want it mounted from r", err, from)
	}
}

func TestFlightIsForgotten(t *testing.T) {
	t.Parallel()
	f := newFlights()
	f.has("r", blobDigest)
	never := func(string) error { t.Error("uploaded what is there"); return nil }
	if err := f.do(t.Context(), "r", blobDigest, never); err != nil {
		t.Error(err)
	}
	f.forget("r", blobDigest)
	uploads, from := 0, "?"
	if err := f.do(t.Context(), "r", blobDigest, func(holder string) error { uploads++; from = holder; return nil }); err != nil || uploads != 1 || from != "" {
		t.Errorf("%v, %d uploads from %q; want one from nowhere", err, uploads, from)
	}
}
