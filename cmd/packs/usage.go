package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/packs-cli/packs/internal/suggest"
)

// usageError is a mistake in the command line.
type usageError struct {
	message string
	hint    string
}

func (e *usageError) Error() string { return e.message }

// misuse returns the error for a mistake in the command line of cmd.
func misuse(cmd *cobra.Command, suggestion, format string, args ...any) error {
	hint := "see `" + cmd.CommandPath() + " --help`"
	if suggestion != "" {
		hint = "did you mean " + suggestion + "? " + hint
	}
	return &usageError{message: fmt.Sprintf(format, args...), hint: hint}
}

// checkCommand says which command was meant where there is none of that name.
func checkCommand(root *cobra.Command, args []string) error {
	root.InitDefaultHelpCmd()
	found, _, err := root.Find(args)
	if err == nil || args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd {
		return nil // what shells call is added later
	}
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			return misuse(found, suggest.Nearest(arg, commandNames(root)), "unknown command %q", arg)
		}
	}
	return misuse(found, "", "%v", err)
}

// flagError explains a mistake in flags.
func flagError(cmd *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return misuse(cmd, "", "%v", err)
	}
	if shorts := unknown.GetSpecifiedShortnames(); shorts != "" {
		return misuse(cmd, "", "unknown flag -%s", shorts[:1])
	}
	name := unknown.GetSpecifiedName()
	var flags []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	suggestion := suggest.Nearest(name, flags)
	if suggestion != "" {
		suggestion = "--" + suggestion
	}
	return misuse(cmd, suggestion, "unknown flag --%s", name)
}

func commandNames(cmd *cobra.Command) []string {
	var all []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			all = append(all, c.Name())
		}
	}
	return all
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuse(cmd, "", "%s takes no arguments, got %q", cmd.Name(), args[0])
	}
	return nil
}

// oneArg wants exactly one argument.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return misuse(cmd, "", "%s is missing", what)
		case 1:
			return nil
		}
		return misuse(cmd, "", "want one %s, got %d", what, len(args))
	}
}

// twoArgs wants two arguments.
func twoArgs(first, second string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 2 {
			return misuse(cmd, "", "want %s and %s, got %d", first, second, len(args))
		}
		return nil
	}
}

// someArgs wants at least one argument.
func someArgs(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return misuse(cmd, "", "%s is missing", what)
		}
		return nil
	}
}

// atMostOneArg wants one argument or none.
func atMostOneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return misuse(cmd, "", "want one %s, got %d", what, len(args))
		}
		return nil
	}
}
