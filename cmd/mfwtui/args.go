package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// arguments demands a number of arguments, and says how to write the command
// when there are others.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		usage := strings.TrimSuffix(cmd.UseLine(), " [flags]")
		switch n := len(args); {
		case n > most:
			return fmt.Errorf("%q is one argument too many; write: %s", args[most], usage)
		case n < least:
			arguments := "arguments"
			if least == 1 {
				arguments = "argument"
			}
			return fmt.Errorf("%s needs %d %s, not %d; write: %s", cmd.Name(), least, arguments, n, usage)
		}
		return nil
	}
}

// noArgs is for commands that take flags only.
func noArgs(cmd *cobra.Command, args []string) error { return arguments(0, 0)(cmd, args) }

// aCommand is for the program itself: an argument that is left can only be
// meant as a command.
func aCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q; see mfwtui --help", args[0])
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("unknown command %q; did you mean %s?", args[0], strings.Join(near, " or "))
	}
	return err
}

// span is a length of time on the command line: 90s, 2m, or 90 for seconds.
type span time.Duration

func (s *span) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	if err != nil {
		return errors.New("not a length of time; write for example 30s or 2m")
	}
	*s = span(d)
	return nil
}

// String is empty for zero, which the help takes for no default.
func (s *span) String() string {
	if *s == 0 {
		return ""
	}
	return time.Duration(*s).String()
}

func (s *span) Type() string { return "duration" }

// rowFlag is a table row on the command line, such as rules:12.
type rowFlag engine.RowRef

func (r *rowFlag) Set(text string) error {
	name, line, _ := strings.Cut(text, ":")
	n, err := strconv.Atoi(line)
	for _, k := range tables.Kinds() {
		if err == nil && n > 0 && k.String() == name {
			*r = rowFlag{Kind: k, Line: n}
			return nil
		}
	}
	return errors.New("not a row; write for example rules:12")
}

func (r *rowFlag) String() string { return engine.RowRef(*r).String() }

func (r *rowFlag) Type() string { return "row" }
