// Command ecrtest runs the ECR of package ecrtest for a person to try things
// on, until it is interrupted. It prints the environment variables that lead
// the AWS SDK, the aws CLI and packs to it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "ecrtest:", err)
		os.Exit(1)
	}
}

type settings struct {
	options ecrtest.Options
	create  string
	dir     string
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	accounts, regions := ecrtest.DefaultAccount, ecrtest.DefaultRegion
	f := flag.NewFlagSet("ecrtest", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&accounts, "accounts", accounts, "accounts, each with a user of its own, separated by commas")
	f.StringVar(&regions, "regions", regions, "regions, separated by commas")
	f.StringVar(&s.options.Binary, "registry", "", "the registry server (distribution v3); by default .bin/registry here or above")
	f.IntVar(&s.options.BasePort, "port", 4566, "first of the ports: API, layers, then one for each account and region; 0: any")
	f.BoolVar(&s.options.TLS, "tls", false, "HTTPS with a CA of its own, and a proxy for ECR's real host names")
	f.Float64Var(&s.options.PutImageRate, "put-image-rate", 0, "manifests per second and account (default 10; negative: no limit)")
	f.StringVar(&s.create, "create", "", "repositories to begin with, separated by commas")
	f.StringVar(&s.dir, "dir", "", "folder for the AWS profiles and the CA (default: a new temporary one)")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	for account := range strings.SplitSeq(accounts, ",") {
		s.options.Principals = append(s.options.Principals, ecrtest.User(account))
	}
	s.options.Regions = strings.Split(regions, ",")
	return s, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "ecrtest-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	}
	server, err := ecrtest.New(context.WithoutCancel(ctx), s.options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if s.create != "" {
		for name := range strings.SplitSeq(s.create, ",") {
			for _, r := range server.Registries() {
				r.Put(ecrtest.Repository{Name: name})
			}
		}
	}
	if err := announce(server, s, stdout); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// announce writes the AWS profiles, one for each account, and prints the
// environment that leads to the server, as a shell reads it.
func announce(server *ecrtest.Server, s settings, stdout io.Writer) error {
	var profiles strings.Builder
	for i, p := range s.options.Principals {
		names := []string{"account-" + p.Account}
		if i == 0 {
			names = append(names, "default")
		}
		for _, name := range names {
			fmt.Fprintf(&profiles, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n\n", name, p.AccessKeyID, p.SecretAccessKey)
		}
	}
	credentials := filepath.Join(s.dir, "credentials")
	if err := os.WriteFile(credentials, []byte(profiles.String()), 0o600); err != nil {
		return err
	}
	var out strings.Builder
	if s.options.TLS {
		ca := filepath.Join(s.dir, "ca.pem")
		if err := os.WriteFile(ca, server.CA, 0o600); err != nil {
			return err
		}
		fmt.Fprintf(&out, "export HTTPS_PROXY=%s\nexport AWS_CA_BUNDLE=%s\nexport SSL_CERT_FILE=%s\n", server.ProxyURL, ca, ca)
	} else {
		fmt.Fprintf(&out, "export AWS_ENDPOINT_URL_ECR=%s\nexport AWS_ENDPOINT_URL_STS=%s\n", server.URL, server.URL)
	}
	fmt.Fprintf(&out, "export AWS_REGION=%s\nexport AWS_SHARED_CREDENTIALS_FILE=%s\n", s.options.Regions[0], credentials)
	for _, r := range server.Registries() {
		fmt.Fprintf(&out, "# account %s in %s: %s (profile account-%s)\n", r.Account, r.Region, r.Host, r.Account)
	}
	_, err := io.WriteString(stdout, out.String())
	return err
}
