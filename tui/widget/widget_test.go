package widget

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func TestEditorKeys(t *testing.T) {
	tests := []struct {
		name, start string
		keys        []string
		want        string
	}{
		{"type at the end", "ss", []string{"h"}, "ssh"},
		{"type in the middle", "sh", []string{"left", "s"}, "ssh"},
		{"delete behind", "sshx", []string{"backspace"}, "ssh"},
		{"delete at", "xssh", []string{"home", "delete"}, "ssh"},
		{"delete a member of a list", "DE,AT", []string{"ctrl+w"}, "DE,"},
		{"delete all before", "ssh", []string{"ctrl+u"}, ""},
		{"delete all behind", "ssh", []string{"ctrl+a", "ctrl+k"}, ""},
		{"a blank is no part of a cell", "a", []string{" ", "b"}, "ab"},
		{"at the edges nothing happens", "", []string{"left", "backspace", "right", "delete", "a"}, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := NewEditor(tt.start)
			e.Solid = true
			for _, k := range tt.keys {
				e.Key(press(k))
			}
			if got := e.Text(); got != tt.want {
				t.Errorf("%q after %q = %q, want %q", tt.start, tt.keys, got, tt.want)
			}
		})
	}
}

func TestEditorReplacesAStandinByWhatIsTypedFirst(t *testing.T) {
	tests := []struct {
		name string
		keys []string
		want string
	}{
		{"typed over", []string{"4", "9"}, "49"},
		{"the same again", []string{"-"}, "-"},
		{"kept by a movement", []string{"left", "4", "9"}, "49-"},
		{"kept by the end key", []string{"end", "4"}, "-4"},
		{"deleted", []string{"backspace", "4"}, "4"},
		{"a blank is nothing", []string{" "}, "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := NewEditor("-")
			e.Solid, e.Standin = true, true
			for _, k := range tt.keys {
				e.Key(press(k))
			}
			if got := e.Text(); got != tt.want {
				t.Errorf("after %q %q, want %q", tt.keys, got, tt.want)
			}
		})
	}
}

func TestEditorTakesNoControlCharacters(t *testing.T) {
	e := NewEditor("")
	e.Insert("a\x1b[2J\nb\u202ec")
	if got, want := e.Text(), "a[2Jbc"; got != want {
		t.Errorf("after a hostile paste %q, want %q", got, want)
	}
}

func TestEditorShowsTheCursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, width := NewEditor(anyText().Draw(t, "text")), rapid.IntRange(1, 20).Draw(t, "width")
		for range rapid.IntRange(0, 10).Draw(t, "left") {
			e.Key(press("left"))
		}
		if text, at := e.View(width); text.Width() > width || at >= width {
			t.Fatalf("%d cells: %q with the cursor at %d", width, text, at)
		}
	})
}

func testDialog(now time.Time) *Dialog {
	return (&Dialog{Title: "Apply", Text: []Safe{"really?"}, Choices: []Choice{{"y", "apply"}}}).Show(now)
}

func TestDialogIgnoresKeysUntilTheKeyboardWasQuiet(t *testing.T) {
	now := time.Unix(0, 0)
	d := testDialog(now)
	for range 20 { // a key that is held down
		now = now.Add(50 * time.Millisecond)
		if got := d.Key(press("y"), now); got != Open {
			t.Fatalf("a repeated key answers %d after %s", got, now.Sub(time.Unix(0, 0)))
		}
	}
	if got := d.Key(press("y"), now.Add(Grace)); got != 0 {
		t.Errorf("after a pause y answers %d, want the first choice", got)
	}
}

func TestDialogIgnoresKeyRepeat(t *testing.T) {
	now := time.Unix(0, 0)
	k := press("y")
	k.IsRepeat = true
	if got := testDialog(now).Key(k, now.Add(time.Hour)); got != Open {
		t.Errorf("a repeat event answers %d", got)
	}
}

func TestDialogAnswers(t *testing.T) {
	tests := []struct {
		name string
		word Safe
		keys []string
		want Answer
	}{
		{"its letter", "", []string{"y"}, 0},
		{"Enter is no answer", "", []string{"enter"}, Open},
		{"another letter is no answer", "", []string{"n"}, Open},
		{"Esc is no", "", []string{"esc"}, No},
		{"the word, then Enter", "edge", []string{"e", "d", "g", "e", "enter"}, 0},
		{"another word", "edge", []string{"e", "d", "g", "enter"}, Open},
		{"the letter does not count when a word is asked for", "edge", []string{"y"}, Open},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Unix(0, 0)
			d := testDialog(now)
			d.Word = tt.word
			d.Show(now)
			got := Open
			for _, k := range tt.keys {
				now = now.Add(time.Second)
				got = d.Key(press(k), now)
			}
			if got != tt.want {
				t.Errorf("%q answers %d, want %d", tt.keys, got, tt.want)
			}
		})
	}
}

func TestDialogKeepsItsAnswersOnALowScreen(t *testing.T) {
	d := testDialog(time.Unix(0, 0))
	d.Text = []Safe{Safe(strings.Repeat("many words ", 100))}
	for height := 6; height < 30; height++ {
		box := d.Render(60, height, plainStyles())
		if len(box) > height {
			t.Fatalf("%d lines, asked for %d", len(box), height)
		}
		if text := ansi.Strip(strings.Join(box, "\n")); !strings.Contains(text, "y   apply") || !strings.Contains(text, "Esc no") {
			t.Fatalf("height %d: the answers are missing:\n%s", height, text)
		}
	}
}

func TestOverlayKeepsTheWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const width = 40
		st := plainStyles()
		var screen []string
		for range 10 {
			screen = append(screen, NewLine(width, st.Glyphs).Put(st.Strong, Clean(anyText().Draw(t, "under"))).String())
		}
		box := Box("t", []string{NewLine(10, st.Glyphs).Text("x").String()}, 10, st)
		for i, l := range Overlay(screen, box, width) {
			if lineWidth(l) > width {
				t.Fatalf("line %d takes %d cells: %q", i, lineWidth(l), l)
			}
		}
	})
}

func TestOverlayKeepsWhatIsBesideTheBox(t *testing.T) {
	got := Overlay([]string{"aaaaaaaa", "bbbbbbbb", "cccccccc"}, []string{"XX"}, 8)
	want := []string{"aaaaaaaa", "bbbXXbbb", "cccccccc"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDiffMovesAndMarks(t *testing.T) {
	d := NewDiff()
	d.Set(DiffOf([]DiffLine{{Mark: '@', Text: "v4 filter ext_inp"}, {Mark: ' ', Text: "a"}, {Mark: '-', Text: "b"},
		{Mark: '+', Text: "c"}, {Mark: '@', Text: "v6 filter ext_inp"}, {Mark: '+', Text: "d", Lit: true}}))
	render := func() string {
		return strings.TrimSpace(ansi.Strip(strings.Join(d.Render(30, 2, plainStyles()), "\n")))
	}
	got := []string{render()}
	for _, step := range []func(){func() { d.Key(press("j")) }, func() { d.Section(true) }, func() { d.Section(false) }, func() { d.Reveal(3) }} {
		step()
		got = append(got, render())
	}
	want := []string{"v4 filter ext_inp\n  a", "a\n- b", "v6 filter ext_inp\n+>d", "v4 filter ext_inp\n  a", "- b\n+ c"}
	if !slices.Equal(got, want) {
		t.Errorf("windows\n%q, want\n%q", got, want)
	}
}

func TestDiffAsksOnlyForWhatIsVisible(t *testing.T) {
	asked := 0
	d := NewDiff()
	d.Set(DiffSource{Len: 100_000, Line: func(int) DiffLine { asked++; return DiffLine{Mark: ' ', Text: "x"} }})
	d.Key(press("G"))
	d.Render(80, 20, plainStyles())
	if asked != 20 {
		t.Errorf("asked for %d lines, want 20", asked)
	}
}

func TestDiffReadsLongLinesSideways(t *testing.T) {
	d := NewDiff()
	d.Set(DiffOf([]DiffLine{{Mark: '+', Text: Safe(strings.Repeat("0123456789", 6))}}))
	d.Render(20, 1, plainStyles())
	d.Key(press("right"))
	if got, want := ansi.Strip(d.Render(20, 1, plainStyles())[0]), "+ 67890123456789012~"; got != want {
		t.Errorf("one step right: %q, want %q", got, want)
	}
	for range 20 {
		d.Key(press("right"))
	}
	if got := ansi.Strip(d.Render(20, 1, plainStyles())[0]); !strings.HasSuffix(got, "9") {
		t.Errorf("the end of the line cannot be reached: %q", got)
	}
}

func TestTabsKeepTheActiveOneVisible(t *testing.T) {
	labels := []Safe{"addresses", "services", "interfaces", "rules", "virtuals"}
	for active := range labels {
		if got := ansi.Strip(Tabs(labels, active, 24, plainStyles())); !strings.Contains(got, "["+string(labels[active])+"]") || len(got) > 24 {
			t.Errorf("active %d: %q", active, got)
		}
	}
}

func TestSparkAndBar(t *testing.T) {
	g := plainStyles().Glyphs
	tests := []struct {
		name      string
		got, want Safe
	}{
		{"no history is blank", Spark(nil, 4, g), "    "},
		{"nothing happened", Spark([]float64{0, 0}, 3, g), " .."},
		{"newest on the right, highest is full", Spark([]float64{9, 1, 5, 10}, 3, g), "-+#"},
		{"half", Bar(1, 2, 8, g), "####...."},
		{"all", Bar(2, 2, 4, g), "####"},
		{"more than all", Bar(3, 2, 4, g), "####"},
		{"of nothing", Bar(1, 0, 4, g), "...."},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestHintsLeaveOutWhatDoesNotWorkAndWhatDoesNotFit(t *testing.T) {
	bindings := []Binding{
		Bind("?", "help", "?"),
		Bind("e", "edit", "e").Off("there is no row"),
		Bind("l", "right", "l").Hidden(),
		Bind("s", "a very long description of saving", "s"),
		Bind("q", "quit", "q"),
	}
	got := ansi.Strip(strings.Join(Hints(bindings, 24, 1, plainStyles()), "\n"))
	if want := " ? help  q quit"; got != want {
		t.Errorf("hints %q, want %q", got, want)
	}
}

func TestFilterGoesThroughItsCompletions(t *testing.T) {
	texts := func(text string) []string {
		if text == "s" {
			return []string{"src:", "state:"}
		}
		return nil
	}
	var f Filter
	f.Open()
	var got []string
	for _, forward := range []bool{true, true, true, false} {
		if f.Text() == "" {
			f.Key(press("s"))
		}
		f.Complete(texts, forward)
		got = append(got, f.Text())
	}
	if want := []string{"src:", "state:", "src:", "state:"}; !slices.Equal(got, want) {
		t.Errorf("completed to %q, want %q", got, want)
	}
	f.Key(press("x"))
	if f.Complete(texts, true); f.Text() != "state:x" {
		t.Errorf("nothing completes %q", f.Text())
	}
}

func TestPressIsCalledByItsName(t *testing.T) {
	for _, name := range []string{"a", "A", "?", "enter", "esc", "tab", "shift+tab", "ctrl+d", "pgdown", "+", "left"} {
		if got := Press(name).String(); got != name {
			t.Errorf("%q pressed is %q", name, got)
		}
	}
}

func TestTabsShareTheBlankBetweenThemWhereTheLineIsNarrow(t *testing.T) {
	labels := []Safe{"one", "two", "three"}
	for _, tt := range []struct {
		width int
		want  string
	}{
		{17, " one [two] three "},
		{15, " one[two]three"},
		{9, " one[two]"},
		{8, "[two]th"},
	} {
		got := strings.TrimRight(ansi.Strip(Tabs(labels, 1, tt.width, plainStyles())), " ~")
		if want := strings.TrimRight(tt.want, " "); got != want {
			t.Errorf("width %d: %q, want %q", tt.width, got, want)
		}
		if at := strings.Index(tt.want, "two"); at >= 0 {
			if i, ok := TabAt(labels, 1, tt.width, at); !ok || i != 1 {
				t.Errorf("width %d: tab %d, %v under the active label, want 1", tt.width, i, ok)
			}
		}
		if x, cells := TabPlace(labels, 1, tt.width, 1); tt.want[x:x+cells] != "[two]" {
			t.Errorf("width %d: the active label is at %d, %d cells", tt.width, x, cells)
		}
	}
}

func TestDialogSaysThatAKeyCameTooEarly(t *testing.T) {
	now := time.Unix(0, 0)
	d := testDialog(now)
	tests := []struct {
		key   string
		after time.Duration
		want  bool
	}{{"y", Grace / 2, true}, {"x", time.Second, false}}
	for _, tt := range tests {
		now = now.Add(tt.after)
		d.Key(press(tt.key), now)
		if got := strings.Contains(ansi.Strip(strings.Join(d.Render(80, 24, plainStyles()), "\n")), "too early"); got != tt.want {
			t.Errorf("after %s: said %v, want %v", tt.after, got, tt.want)
		}
	}
}
