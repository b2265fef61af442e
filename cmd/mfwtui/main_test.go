package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mfwtui/mfwtui/etc"
	"github.com/mfwtui/mfwtui/tables"
)

func TestMain(m *testing.M) {
	// A guardian starts its worker as /proc/self/exe: the name does not tell.
	if len(os.Args) > 1 && os.Args[1] == guardianWord {
		main()
	}
	testscript.Main(m, map[string]func(){"mfwtui": main})
}

// TestCommands runs the scripts of testdata/script, one topic each, on the
// program's own main. They need neither root nor firewall tools.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("MFWTUI_STATE", filepath.Join(env.WorkDir, "state"))
			env.Setenv("MFWTUI_RUN", filepath.Join(env.WorkDir, "run"))
			return samples(filepath.Join(env.WorkDir, "sample"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"bigtable": bigTable,
			"nulfile":  nulFile,
		},
	})
}

// samples writes the sample tables into a new directory.
func samples(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for _, k := range tables.Kinds() {
		data, err := etc.Samples.ReadFile(k.String())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, k.String()), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// bigTable writes a file of 2 MB: bigtable FILE.
func bigTable(ts *testscript.TestScript, _ bool, args []string) {
	line := []byte("# a comment that fills the file, again and again and again\n")
	var data []byte
	for len(data) < 2<<20 {
		data = append(data, line...)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

// nulFile writes a file with a NUL byte in it, which an archive cannot hold:
// nulfile FILE BEFORE AFTER.
func nulFile(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]+"\x00"+args[2]+"\n"), 0o644))
}
