package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/tui/settings"
	"github.com/mfwtui/mfwtui/tui/style"
)

// look is what the command line says about how the console looks and feels.
type look struct {
	config  string
	palette style.Palette
	ascii   bool
	mouse   bool
	plain   bool
}

// lookFlags gives a command that opens the console its flags.
func (l *look) lookFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.config, "config", "", "settings of the console (default "+settings.SystemFile+", then $XDG_CONFIG_HOME/mfwtui/console.toml)")
	f.Var(&l.palette, "palette", "colours: "+settings.Palettes())
	f.BoolVar(&l.ascii, "ascii", false, "draw the console without characters beyond ASCII")
	f.BoolVar(&l.mouse, "mouse", false, "let the mouse work in the console")
	f.BoolVar(&l.plain, "plain", false, "talk line by line, for screen readers, dumb terminals and pipes")
}

// settings are those of the files, and over them what the command line says.
func (l *look) settings(cmd *cobra.Command) (settings.Settings, error) {
	var s settings.Settings
	var err error
	if l.config != "" {
		s, err = settings.LoadOnly(l.config)
	} else {
		s, err = settings.Load(settings.Files(os.Environ())...)
	}
	if err != nil {
		return s, err
	}
	flags := cmd.Flags()
	if flags.Changed("palette") {
		s.Palette = l.palette
	}
	if flags.Changed("ascii") {
		s.ASCII = l.ascii
	}
	if flags.Changed("mouse") {
		s.Mouse = l.mouse
	}
	return s, nil
}

// handOn are the flags that were given, for the console of the demo.
func (l *look) handOn(cmd *cobra.Command) []string {
	var args []string
	for _, name := range []string{"config", "palette", "ascii", "mouse", "plain"} {
		if f := cmd.Flags().Lookup(name); f.Changed {
			args = append(args, "--"+name+"="+f.Value.String())
		}
	}
	return args
}
