package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// repeat runs one snapshot, or one every second until the context ends, which is
// no error.
func (a *app) repeat(cmd *cobra.Command, follow bool, snapshot func() error) error {
	if err := snapshot(); err != nil || !follow {
		return err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-cmd.Context().Done():
			return nil
		case <-tick.C:
			if err := snapshot(); err != nil {
				if cmd.Context().Err() != nil {
					return nil
				}
				return err
			}
		}
	}
}

// sight is what one look finds.
type sight[K comparable] struct {
	key   K // another one when something changed that deserves to be printed
	print func() error
}

// followChanges looks every second until the context ends, and prints what it
// finds first and whenever it is something else than before; as text with an
// empty line between two.
func followChanges[K comparable](a *app, cmd *cobra.Command, look func() (sight[K], error)) error {
	var last *K
	return a.repeat(cmd, true, func() error {
		found, err := look()
		if err != nil || last != nil && *last == found.key {
			return err
		}
		if last != nil && !a.asJSON {
			if _, err := fmt.Fprintln(a.out); err != nil {
				return err
			}
		}
		last = &found.key
		return found.print()
	})
}
