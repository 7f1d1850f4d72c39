package ecrtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// backend is a registry server of its own process, reached by a socket.
type backend struct {
	client *http.Client
	dir    string
	cmd    *exec.Cmd
	log    sync.WaitGroup // reads on until the process has ended
}

const backendConfig = `version: 0.1
log: {level: info, formatter: json, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: %q}
  delete: {enabled: true}
http: {net: unix, addr: %q, secret: ecrtest}
`

// errNoBinary tells that the registry server has not been built.
var errNoBinary = errors.New("registry server is not built: `make tools` puts it into .bin/registry")

// findBinary looks for .bin/registry from the working directory upwards.
func findBinary() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		file := filepath.Join(dir, ".bin", "registry")
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errNoBinary
		}
		dir = parent
	}
}

// startBackend runs a registry server and waits until it listens.
func startBackend(ctx context.Context, binary string) (*backend, error) {
	dir, err := os.MkdirTemp("", "ecrtest") // not below a test's folder: a socket's path is at most 104 bytes
	if err != nil {
		return nil, err
	}
	b := &backend{dir: dir}
	socket := filepath.Join(dir, "s")
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf(backendConfig, filepath.Join(dir, "data"), socket)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, errors.Join(err, b.close())
	}
	b.cmd = exec.CommandContext(ctx, binary, "serve", config)
	b.cmd.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	if err := b.run(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", binary, err), b.close())
	}
	dialer := &net.Dialer{}
	b.client = &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, "unix", socket)
			},
			MaxIdleConnsPerHost: 64,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return b, nil
}

// run starts the process; it returns when the log says that it listens.
func (b *backend) run() error {
	out, err := b.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := b.cmd.Start(); err != nil {
		return err
	}
	var log strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "listening on") {
			b.log.Go(func() { _, _ = io.Copy(io.Discard, out) })
			return nil
		}
		log.WriteString(lines.Text() + "\n")
	}
	return fmt.Errorf("it ended before it listened:\n%s", log.String())
}

// close ends the process and removes its files.
func (b *backend) close() error {
	if b.client != nil {
		b.client.CloseIdleConnections()
	}
	if b.cmd != nil && b.cmd.Process != nil {
		_ = b.cmd.Process.Kill()
		b.log.Wait()
		_ = b.cmd.Wait()
	}
	return os.RemoveAll(b.dir)
}

// do sends a request for a path of the registry.
func (b *backend) do(ctx context.Context, method, path string, header http.Header, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://registry"+path, body)
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	return b.client.Do(req)
}
