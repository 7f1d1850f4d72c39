package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"
)

// server is the real distribution registry with its storage in one folder.
type server struct {
	Host string
	log  *requests
	cmd  *exec.Cmd
	dir  string
}

// requests counts the requests in a log and keeps nothing of it: the kernel
// counts this program's memory to that of those it starts.
type requests struct{ n atomic.Int64 }

// Write counts.
func (l *requests) Write(p []byte) (int, error) {
	l.n.Add(int64(bytes.Count(p, []byte(` HTTP/1.1" `))))
	return len(p), nil
}

const serverConfig = `version: 0.1
log: {level: error, accesslog: {disabled: false}}
storage:
  filesystem: {rootdirectory: %s, maxthreads: 200}
  maintenance: {uploadpurging: {enabled: false}}
http: {addr: %s}
`

func startServer(ctx context.Context, program, dir string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{Host: l.Addr().String(), log: &requests{}, dir: dir}
	if err := l.Close(); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf(serverConfig, filepath.Join(dir, "storage"), s.Host)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	s.cmd = exec.CommandContext(ctx, program, "serve", config) //nolint:gosec // the pinned test program
	s.cmd.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	return s, s.ready(ctx)
}

func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Host+"/v2/", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			return resp.Body.Close()
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), s.stop())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the server and removes what it stored.
func (s *server) stop() error {
	_ = s.cmd.Process.Kill() // it may be gone already
	_ = s.cmd.Wait()         // killed: never nil
	return os.RemoveAll(s.dir)
}
