package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui"
)

// app is what every command has: the global flags and the terminal.
type app struct {
	*terminal
	look
	dir, node, state, run, geo, asn string
	asJSON                          bool
	addresses                       addressFlags
	told                            tables.Problems // that were printed
}

// newRoot makes the command tree.
func newRoot(t *terminal) *cobra.Command {
	a := &app{terminal: t}
	root := &cobra.Command{
		Use:   "mfwtui",
		Short: "an interactive firewall console",
		Long: `mfwtui reads firewall tables (addresses, services, interfaces, rules, virtuals),
edits them, shows the IPv4 and IPv6 difference to the rules that run, applies it
under a countdown that rolls back unless you confirm, and shows live connections
and counters. Without a command it opens the console; with --plain, on a dumb
terminal and in a pipe it talks line by line instead of drawing screens.`,
		Example:           "  mfwtui -C ./tables     # the console on the tables in ./tables\n  echo overview | mfwtui",
		Args:              aCommand,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.checkFlags(cmd) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.console(cmd) },
	}
	root.SetOut(t.out)
	root.SetErr(t.err)
	root.Version = version
	root.SetVersionTemplate(versionLine())
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	a.lookFlags(root)
	f := root.PersistentFlags()
	f.StringVarP(&a.dir, "dir", "C", envOr("MFWTUI_DIR", engine.DefaultDir), "directory of the tables")
	f.StringVarP(&a.node, "node", "n", "", "use the tables in nodes/NODE")
	f.StringVar(&a.state, "state", envOr("MFWTUI_STATE", engine.DefaultState), "directory of the generations")
	f.StringVar(&a.run, "run", envOr("MFWTUI_RUN", engine.DefaultRun), "directory of journal, lock and socket")
	f.StringVar(&a.geo, "geo", "", "country file, CSV or MMDB, for GEO: addresses")
	f.StringVar(&a.asn, "asn", "", "MMDB file of networks, for whose network an address is in")
	root.AddCommand(
		a.checkCommand(), a.showCommand(), a.diffCommand(), a.impactCommand(), a.deniedCommand(), a.applyCommand(),
		a.confirmCommand(), a.rejectCommand(), a.extendCommand(), a.statusCommand(), a.historyCommand(),
		a.bootCommand(), a.teardownCommand(), a.flowsCommand(), a.countersCommand(),
		a.explainCommand(), a.dockerCommand(), a.doctorCommand(), a.demoCommand(), a.guardianCommand(), a.nurseCommand(), a.versionCommand(),
	)
	return root
}

// checkFlags refuses what could only be meant otherwise: an empty directory is
// a shell variable that was not set, not a wish for the default.
func (a *app) checkFlags(cmd *cobra.Command) error {
	for _, name := range []string{"dir", "node", "state", "run", "geo", "asn", "config"} {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed && f.Value.String() == "" {
			return fmt.Errorf("--%s is empty; name one or leave it out", name)
		}
	}
	if a.node != "" && cmd.Flags().Changed("dir") {
		return errors.New("-C and -n both name the tables; write one of them")
	}
	return nil
}

func envOr(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}

// jsonFlag gives a command that prints a table its --json.
func (a *app) jsonFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&a.asJSON, "json", false, "print JSON")
	return cmd
}

// engine makes the facade for the directories that the flags name.
func (a *app) engine() *engine.Engine {
	dir := a.dir
	if a.node != "" {
		dir = filepath.Join("nodes", a.node)
	}
	return engine.New(engine.Config{
		Dir: dir, State: a.state, Run: a.run, Geo: a.geo, ASN: a.asn,
		Guardian:      []string{selfPath(), guardianWord},
		SSHConnection: os.Getenv("SSH_CONNECTION"),
		Login:         os.Getenv("SUDO_USER"),
		DockerHost:    os.Getenv("DOCKER_HOST"),
	})
}

// selfPath is the path of this program. The guardian is started from it, so
// it must not depend on the working directory.
func selfPath() string {
	path, err := os.Executable()
	if err != nil {
		return "/proc/self/exe"
	}
	return path
}

// recovered finishes what a dead process left, and says so.
func (a *app) recovered(cmd *cobra.Command, e *engine.Engine) error {
	did, err := e.Recover(cmd.Context())
	if did != "" {
		a.note("%s", did)
	}
	return err
}

// load reads the tables; problems of reading are printed.
func (a *app) load(e *engine.Engine) (*tables.Set, error) {
	set, problems := e.Load()
	if problems.HasErrors() {
		a.problems(a.err, problems)
		return nil, errSaid
	}
	return set, nil
}

// console opens the console: screens on a terminal, a conversation by lines
// elsewhere.
func (a *app) console(cmd *cobra.Command) error {
	wanted, err := a.settings(cmd)
	if err != nil {
		return err
	}
	if err := needsRoot(cmd); err != nil {
		return err
	}
	e := a.engine()
	// Without tables the console offers to make some.
	if err := e.CheckDir(); err != nil && !e.FirstUse() {
		return err
	}
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	if a.byLines() {
		return a.talk(cmd, e)
	}
	tendHeap()
	e.FollowFlows()
	// The console answers signals itself: a ^C while an editor is open is meant
	// for the editor.
	err = tui.Run(context.WithoutCancel(cmd.Context()), e, tui.Options{Settings: &wanted, Nurse: []string{selfPath(), nurseWord}})
	if errors.Is(err, tui.ErrHangup) {
		return errSaid // nobody reads, and a write to a terminal that is full never ends
	}
	return err
}
