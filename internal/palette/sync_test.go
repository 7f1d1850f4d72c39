package palette

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/packs-cli/packs/internal/palettetest"
)

func TestStates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]State{
		`{"status":"Completed","isSyncSupported":true}`: Done,
		`{"status":"SUCCESS"}`:                          Done,
		`{"status":"Failed","message":"x"}`:             Failed,
		`{"status":"error"}`:                            Failed,
		`{"status":"InProgress"}`:                       Running,
		`{"status":"Syncing"}`:                          Running,
		`{"status":"Pending"}`:                          Running,
		`{"status":"Unknown"}`:                          Running,
		`{"status":""}`:                                 Running,
		`{"status":"WhatIsThis"}`:                       Running,
		`{}`:                                            Running,
		`{"status":null,"message":null,"isSyncSupported":null}`:                                Running,
		`{"status":"Completed","isSyncSupported":false}`:                                       Off,
		`{"status":"Completed","lastRunTime":7,"lastSyncedTime":{}}`:                           Done,
		`{"status":"Completed","lastRunTime":"never","lastSyncedTime":"0001-01-01T00:00:00Z"}`: Done,
	} {
		s := &SyncStatus{}
		if err := json.Unmarshal([]byte(text), s); err != nil || s.State() != want {
			t.Errorf("%s: %d, %v, want %d", text, s.State(), err, want)
		}
	}
}

func TestSyncLooksWhereTheAnswerGotLost(t *testing.T) {
	t.Parallel()
	for _, done := range []bool{true, false} {
		s := palettetest.Start(t, palettetest.Options{SyncLooks: 3})
		c, _ := client(t, s, palettetest.TenantAdmin)
		e := Entry{UID: s.AddRegistry("site", "oci", "basic", "tenant"), Name: "site", Kind: Basic}
		s.Fail(palettetest.Fault{Method: http.MethodPost, End: "/sync", Times: 1, Status: 503, Done: done})
		if err := c.Sync(t.Context(), e, false); err != nil {
			t.Fatal(err)
		}
		posts := s.Count(http.MethodPost, "/sync")
		if done && posts != 1 || !done && posts != 2 {
			t.Errorf("done %v: %d POSTs", done, posts)
		}
	}
}

func TestSyncTriesTheOtherKind(t *testing.T) {
	t.Parallel()
	s := palettetest.Start(t, palettetest.Options{})
	c, _ := client(t, s, palettetest.TenantAdmin)
	e := Entry{UID: s.AddRegistry("site", "oci", "ecr", "tenant"), Name: "site"} // of a kind that nobody told
	if err := c.Sync(t.Context(), e, true); err != nil {
		t.Error(err)
	}
	if got, err := c.SyncStatus(t.Context(), e); err != nil || got.State() == Running {
		t.Errorf("status %+v, %v", got, err)
	}
	if n := s.Count(http.MethodPost, "/ecr/sync"); n != 1 {
		t.Errorf("%d orders of the right kind", n)
	}
}
