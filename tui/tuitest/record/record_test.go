package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// screen shows what a program wrote on a terminal of 12 by 3.
func screen(t *testing.T, written string) [][]uv.Cell {
	t.Helper()
	e := vt.NewEmulator(12, 3)
	if _, err := io.WriteString(e, written); err != nil {
		t.Fatal(err)
	}
	rows := make([][]uv.Cell, 3)
	for y := range rows {
		for x := range 12 {
			c := uv.Cell{}
			if at := e.CellAt(x, y); at != nil {
				c = *at
			}
			rows[y] = append(rows[y], c)
		}
	}
	return rows
}

// wellFormed fails the test unless a picture is XML.
func wellFormed(t *testing.T, name string, picture []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

func TestCellsAreDrawn(t *testing.T) {
	for _, tt := range []struct{ name, written, want string }{
		{"phrase", "one two", `<text class="c0" x="0" y="13.5" textLength="58.8">one two</text>`},
		{"gap", "a  b", `<text class="c0" x="0" y="13.5">a</text><text class="c0" x="25.2" y="13.5">b</text>`},
		{"markup", "a<&\"b", `>a&lt;&amp;&#34;b</text>`},
		{"second row", "\r\nx", `<g transform="translate(0 18)"><text class="c0" x="0" y="13.5">x</text></g>`},
		{"beyond ASCII", "a日b", `<text class="c0" x="8.4" y="13.5" textLength="16.8">日</text><text class="c0" x="25.2" y="13.5">b</text>`},
		{"colour", "\x1b[32mok", `.c0{fill:#56d364}`},
		{"bold and faint", "\x1b[1ma\x1b[22;2mb", `.c0{fill:#d0d7de;font-weight:bold}.c1{fill:#d0d7de;fill-opacity:.6}`},
		{"reverse", "\x1b[7m x ", `<rect fill="#d0d7de" x="0" width="25.4" height="18"/><text class="c0" x="8.4" y="13.5">x</text>`},
		{"underlined blanks", "\x1b[4m  ", `<rect class="c0" x="0" y="15.48" width="16.8" height="1.08"/>`},
		{"bar", "███", `<rect class="c0" x="0" width="25.4" height="18"/>`},
		{"shade", "░", `height="18" fill-opacity="0.25"/>`},
		{"sparkline", "▁", `<rect class="c0" x="0" y="15.75" width="8.4" height="2.25"/>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := drawStill(screen(t, tt.written), "<title>")
			wellFormed(t, tt.name, got)
			if !strings.Contains(string(got), tt.want) {
				t.Errorf("no %s in\n%s", tt.want, got)
			}
		})
	}
}

func TestFilmShowsEachFrameOnceARound(t *testing.T) {
	one, two := screen(t, "same\r\none"), screen(t, "same\r\ntwo")
	got := string(drawFilm([]frame{{one, time.Second, "<first>"}, {two, 3 * time.Second, "second"}}, "film"))
	wellFormed(t, "film", []byte(got))
	if n := strings.Count(got, ">same<"); n != 1 {
		t.Errorf("a row that two frames have is drawn %d times, want once", n)
	}
	for _, want := range []string{
		"&lt;first&gt;", "second",
		"@keyframes k0{0%{visibility:visible}25%{visibility:hidden}}#f0{animation:k0 4s step-end infinite}",
		"@keyframes k1{0%{visibility:hidden}25%{visibility:visible}100%{visibility:hidden}}",
		"#f1{visibility:visible}@media(prefers-reduced-motion:reduce)", // the longest one stands still
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

func TestCastHoldsWholeCharacters(t *testing.T) {
	c := newCast(80, 24)
	begin := time.Now()
	for i, piece := range []string{"a─"[:2], "a─"[2:], "\x1b[1m<b>", "\xff"} {
		c.add(begin.Add(time.Duration(i)*1500*time.Millisecond), []byte(piece))
	}
	c.closed = true
	c.add(begin, []byte("not any more"))
	lines := strings.Split(strings.TrimSpace(string(c.bytes())), "\n")
	var header struct{ Version, Width, Height int }
	if err := json.Unmarshal([]byte(lines[0]), &header); err != nil || header != struct{ Version, Width, Height int }{2, 80, 24} {
		t.Errorf("the header is %s (%v)", lines[0], err)
	}
	want := []string{`[0,"o","a"]`, `[1.5,"o","─"]`, `[3,"o","\u001b[1m<b>"]`, `[4.5,"o","\ufffd"]`}
	if got := lines[1:]; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// picturesDir is where the pictures are, from here.
const picturesDir = "../../../etc/pictures"

// README shows what there is, and there is what it shows.
func TestReadmeShowsEveryPicture(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := make(map[string]bool)
	for _, m := range regexp.MustCompile(`\]\(etc/pictures/([^)]+)\)`).FindAllSubmatch(readme, -1) {
		shown[string(m[1])] = true
	}
	files, err := filepath.Glob(picturesDir + "/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pictures: %v", err)
	}
	for _, file := range files {
		if name := filepath.Base(file); !shown[name] {
			t.Errorf("README does not show %s", name)
		} else {
			delete(shown, name)
		}
	}
	for name := range shown {
		t.Errorf("README shows %s, which is not there", name)
	}
}

// A picture is small enough for a page that is read over a slow link.
func TestPicturesAreSmallAndWellFormed(t *testing.T) {
	const still, film = 40 << 10, 120 << 10
	files, err := filepath.Glob(picturesDir + "/*.svg")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, file, data)
		most := still
		if bytes.Contains(data, []byte("@keyframes")) {
			most = film
		}
		if len(data) > most {
			t.Errorf("%s has %d bytes, want at most %d", file, len(data), most)
		}
	}
}
