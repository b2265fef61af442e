package widget

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCleanShowsWhatWouldActOnTheTerminal(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "lan_nas", "lan_nas"},
		{"umlauts", "büro-köln", "büro-köln"},
		{"wide letters", "防火墙", "防火墙"},
		{"clipboard write", "\x1b]52;c;aGk=\x07", `\x1b]52;c;aGk=\x07`},
		{"clear screen", "\x1b[2J", `\x1b[2J`},
		{"cursor query", "\x1b[6n", `\x1b[6n`},
		{"eight-bit CSI", "\u009b2J", `\x9b2J`},
		{"raw C1 byte", "\x9b2J", `\x9b2J`},
		{"carriage return", "good\rbad", `good\rbad`},
		{"lines and tabs", "a\nb\tc", `a\nb\tc`},
		{"bidi override", "a\u202ecba", `a\u202ecba`},
		{"bidi isolate", "\u2066x\u2069", `\u2066x\u2069`},
		{"zero-width space", "ssh\u200b", `ssh\u200b`},
		{"zero-width joiner", "a\u200db", `a\u200db`},
		{"byte-order mark", "\ufeffext", `\ufeffext`},
		{"soft hyphen", "a\u00adb", `a\xadb`},
		{"no-break space", "a\u00a0b", `a\xa0b`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"invisible filler", "a\u3164b", `a\u3164b`},
		{"variation selector", "a\ufe0fb", `a\ufe0fb`},
		{"tag characters", "a\U000e0041", `a\U000e0041`},
		{"invalid UTF-8", "a\xffb", `a\xffb`},
		{"one accent", "e\u0301", "e\u0301"},
		{"a mark with nothing to stand on", "\u0301x", `\u0301x`},
		{"a tower of marks", "e" + strings.Repeat("\u0301", 5), "e\u0301\u0301\u0301" + `\u0301\u0301`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(Clean(tt.in)); got != tt.want {
				t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// anyText makes texts of all sorts, hostile ones included.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("a \x1b[]\r\n\u202e\u0301\ufe0f防🙂é~\u200b"))),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) }))
}

func TestCleanGivesOnlyVisibleCharacters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(Clean(anyText().Draw(t, "text")))
		if !utf8.ValidString(s) {
			t.Fatalf("not valid UTF-8: %q", s)
		}
		for _, r := range s {
			if !unicode.IsPrint(r) || unicode.In(r, unicode.Cf, unicode.Cc) {
				t.Fatalf("%q holds %U", s, r)
			}
		}
		if again := string(Clean(s)); again != s {
			t.Fatalf("a clean text changes: %q becomes %q", s, again)
		}
	})
}

func TestCutNeverExceedsItsWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, width := Clean(anyText().Draw(t, "text")), rapid.IntRange(0, 30).Draw(t, "width")
		for name, got := range map[string]Safe{"Cut": s.Cut(width, "~"), "CutMiddle": s.CutMiddle(width, "~")} {
			if got.Width() > width {
				t.Fatalf("%s(%q, %d) = %q, which takes %d cells", name, s, width, got, got.Width())
			}
		}
		for _, l := range s.Wrap(width) {
			if l.Width() > width {
				t.Fatalf("Wrap(%q, %d) has %q of %d cells", s, width, l, l.Width())
			}
		}
	})
}

func TestCutMarksWhatIsMissing(t *testing.T) {
	tests := []struct {
		name string
		got  Safe
		want Safe
	}{
		{"fits", Safe("lan_nas").Cut(7, "~"), "lan_nas"},
		{"end", Safe("lan_nas").Cut(5, "~"), "lan_~"},
		{"nothing fits", Safe("lan_nas").Cut(0, "~"), ""},
		{"wide letters", Safe("防火墙").Cut(4, "~"), "防~"},
		{"middle", Safe("2001:db8:1:2::aa").CutMiddle(9, "~"), "2001~::aa"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func BenchmarkCleanName(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = Clean("lan_router_ext")
	}
}
