package palettetest

import (
	"context"
	"net/http"
	"time"
)

// run is a sync that goes on.
type run struct {
	looks int // how often it is seen in progress before it ends
	done  chan struct{}
	packs []*pack
	err   error
}

// Hang lets syncs never end, until Release.
func (s *Server) Hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hanging = true
}

// Release lets syncs end again.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hanging = false
}

// begin starts to read a registry. The caller holds the lock.
func (s *Server) begin(r *record) {
	n := &run{looks: s.opts.SyncLooks, done: make(chan struct{})}
	r.run, r.status, r.why, r.ran = n, "InProgress", "", time.Now().UTC()
	reader := s.reader(r.kind, r.spec)
	s.wait.Go(func() {
		defer close(n.done)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		n.packs, n.err = reader.read(ctx)
	})
}

// step lets time go by for a sync: with each look it comes nearer to its end.
// The caller holds the lock.
func (s *Server) step(r *record) {
	n := r.run
	if n == nil || s.hanging {
		return
	}
	if n.looks > 0 {
		n.looks--
		return
	}
	s.mu.Unlock()
	<-n.done
	s.mu.Lock()
	if r.run != n {
		return
	}
	r.run = nil
	if n.err != nil {
		r.status, r.why = "Failed", n.err.Error()
		return
	}
	r.status, r.synced = "Completed", time.Now().UTC()
	r.packs = s.numbered(r, n.packs)
}

// numbered gives packs their UIDs; a version that was there keeps its own. The
// caller holds the lock.
func (s *Server) numbered(r *record, found []*pack) []*pack {
	old := make(map[string]string)
	for _, p := range r.packs {
		old[p.name+"@"+p.version] = p.uid
	}
	for _, p := range found {
		if p.uid = old[p.name+"@"+p.version]; p.uid == "" {
			p.uid = s.uid()
		}
	}
	return found
}

func (s *Server) serveSync(q *request, uid, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(uid, kind)
	if r == nil {
		q.notFound()
		return
	}
	if r.run == nil || q.URL.Query().Get("forceSync") == "true" {
		s.begin(r)
	}
	q.reply(http.StatusAccepted, nil)
}

func (s *Server) serveSyncStatus(q *request, uid, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(uid, kind)
	if r == nil {
		q.notFound()
		return
	}
	s.step(r)
	q.reply(http.StatusOK, s.syncStatus(r))
}

func (s *Server) syncStatus(r *record) map[string]any {
	supported, _ := r.spec["isSyncSupported"].(bool)
	return map[string]any{
		"status": r.status, "message": r.why, "isSyncSupported": supported, "lastRunTime": moment(r.ran), "lastSyncedTime": moment(r.synced),
	}
}

func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(time.RFC3339Nano)
}
