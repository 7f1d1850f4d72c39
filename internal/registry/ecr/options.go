package ecr

import (
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/packs-cli/packs/internal/transport"
)

// Options says how to reach registries. The zero value is ready.
type Options struct {
	// Accounts is what registries of one run share; nil: nothing.
	Accounts *Accounts
	// Share is the part of the write rate that this process may use: 1/N with
	// --shard I/N. 0 means all of it.
	Share float64
	// Uses are what Check shall look at beyond publishing.
	Uses Uses

	Env       func(name string) (value string, ok bool) // for the proxies; nil: none is set
	UserAgent string
	Logger    *slog.Logger
	Retry     transport.RetryPolicy
	Timeouts  transport.Timeouts
	Clock     transport.Clock

	// AWS are further settings of the SDK. Without them it reads the process's
	// own environment and files, as all AWS tools do.
	AWS []func(*config.LoadOptions) error
}

// backoff is the wait before a call of the API is tried again, where Retry says
// something about waits.
func (o *Options) backoff(attempt int, _ error) (time.Duration, error) {
	longest := o.Retry.Cap
	if longest <= 0 {
		longest = apiMaxBackoff
	}
	return time.Duration(o.Clock.Jitter() * float64(min(longest, o.Retry.Base<<min(attempt, 20)))), nil
}

// setDefaults fills in what a zero value means.
func (o *Options) setDefaults() {
	if o.Accounts == nil {
		o.Accounts = new(Accounts)
	}
	if o.Share <= 0 {
		o.Share = 1
	}
	o.Clock = o.Clock.WithDefaults()
}
