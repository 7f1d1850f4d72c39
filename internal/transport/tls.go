package transport

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/packs-cli/packs/manifest"
)

// maxPEM is the largest certificate or key file that is read; the bundle of
// all public authorities has a fifth of that.
const maxPEM = 1 << 20

// newTLS turns the settings of a registry into a TLS configuration. The private
// authority is trusted in addition to those of the system.
func newTLS(t *manifest.TLS) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if t == nil {
		return cfg, nil
	}
	cfg.InsecureSkipVerify = t.InsecureSkipVerify // #nosec G402 -- only where packs.yaml says so
	pool, err := authorities(t)
	if err != nil {
		return nil, err
	}
	cfg.RootCAs = pool
	if t.CertFile == "" && t.KeyFile == "" {
		return cfg, nil
	}
	cert, err := clientCertificate(t)
	if err != nil {
		return nil, err
	}
	cfg.Certificates = []tls.Certificate{cert}
	return cfg, nil
}

// authorities returns nil, which means the system's, where packs.yaml names none.
func authorities(t *manifest.TLS) (*x509.CertPool, error) {
	if t.CAFile == "" && t.CA == "" {
		return nil, nil //nolint:nilnil // crypto/tls takes nil as the system's pool
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without authorities still has the private one
	}
	if t.CAFile != "" {
		text, err := readPEM("tls.caFile", t.CAFile)
		if err != nil {
			return nil, err
		}
		if err := addCertificates(pool, text); err != nil {
			return nil, fmt.Errorf("tls.caFile %s: %w", t.CAFile, err)
		}
	}
	if t.CA != "" {
		if err := addCertificates(pool, []byte(t.CA)); err != nil {
			return nil, fmt.Errorf("tls.ca: %w", err)
		}
	}
	return pool, nil
}

// addCertificates adds every certificate of a PEM text and accepts no broken
// one, which would show much later as an unknown authority.
func addCertificates(pool *x509.CertPool, text []byte) error {
	found := false
	for rest := text; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("a certificate in it cannot be read: %w", err)
		}
		pool.AddCert(cert)
		found = true
	}
	if !found {
		return errors.New("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
	}
	return nil
}

func clientCertificate(t *manifest.TLS) (tls.Certificate, error) {
	if t.CertFile == "" || t.KeyFile == "" {
		return tls.Certificate{}, errors.New("tls.certFile and tls.keyFile belong together: one of them is missing")
	}
	cert, err := readPEM("tls.certFile", t.CertFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readPEM("tls.keyFile", t.KeyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls.certFile %s with tls.keyFile %s: %w", t.CertFile, t.KeyFile, err)
	}
	return pair, nil
}

func readPEM(setting, file string) ([]byte, error) {
	f, err := os.Open(file) // #nosec G304 -- packs.yaml names it
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	defer func() { _ = f.Close() }() // only read from
	text, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	if len(text) > maxPEM {
		return nil, fmt.Errorf("%s %s is larger than %d bytes: not a certificate or key", setting, file, maxPEM)
	}
	return text, nil
}
