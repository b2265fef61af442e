package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// rootOnly makes a command refuse at once, and say what to run instead, where
// it could only fail later: who is not root can neither ask the firewall tools
// nor read what an apply left.
func rootOnly(cmd *cobra.Command) *cobra.Command {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := needsRoot(cmd); err != nil {
			return err
		}
		return run(cmd, args)
	}
	return cmd
}

func needsRoot(cmd *cobra.Command) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s needs root, for CAP_NET_ADMIN and for the files of an apply; run: %s", subject(cmd), asRoot(os.Args))
	}
	return needsNetAdmin(cmd)
}

// needsNetAdmin is for what only asks the kernel.
func needsNetAdmin(cmd *cobra.Command) error {
	switch {
	case hasNetAdmin():
		return nil
	case os.Geteuid() == 0:
		return errors.New("root lacks CAP_NET_ADMIN here; run this on the host, or start the container with --cap-add NET_ADMIN")
	}
	return fmt.Errorf("%s needs root or CAP_NET_ADMIN; run: %s", subject(cmd), asRoot(os.Args))
}

func hasNetAdmin() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData // version 3 has 64 bits
	err := unix.Capget(&header, &data[0])
	return err != nil || data[0].Effective&(1<<unix.CAP_NET_ADMIN) != 0
}

func subject(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return "the console"
	}
	return cmd.Name()
}

// asRoot is a command line for a shell that runs this one again with rights.
func asRoot(args []string) string {
	words := []string{"sudo", filepath.Base(args[0])}
	for _, a := range args[1:] {
		if a == "" || strings.ContainsFunc(a, isSpecial) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// isSpecial reports whether a rune may mean something to a shell.
func isSpecial(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !letter && !strings.ContainsRune("-_./:=,+@%", r)
}
