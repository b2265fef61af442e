package desk

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/words"
)

// MaxCopy is how much goes to the clipboard: terminals drop longer texts
// without a word.
const MaxCopy = 75_000

// The answers to the calls of the Review page.
type (
	// PreviewMsg answers Preview. Preview may be set although Err is, when
	// the tables have errors.
	PreviewMsg struct {
		N       uint64
		Set     *tables.Set
		Preview *engine.Preview
		Err     error

		Compared *Compared
	}
	// StillLiveMsg answers StillLive.
	StillLiveMsg Reply[bool]
	// PayloadMsg answers Payload.
	PayloadMsg struct {
		N   uint64
		Err error

		Lines []RestoreLine
	}
	// WrittenMsg answers WriteDiff.
	WrittenMsg struct {
		N     uint64
		Path  string
		Bytes int
		Err   error
	}
)

// Preview compiles a set, compares it with the kernel, and reads the result by
// table row.
func (c *Calls) Preview(r *Request, set *tables.Set) tea.Cmd {
	m := PreviewMsg{N: c.Number(r), Set: set}
	return func() tea.Msg {
		m.Preview, m.Err = within(c.ctx, readLimit, func(ctx context.Context) (*engine.Preview, error) {
			p, err := c.backend.Preview(ctx, set)
			if err == nil {
				m.Compared = NewCompared(c.backend.Review(set, p), p.Diff)
			}
			return p, err
		})
		return m
	}
}

// StillLive asks whether the kernel holds what a preview was compared with.
func (c *Calls) StillLive(r *Request, p *engine.Preview) tea.Cmd {
	m := StillLiveMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Value, m.Err = within(c.ctx, readLimit, func(ctx context.Context) (bool, error) { return c.backend.StillLive(ctx, p) })
		return m
	}
}

// Payload asks for the text that an apply would load.
func (c *Calls) Payload(r *Request, p *engine.Preview) tea.Cmd {
	m := PayloadMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Lines, m.Err = try(func() ([]RestoreLine, error) {
			texts, err := c.backend.Payload(p)
			return restoreLines(texts), err
		})
		return m
	}
}

// DiffFile proposes a file for a difference.
func (c *Calls) DiffFile() string { return c.backend.DiffFile() }

// WriteDiff writes a difference to a file.
func (c *Calls) WriteDiff(r *Request, path string, of *Compared, judged words.Consequences, replace bool) tea.Cmd {
	m := WrittenMsg{N: c.Number(r), Path: path}
	return func() tea.Msg {
		_, m.Err = try(func() (struct{}, error) {
			text := of.file(c.backend.Host(), time.Now(), &judged)
			m.Bytes = len(text)
			return struct{}{}, c.backend.WriteDiff(path, text, replace)
		})
		return m
	}
}
