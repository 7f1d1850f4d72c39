package ecrtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

func suffix(region string) string {
	switch partition(region) {
	case "aws-cn":
		return "amazonaws.com.cn"
	case "aws-eusc":
		return "amazonaws.eu"
	}
	return "amazonaws.com"
}

// dualStack is the domain of the API for IPv4 and IPv6.
func dualStack(region string) string {
	switch partition(region) {
	case "aws-cn":
		return "api.amazonwebservices.com.cn"
	case "aws-eusc":
		return "api.amazonwebservices.eu"
	}
	return "api.aws"
}

// hostNames lists the names that the certificate is for.
func (s *Server) hostNames() []string {
	const perRegion, perAccount = 9, 4
	names := make([]string, 0, 2+len(s.opts.Regions)*(perRegion+perAccount*len(s.accounts())))
	names = append(names, "localhost", "sts.amazonaws.com")
	for _, region := range s.opts.Regions {
		end := region + "." + suffix(region)
		names = append(names, "api.ecr."+end, "api.ecr-fips."+end, "ecr-fips."+end, "ecr."+region+"."+dualStack(region), "ecr-fips."+region+"."+dualStack(region),
			"sts."+end, "sts-fips."+end, "sts."+region+"."+dualStack(region), layersHost(region))
		for _, account := range s.accounts() {
			names = append(names, account+".dkr.ecr."+end, account+".dkr.ecr-fips."+end,
				account+".dkr-ecr."+region+"."+strings.Replace(dualStack(region), "api.", "on.", 1),
				account+".dkr-ecr-fips."+region+"."+strings.Replace(dualStack(region), "api.", "on.", 1))
		}
	}
	return names
}

func layersHost(region string) string {
	return fmt.Sprintf("prod-%s-starport-layer-bucket.s3.%s.%s", region, region, suffix(region))
}

var (
	registryHost = regexp.MustCompile(`^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.`)
	controlHost  = regexp.MustCompile(`^(?:api\.)?ecr(?:-fips)?\.([a-z0-9-]+)\.`)
	stsHost      = regexp.MustCompile(`^sts(?:-fips)?\.`)
)

// serveByHost is the control plane; under ECR's host names it is also all the rest.
func (s *Server) serveByHost(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if m := registryHost.FindStringSubmatch(host); m != nil {
		if registry := s.Registry(m[1], m[2]); registry != nil {
			registry.ServeHTTP(w, r)
			return
		}
		http.Error(w, "no such registry", http.StatusNotFound)
		return
	}
	if strings.Contains(host, "starport-layer-bucket") {
		s.serveLayer(w, r)
		return
	}
	region := ""
	if m := controlHost.FindStringSubmatch(host); m != nil {
		region = m[1]
	}
	s.serveControl(w, r, region, stsHost.MatchString(host))
}

// startProxy serves CONNECT for ECR's host names and leads them to target.
func (s *Server) startProxy(target string) error {
	l, err := (&net.ListenConfig{}).Listen(s.ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	p := &proxy{names: s.hostNames(), target: target, open: make(map[net.Conn]bool)}
	srv := &http.Server{Handler: p, ReadHeaderTimeout: time.Minute, ErrorLog: quiet}
	s.servers = append(s.servers, srv)
	s.proxy = p
	s.wait.Go(func() { _ = srv.Serve(l) })
	s.ProxyURL = "http://" + l.Addr().String()
	return nil
}

// proxy leads CONNECT requests for known names to one address, others nowhere.
type proxy struct {
	names  []string
	target string
	wait   sync.WaitGroup

	mu     sync.Mutex
	closed bool
	open   map[net.Conn]bool
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	if r.Method != http.MethodConnect || err != nil || port != "443" || !slices.Contains(p.names, host) {
		http.Error(w, "ecrtest: no way to "+r.Host, http.StatusForbidden)
		return
	}
	up, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", p.target)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	down, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = up.Close()
		return
	}
	_, _ = io.WriteString(down, "HTTP/1.1 200 Connection established\r\n\r\n")
	p.join(down, rw.Reader, up)
}

// join copies both ways until one side ends.
func (p *proxy) join(down net.Conn, early *bufio.Reader, up net.Conn) {
	if !p.add(down, up) {
		return
	}
	p.wait.Go(func() {
		_, _ = io.Copy(up, early)
		_ = up.Close()
	})
	p.wait.Go(func() {
		_, _ = io.Copy(down, up)
		p.remove(down, up)
	})
}

func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.closed {
			_ = c.Close()
			continue
		}
		p.open[c] = true
	}
	return !p.closed
}

func (p *proxy) remove(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.open, c)
	}
}

// closeAll ends every connection and waits for the goroutines of them.
func (p *proxy) closeAll() {
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wait.Wait()
}
