package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/login"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

type loginOptions struct {
	catalogFlags
	allowExec bool
	username  string
	password  string
	given     bool // a password among the arguments
	stdin     bool
}

func newLoginCmd(a *app) *cobra.Command {
	o := &loginOptions{}
	cmd := &cobra.Command{
		Use:   "login [REGISTRY|HOST]",
		Short: "Log in to registries",
		Long: `login checks user and password with a registry, and keeps them where docker and
oras do: in the credential helper or store that docker's config.json names, else
in that file. What packs keeps they read, and the other way round.

A registry is named as in packs.yaml, whose tls: and plainHTTP: then count, or by
its host. Without a name, login asks for every registry of packs.yaml that wants
a login and has none, but for manual ones; without a terminal that is an error
which names them all.

For Amazon ECR, login exchanges the AWS credentials for a token of 12 hours.
packs itself gets one by itself in every run; this one is for docker and oras.

Registries with credentials: in packs.yaml take those; login only checks them.

Exit codes: 0 logged in, 1 a login was refused or a registry cannot be asked,
3 something is missing or wrong in flags or packs.yaml, 130 interrupted.`,
		Example: a.examples(
			"packs login                                # wherever a login is missing",
			"packs login harbor-site",
			"pass harbor | packs login harbor-site -u 'robot$packs' --password-stdin",
			"packs login ghcr.io",
		),
		Args:              atMostOneArg("REGISTRY or HOST"),
		ValidArgsFunction: completeArg(func() []string { return registryNames(loadForCompletion(a, &o.catalogFlags)) }),
		RunE:              func(cmd *cobra.Command, args []string) error { return runLogin(cmd, a, o, args) },
	}
	fs := cmd.Flags()
	o.add(fs)
	fs.StringVarP(&o.username, "username", "u", "", "the `USER`; asked for where it is missing")
	fs.BoolVar(&o.stdin, "password-stdin", false, "read the password from stdin")
	fs.BoolVar(&o.allowExec, "allow-exec", false, "let packs.yaml run programs that print credentials")
	fs.StringVarP(&o.password, "password", "p", "", "the `PASSWORD`, not safe: see --password-stdin")
	return cmd
}

// check looks at flags that do not go together.
func (o *loginOptions) check(cmd *cobra.Command, named bool) error {
	switch {
	case !named && (o.stdin || o.username != "" || o.given):
		return misuse(cmd, "", "which registry are -u, -p and --password-stdin for?")
	case o.stdin && o.given:
		return misuse(cmd, "", "-p and --password-stdin do not go together")
	case (o.stdin || o.given) && o.username == "":
		return misuse(cmd, "", "a password needs -u USER")
	case o.given && o.password == "":
		return misuse(cmd, "", "the password is empty")
	}
	return nil
}

func runLogin(cmd *cobra.Command, a *app, o *loginOptions, args []string) error {
	o.given = cmd.Flags().Changed("password")
	if o.given { // whatever becomes of it: it was seen
		a.warnOfArguments()
	}
	if err := o.check(cmd, len(args) > 0); err != nil {
		return err
	}
	logins := login.New(login.Options{AllowExec: o.allowExec, Env: a.env, UserAgent: "packs/" + toolVersion(), Logger: a.logger()})
	s := &loginSession{app: a, logins: logins, options: o, asker: a.newAsker()}
	if len(args) == 0 {
		return s.all(cmd.Context())
	}
	spec, err := a.findRegistry(&o.catalogFlags, args[0])
	if err != nil {
		return err
	}
	a.shout(spec)
	switch {
	case spec.Type == manifest.TypeLayout:
		return &usageError{message: fmt.Sprintf("registry %s is a folder, which wants no login", spec.Name)}
	case spec.Type == manifest.TypeECR:
		return s.exchange(cmd.Context(), spec)
	case spec.Credentials != nil && o.username == "":
		return s.status(cmd.Context(), spec)
	}
	return s.one(cmd.Context(), spec)
}

// warnOfArguments is not silenced by -q.
func (a *app) warnOfArguments() {
	_, _ = fmt.Fprintln(a.err, "warning: a password among the arguments can be seen by everybody on this machine, and stays in the shell's history: "+
		"pipe it in with --password-stdin, and change this one")
}

// loginSession is one run of login.
type loginSession struct {
	*app
	logins  *login.Logins
	options *loginOptions
	asker   *asker
}

// one logs in to a registry with what the flags or a person say.
func (s *loginSession) one(ctx context.Context, spec *manifest.Registry) error {
	who, err := s.credentials(spec)
	if err != nil {
		return err
	}
	got, err := s.logins.Put(ctx, spec, who)
	if err != nil {
		return err
	}
	if spec.Credentials != nil {
		s.notice("%s: packs takes credentials: of packs.yaml here, not this login", spec.Name)
	}
	return s.say(&got)
}

// credentials are user and password from the flags, else from the terminal.
func (s *loginSession) credentials(spec *manifest.Registry) (who transport.Login, err error) {
	who = transport.Login{Username: s.options.username, Source: "packs login"}
	if s.options.given {
		who.Password = s.options.password
		return who, nil
	}
	if s.options.stdin {
		who.Password, err = transport.ReadSecret(s.in, "the password on stdin")
		return who, exitIf(err, exitInput)
	}
	if !s.inTerm.Terminal {
		return who, &usageError{
			message: spec.Host + " wants a login, and there is no terminal to ask for it on",
			hint:    "pipe it in, `packs login " + spec.Name + " -u USER --password-stdin`; or set credentials: {username: …, passwordEnv: …} in packs.yaml",
		}
	}
	if who.Username == "" {
		if who.Username, err = s.asker.line("User for " + spec.Host + ": "); err != nil {
			return who, err
		}
	}
	if who.Username == "" {
		return who, exit(errors.New("no user was given"), exitInput)
	}
	who.Password, err = s.asker.secret("Password of " + who.Username + ": ")
	return who, err
}

// exchange logs in to Amazon ECR.
func (s *loginSession) exchange(ctx context.Context, spec *manifest.Registry) error {
	if s.options.stdin || s.options.given || s.options.username != "" {
		return &usageError{message: "-u, -p and --password-stdin are not for Amazon ECR: its logins are made from the AWS credentials"}
	}
	got, err := s.logins.Exchange(ctx, spec)
	if err != nil {
		return err
	}
	return s.say(&got)
}

// say tells where a login went, and what there is to know of it.
func (s *loginSession) say(r *login.Result) error {
	line := fmt.Sprintf("%s: logged in as %s, kept in %s", r.Host, r.Login.Username, r.Kept.Place)
	if !r.Ends.IsZero() {
		left := r.Ends.Sub(s.now()).Round(time.Minute)
		line += fmt.Sprintf("; it ends in %s, at %s", hours(left), r.Ends.Local().Format("15:04"))
	}
	if _, err := io.WriteString(s.out, render.Clean(line)+"\n"); err != nil {
		return err
	}
	if !r.Checked {
		s.notice("warning: %s asks nobody for a login before something is written: the password could not be checked", r.Host)
	}
	if r.Kept.Plain {
		s.notice("warning: %s holds the password unencrypted; a credential helper keeps it safe: https://docs.docker.com/go/credential-store/", r.Kept.Place)
	}
	return nil
}

// hours writes a duration as people do: 12 h, 11 h 59 min.
func hours(d time.Duration) string {
	h, m := int(d.Hours()), int(d.Minutes())%60
	switch {
	case h == 0:
		return fmt.Sprintf("%d min", m)
	case m == 0:
		return fmt.Sprintf("%d h", h)
	}
	return fmt.Sprintf("%d h %d min", h, m)
}

// exitIf is exit for an error that may be nil.
func exitIf(err error, code int) error {
	if err == nil {
		return nil
	}
	return exit(err, code)
}

// interrupted tells whether to start nothing more.
func (a *app) interrupted() error {
	select {
	case <-a.stop:
		return executor.ErrInterrupted
	default:
		return nil
	}
}
