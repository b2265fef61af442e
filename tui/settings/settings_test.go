package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/tui/style"
)

func TestParseTakesEverySetting(t *testing.T) {
	const file = `# the console
palette = "okabe-ito"
ascii   = true
mouse   = true
refresh = "5s"
units   = "bits"
clock   = "utc"

[keys]
policy.delete = "D"
flows.pause   = ["z", "ctrl+z"]
console = { quit = "Q" }
`
	want := Settings{
		Palette: style.OkabeIto, ASCII: true, Mouse: true, Refresh: 5 * time.Second, Bits: true, UTC: true,
		Keys: []Rebinding{
			{"policy.delete", []string{"D"}, Position{"f", 10}},
			{"flows.pause", []string{"z", "ctrl+z"}, Position{"f", 11}},
			{"console.quit", []string{"Q"}, Position{"f", 12}},
		},
	}
	got, err := Parse("f", []byte(file), Default())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseNamesFileLineAndWhatIsValid(t *testing.T) {
	const names = "there are: ascii, clock, mouse, palette, refresh, units, and the table [keys]"
	tests := []struct {
		name, file, want string
	}{
		{"unknown setting", "mouse = true\ncolour = 1", `f:2: unknown setting "colour"; ` + names},
		{"dotted setting", "mouse.on = true", `f:1: unknown setting "mouse.on"; ` + names},
		{"unknown table", "[key]\nx = 'y'", `f:1: unknown table [key]; there is [keys]`},
		{"list of tables", "[[keys]]", `f:1: [[...]] has no meaning here`},
		{"palette", "palette = 'pink'", `f:1: palette: "pink" is not one of terminal, auto, dark, light, okabe-ito, mono`},
		{"flag", "ascii = 'yes'", `f:1: ascii: write true or false`},
		{"units", "\n\nunits = 'words'", `f:3: units: "words" is not one of bytes, bits`},
		{"refresh too short", "refresh = '100ms'", `f:1: refresh: "100ms" is not a number of whole seconds from 1s to 1m0s, such as "2s"`},
		{"refresh with a fraction", "refresh = '1500ms'", `f:1: refresh: "1500ms" is not a number of whole seconds from 1s to 1m0s, such as "2s"`},
		{"key without quotes", "[keys]\npolicy.delete = 3", `f:2: policy.delete: write a key such as "x", or a list of them`},
		{"syntax", "mouse = true\nascii =", `f:2: `},
		{"twice", "mouse = true\nmouse = false", `f`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("f", []byte(tt.file), Default())
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestParseReportsEveryFault(t *testing.T) {
	_, err := Parse("f", []byte("a = 1\nmouse = true\nb = 2"), Default())
	if err == nil || !strings.Contains(err.Error(), "f:1:") || !strings.Contains(err.Error(), "f:3:") {
		t.Errorf("got %v, want faults in lines 1 and 3", err)
	}
}

func TestFilesFollowXDG(t *testing.T) {
	tests := []struct {
		name string
		env  []string
		want []string
	}{
		{"home", []string{"HOME=/root"}, []string{SystemFile, "/root/.config/mfwtui/console.toml"}},
		{"XDG", []string{"HOME=/root", "XDG_CONFIG_HOME=/x"}, []string{SystemFile, "/x/mfwtui/console.toml"}},
		{"a relative XDG path is not one", []string{"HOME=/root", "XDG_CONFIG_HOME=x"}, []string{SystemFile, "/root/.config/mfwtui/console.toml"}},
		{"neither", nil, []string{SystemFile}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, Files(tt.env)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestLoadLaysThePersonOverTheSystem(t *testing.T) {
	system, own := write(t, "palette = 'mono'\nmouse = true", 0o644), write(t, "palette = 'dark'", 0o600)
	got, err := Load(system, own, filepath.Join(t.TempDir(), "absent"))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Palette, want.Mouse = style.Dark, true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLoadRefusesWhatOthersCanWrite(t *testing.T) {
	for mode, want := range map[os.FileMode]string{0o666: "others may write it", 0o664: "others may write it"} {
		if _, err := Load(write(t, "mouse = true", mode)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("mode %o: got %v, want %q", mode, err, want)
		}
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory: got %v", err)
	}
	if _, err := Load(write(t, strings.Repeat("#\n", maxSize), 0o600)); err == nil || !strings.Contains(err.Error(), "are no settings") {
		t.Errorf("a huge file: got %v", err)
	}
	if _, err := LoadOnly(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a named file that does not exist was taken")
	}
}

func write(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "console.toml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	return name
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("palette = 'dark'\n[keys]\npolicy.delete = ['D']\nx = { y = 'z' }"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = Parse("f", data, Default()) // must not panic
	})
}
