// Command harbortest runs the Harbor of package harbortest for a person to try
// things on, until it is interrupted. It prints the environment variables that
// lead packs and scripts to it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/packs-cli/packs/internal/registrytest/harbortest"
)

type options struct {
	server    harbortest.Options
	caFile    string
	project   string
	robot     string
	immutable bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "harbortest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	s, err := harbortest.New(o.server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := o.prepare(ctx, s, stdout); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("harbortest", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.server.Addr, "addr", "127.0.0.1:8085", "loopback address to listen on")
	f.StringVar(&o.server.Binary, "registry", "", "the registry server (default .bin/registry above the working directory)")
	f.BoolVar(&o.server.TLS, "tls", false, "serve HTTPS with a certificate of a new CA")
	f.StringVar(&o.caFile, "ca-file", "", "write the CA there (PEM)")
	f.StringVar(&o.project, "project", "", "create this project")
	f.StringVar(&o.robot, "robot", "", "create a robot account of that name, which may push to and pull from the project")
	f.BoolVar(&o.immutable, "immutable", false, "make the tags of the project immutable")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	return o, nil
}

// prepare makes what the flags ask for, and prints what one needs to know in a
// form that a shell can read.
func (o *options) prepare(ctx context.Context, s *harbortest.Server, out io.Writer) error {
	if o.caFile != "" && s.CA != nil {
		if err := os.WriteFile(o.caFile, s.CA.PEM, 0o644); err != nil {
			return err
		}
	}
	if o.project != "" {
		if err := s.AddProject(ctx, o.project, ""); err != nil {
			return err
		}
	}
	if o.project != "" && o.immutable {
		if err := s.AddImmutableRule(ctx, o.project); err != nil {
			return err
		}
	}
	lines := fmt.Sprintf("export HARBOR_URL=%s\nexport HARBOR_HOST=%s\nexport HARBOR_ADMIN=%s\nexport HARBOR_ADMIN_PASSWORD=%s\n",
		s.URL, s.Host, harbortest.AdminName, harbortest.AdminPassword)
	if o.robot != "" {
		user, secret, err := s.AddRobot(ctx, "project", o.project, o.robot, "repository:push", "repository:pull")
		if err != nil {
			return err
		}
		lines += fmt.Sprintf("export HARBOR_ROBOT='%s'\nexport HARBOR_TOKEN=%s\n", user, secret) // the $ is no variable
	}
	_, err := io.WriteString(out, lines)
	return err
}
