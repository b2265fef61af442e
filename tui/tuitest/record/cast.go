package main

import (
	"bytes"
	"encoding/json"
	"math"
	"time"
	"unicode/utf8"
)

// cast is an asciicast of version 2: a line of JSON about the terminal, then
// one for each piece of output with the seconds since the start.
// https://docs.asciinema.org/manual/asciicast/v2/
type cast struct {
	lines  bytes.Buffer
	begun  time.Time
	rest   []byte // of a character whose end has not come yet
	closed bool   // nothing is added any more
}

func newCast(width, height int) *cast {
	c := &cast{}
	c.line(map[string]any{
		"version": 2, "width": width, "height": height, "title": "mfwtui", "idle_time_limit": 2,
		"env": map[string]string{"TERM": "xterm-256color", "SHELL": "/bin/sh"},
	})
	return c
}

// add appends what the program wrote at this time.
func (c *cast) add(at time.Time, piece []byte) {
	if c.closed {
		return
	}
	if c.begun.IsZero() {
		c.begun = at
	}
	text := append(c.rest, piece...)
	whole := len(text) - partial(text)
	c.rest = bytes.Clone(text[whole:])
	if whole > 0 {
		seconds := math.Round(at.Sub(c.begun).Seconds()*1000) / 1000
		c.line([]any{seconds, "o", string(text[:whole])})
	}
}

// line appends one value. Only types that JSON knows are passed.
func (c *cast) line(v any) {
	enc := json.NewEncoder(&c.lines)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
}

func (c *cast) bytes() []byte { return c.lines.Bytes() }

// partial counts the bytes at the end that are the beginning of a character.
func partial(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if b := text[len(text)-n]; utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
