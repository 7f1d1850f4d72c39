package palette

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// SyncStatus is how the last sync of a registry went, or goes.
type SyncStatus struct {
	Status          string `json:"status"`
	Message         string `json:"message"`
	IsSyncSupported *bool  `json:"isSyncSupported"`
	LastRunTime     Time   `json:"lastRunTime"`
	LastSyncedTime  Time   `json:"lastSyncedTime"`
}

// Time is a moment as Palette writes it; the zero Time where it does not tell,
// or in another way.
type Time struct{ time.Time }

// UnmarshalJSON reads RFC 3339. Another form is no error: nothing but a
// message depends on it.
func (t *Time) UnmarshalJSON(b []byte) error {
	text, err := strconv.Unquote(string(b))
	if err != nil {
		return nil //nolint:nilerr // null, a number or an object: not told
	}
	at, err := time.Parse(time.RFC3339, text)
	if err == nil && at.Year() > 1 {
		t.Time = at
	}
	return nil
}

// State is what a status means.
type State int

// The states of a sync.
const (
	Running State = iota + 1 // or to be begun
	Done
	Failed
	Off // the registry is not synced at all
)

// State returns what the status means. The API declares it as free text: these
// are the words that were seen and those that the vendor's Terraform provider
// knows. Any other is taken as running: time tells.
func (s *SyncStatus) State() State {
	if s.IsSyncSupported != nil && !*s.IsSyncSupported {
		return Off
	}
	switch strings.ToLower(strings.TrimSpace(s.Status)) {
	case "success", "succeeded", "completed", "complete", "done":
		return Done
	case "failed", "failure", "error":
		return Failed
	}
	return Running
}

// Idle tells whether a registry was never synced.
func (s *SyncStatus) Idle() bool {
	return s.Status == "" && s.LastRunTime.IsZero() && s.LastSyncedTime.IsZero()
}

// Same tells whether two statuses are of one run.
func (s *SyncStatus) Same(o *SyncStatus) bool {
	return s.LastRunTime.Equal(o.LastRunTime.Time) && s.LastSyncedTime.Equal(o.LastSyncedTime.Time)
}

// SyncStatus asks how the last sync of a registry went.
func (c *Client) SyncStatus(ctx context.Context, e Entry) (*SyncStatus, error) {
	s := &SyncStatus{}
	_, err := c.either(e.Kind, func(k Kind) error {
		return c.do(ctx, "read the sync status of "+e.Name+" at", call{method: http.MethodGet, path: k.path(e.UID) + "/sync/status", scope: tenantScope, out: s})
	})
	s.Status, s.Message = c.http.Clean(s.Status), c.http.Clean(s.Message)
	return s, err
}

// Sync lets Palette read a registry. It returns when Palette has taken the
// order, not when it is done. force restarts a sync that hangs, which Palette
// does for one that has been in progress for an hour.
func (c *Client) Sync(ctx context.Context, e Entry, force bool) error {
	tried := false
	_, err := c.either(e.Kind, func(k Kind) error {
		err := c.http.Retry(ctx, func(ctx context.Context) error {
			if tried { // the order may have been taken though the answer got lost
				if s, err := c.SyncStatus(ctx, e); err == nil && s.State() == Running && !s.Idle() {
					return nil
				}
			}
			tried = true
			return c.once(ctx, call{
				method: http.MethodPost, path: k.path(e.UID) + "/sync", query: url.Values{"forceSync": {strconv.FormatBool(force)}}, scope: tenantScope,
			})
		})
		return c.fail("sync "+e.Name+" at", err)
	})
	return err
}
