package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxWait bounds what a reply can make of a Retry-After; it is far above what
// anybody waits for, and keeps sums of durations from overflowing.
const maxWait = 24 * time.Hour

// retryAfter returns how long a reply asks to wait, in seconds or until a date
// (RFC 9110, 10.2.3), and 0 where it does not say. A date in the past is 0. A
// date is by the clock of the server, which the reply tells: ours may be wrong,
// or may have been set meanwhile.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return parseRetryAfter(h.Get("Retry-After"), now)
}

func parseRetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil {
		if seconds > uint64(maxWait/time.Second) {
			return maxWait
		}
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxWait)
	}
	return 0
}
