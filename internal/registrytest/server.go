package registrytest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a running registry.
type Server struct {
	Host    string // 127.0.0.1:PORT
	URL     string // with scheme
	Dir     string // configuration and certificates
	Storage string // what the registry stores
	CAFile  string // with TLS: the authority to trust
	CA      *CA
	Client  *Pair        // with ClientCerts: a certificate that it lets in
	Tokens  *TokenServer // with AuthBearer

	cmd    *exec.Cmd
	log    *accessLog
	probe  *http.Client
	wait   sync.WaitGroup
	marks  int
	offset int // requests before the last Reset
}

// startTime is how long a server may take until it listens.
const startTime = 30 * time.Second

// Start runs a server until the test ends. Where the program is missing, the
// test is skipped, or fails where CI=true.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	binary := Tool(tb, "registry")
	s, err := Run(binary, tb.TempDir(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Run runs a server whose files are in dir; the caller closes it. It returns
// when the server listens. It is for tests without a testing.TB, such as
// testscript's; others use Start.
func Run(binary, dir string, o Options) (*Server, error) {
	s := &Server{Dir: dir, Storage: filepath.Join(dir, "storage"), log: newAccessLog()}
	config, err := s.configure(&o)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	file := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.start(binary, file); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", binary, err), s.Close())
	}
	s.URL = "http://" + s.Host
	s.probe = &http.Client{Transport: &http.Transport{}, Timeout: startTime}
	if o.TLS {
		s.URL = "https://" + s.Host
		cfg := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true} // #nosec G402 -- it may be expired on purpose
		if s.Client != nil {
			cfg.Certificates = []tls.Certificate{s.Client.TLS}
		}
		s.probe.Transport = &http.Transport{TLSClientConfig: cfg}
	}
	return s, nil
}

func (s *Server) start(binary, config string) error {
	s.cmd = exec.Command(binary, "serve", config)
	s.cmd.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.wait.Go(func() { s.log.read(stdout) })
	listening := make(chan string, 1)
	s.wait.Go(func() { watchLog(stderr, listening) })
	select {
	case line := <-listening:
		host, ok := strings.CutPrefix(line, listeningOn)
		if !ok {
			return errors.New("it ended before it listened: " + line)
		}
		s.Host, _, _ = strings.Cut(host, ",")
		return nil
	case <-time.After(startTime):
		return fmt.Errorf("it does not listen after %v", startTime)
	}
}

// Close ends the server. It may be called more than once.
func (s *Server) Close() error {
	if s.Tokens != nil {
		s.Tokens.Close()
	}
	if s.probe != nil {
		s.probe.CloseIdleConnections()
	}
	if s.cmd == nil || s.cmd.Process == nil || s.cmd.ProcessState != nil {
		return nil
	}
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	s.wait.Wait()
	_ = s.cmd.Wait() // killed: never nil
	return nil
}

// Requests returns what the server was asked below /v2/ since the last Reset,
// in the order of its access log, but for what this package asks itself.
func (s *Server) Requests() []Request {
	s.sync()
	return s.log.since(s.offset)
}

// Reset lets Requests begin with the next request.
func (s *Server) Reset() {
	s.sync()
	s.offset = s.log.len()
}

// sync waits until the log has everything that was answered before now: it
// sends a request that is easy to tell apart and waits for its line.
func (s *Server) sync() {
	s.marks++
	mark := fmt.Sprintf("%s%d", markPrefix, s.marks)
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/v2/?"+mark, nil)
	if err != nil {
		return
	}
	resp, err := s.probe.Do(req)
	if err != nil {
		return // it is down: the log will not change any more
	}
	_ = resp.Body.Close()
	s.log.await(ctx, mark)
}
