package registrytest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Request is one line of the access log.
type Request struct {
	Method string
	Path   string // without the query
	Query  url.Values
	Status int
}

// String returns METHOD PATH STATUS.
func (r Request) String() string { return r.Method + " " + r.Path + " " + strconv.Itoa(r.Status) }

// markPrefix begins the query of the requests that this package sends itself.
const markPrefix = "registrytest-mark="

// line is the combined log format, as far as it is used.
var line = regexp.MustCompile(`^\S+ \S+ \S+ \[[^\]]*\] "([A-Z]+) (\S+) HTTP/[0-9.]+" (\d{3}) `)

// accessLog collects requests while the server runs.
type accessLog struct {
	mu       sync.Mutex
	changed  *sync.Cond
	requests []Request
	marks    map[string]bool
	ended    bool
}

func newAccessLog() *accessLog {
	l := &accessLog{marks: make(map[string]bool)}
	l.changed = sync.NewCond(&l.mu)
	return l
}

// read takes lines until the server ends.
func (l *accessLog) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		l.add(lines.Text())
	}
	_, _ = io.Copy(io.Discard, r) // after a line that is too long
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.changed.Broadcast()
}

func (l *accessLog) add(text string) {
	m := line.FindStringSubmatch(text)
	if m == nil {
		return
	}
	path, query, _ := strings.Cut(m[2], "?")
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.changed.Broadcast()
	if strings.HasPrefix(query, markPrefix) {
		l.marks[query] = true
		return
	}
	values, _ := url.ParseQuery(query) // what cannot be read is left out
	status, _ := strconv.Atoi(m[3])    // three digits
	l.requests = append(l.requests, Request{Method: m[1], Path: path, Query: values, Status: status})
}

// await waits for a mark, the end of the server or that of ctx.
func (l *accessLog) await(ctx context.Context, mark string) {
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.changed.Broadcast()
	})
	defer stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.marks[mark] && !l.ended && ctx.Err() == nil {
		l.changed.Wait()
	}
}

func (l *accessLog) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.requests)
}

func (l *accessLog) since(n int) []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests[n:])
}

// listeningOn begins the message by which the server says where it listens.
const listeningOn = "listening on "

// watchLog sends the message that begins with listeningOn, or what the server
// said until it ended, and reads on so that the server can write.
func watchLog(r io.Reader, listening chan<- string) {
	lines := bufio.NewScanner(r)
	var said strings.Builder
	for lines.Scan() {
		var entry struct {
			Msg string `json:"msg"`
		}
		if json.Unmarshal(lines.Bytes(), &entry) == nil && strings.HasPrefix(entry.Msg, listeningOn) {
			listening <- entry.Msg
			_, _ = io.Copy(io.Discard, r) // ends with the server
			return
		}
		said.WriteString(lines.Text() + "\n")
	}
	listening <- said.String()
	_, _ = io.Copy(io.Discard, r) // after a line that is too long
}
