package widget

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"pgregory.net/rapid"
)

// scripts are pieces of names as people write them, and of everything that
// terminals are known to measure differently.
func scripts() []string {
	return []string{
		"a", "é", "e\u0301", "o\u0308\u0301", "Å", "ß", "Ж", "λ", "ش", "ש", "漢字", "かな", "カナ", "ｱ", "ﾞ", "각", "ᄀ", "ᅡ", "ᆨ", "，", "Ａ",
		"क्ष", "नि", "मु", "்", "ทำ", "ที่", "ລຳ", "ខ្ម", "မြ", "൏", "ൎ", "😀", "👍🏽", "🏽", "👨\u200d👩\u200d👧", "❤\ufe0f", "☺", "⌚",
		"🇩🇪", "🇩", "1\ufe0f\u20e3", "\u0600", "\u200d", "\ufe0e", "𝐚", "…", "│", "█", "€", "\u3099", "\u302a", "\U000e0041", "\u2066", "\x9b", " ",
	}
}

// checkWidths compares the measures of a text with each other and with where the
// cursor of a terminal stands behind it.
func checkWidths(t interface{ Fatalf(string, ...any) }, screen *vt.Emulator, raw string) {
	s := Clean(raw)
	want := s.Width()
	if got := ansi.StringWidth(string(s)); got != want {
		t.Fatalf("%+q: %d cells by graphemes, %d by characters", s, got, want)
	}
	_, _ = screen.WriteString("\r\x1b[2K" + string(s))
	if got := screen.CursorPosition().X; got != want {
		t.Fatalf("%+q: %d cells on a terminal, %d by our count", s, got, want)
	}
}

func TestEveryCharacterIsAsWideAsEveryMeasureSays(t *testing.T) {
	for r := rune(0x20); r < 0x30000; r++ {
		if !utf8.ValidRune(r) || unicode.In(r, unicode.Co) {
			continue
		}
		s := Clean("a" + string(r))
		if want, got := s.Width(), ansi.StringWidth(string(s)); got != want {
			t.Errorf("%U, shown as %+q: %d cells by graphemes, %d by characters", r, s, got, want)
		}
	}
}

func TestNamesOfAllScriptsAreAsWideAsOnATerminal(t *testing.T) {
	screen := vt.NewEmulator(200, 1)
	defer screen.Close()
	for _, a := range scripts() {
		for _, b := range scripts() {
			checkWidths(t, screen, a+b)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		checkWidths(t, screen, strings.Join(rapid.SliceOfN(rapid.SampledFrom(scripts()), 0, 12).Draw(t, "name"), ""))
	})
}

// ends are the places between the graphemes of a text.
func ends(s string) map[int]bool {
	at := map[int]bool{0: true}
	for i := 0; i < len(s); {
		cluster, _ := ansi.FirstGraphemeCluster(s[i:], ansi.GraphemeWidth)
		i += len(cluster)
		at[i] = true
	}
	return at
}

func TestCutNeverSplitsAGraphemeAndNeverGetsWider(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Clean(strings.Join(rapid.SliceOfN(rapid.SampledFrom(scripts()), 0, 12).Draw(t, "name"), ""))
		width := rapid.IntRange(0, 30).Draw(t, "width")
		for name, got := range map[string]Safe{"Cut": s.Cut(width, "~"), "CutMiddle": s.CutMiddle(width, "~")} {
			if got.Width() > width {
				t.Fatalf("%s(%+q, %d) = %+q, %d cells", name, s, width, got, got.Width())
			}
			head, _, cut := strings.Cut(string(got), "~")
			if cut && !ends(string(s))[len(head)] {
				t.Fatalf("%s(%+q, %d) = %+q splits a grapheme", name, s, width, got)
			}
		}
		for _, line := range s.Wrap(width) {
			if line.Width() > width {
				t.Fatalf("Wrap(%+q, %d): %+q has %d cells", s, width, line, line.Width())
			}
		}
	})
}

func TestLongIPv6AddressKeepsBothEnds(t *testing.T) {
	const address = "[2001:db8:1234:5678:9abc:def0:1234:5678]:65535"
	got := Clean(address).CutMiddle(21, "~")
	if want := Safe("[2001:db8:~678]:65535"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
