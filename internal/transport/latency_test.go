package transport

import (
	"net/http"
	"testing"
	"time"
)

func TestLateIsWhatQueuesAtTheRegistry(t *testing.T) {
	t.Parallel()
	type reply struct {
		method string
		size   int64
		took   time.Duration
	}
	get := func(took time.Duration) reply { return reply{http.MethodGet, 0, took} }
	tests := []struct {
		name    string
		replies []reply
		want    bool // of the last one
	}{
		{"first", []reply{get(time.Minute)}, false},
		{"quick", []reply{get(time.Millisecond), get(time.Second)}, false},
		{"late", []reply{get(time.Millisecond), get(3 * time.Second)}, true},
		{"far away", []reply{get(time.Second), get(3 * time.Second)}, false},
		{"far away and late", []reply{get(time.Second), get(9 * time.Second)}, true},
		{"late at first, then not", []reply{get(9 * time.Second), get(time.Second), get(3 * time.Second)}, false},
		{"other method", []reply{get(time.Millisecond), {http.MethodPut, 100, 3 * time.Second}}, false},
		{"large body", []reply{{http.MethodPut, 100, time.Millisecond}, {http.MethodPut, smallBody + 1, time.Minute}}, false},
	}
	for _, tt := range tests {
		var l latency
		var got bool
		for _, r := range tt.replies {
			got = l.late(&http.Request{Method: r.method, ContentLength: r.size}, r.took)
		}
		if got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestLateRepliesLowerTheLimitToAQuarter(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{Host: "registry.example.com", Concurrency: 16})
	reply := &http.Response{StatusCode: http.StatusOK, Request: &http.Request{Method: http.MethodGet}}
	now := func() slot { return slot{gate: c.limits.gate, era: c.limits.gate.era} }
	c.learn(now(), reply, time.Millisecond)
	old := now()
	for _, want := range []int{8, 4, 4} {
		c.learn(now(), reply, 3*time.Second)
		if got := c.limits.gate.limit; got != want {
			t.Errorf("limit %d, want %d", got, want)
		}
	}
	c.learn(old, reply, 3*time.Second) // of a request that was sent before
	for range 200 {
		c.learn(now(), reply, time.Millisecond)
	}
	if got := c.limits.gate.limit; got != 16 {
		t.Errorf("limit %d after many quick replies, want 16", got)
	}
}
