package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"github.com/mfwtui/mfwtui/engine/docker"
	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// CounterStarter keeps a moment from which counters are counted. The counters of
// the kernel stay as they are.
type CounterStarter interface {
	// StartCounting notes what every row has counted by now; snapshots of
	// counters then have it as Since, until StopCounting, also those of later
	// consoles.
	StartCounting(ctx context.Context) error
	StopCounting() error
}

// CounterBaseline is what the rows and the rules of all chains had counted at a
// moment. Rows are known by their id, so that an apply that keeps a row keeps its
// baseline.
type CounterBaseline struct {
	At   time.Time                 `json:"at"`
	Rows map[string]live.RuleCount `json:"rows"`
	// Chains has the rules that had counted something.
	Chains map[RuleKey]ruleset.Counters `json:"chains"`
}

// FromBaseline is the snapshot counted from its baseline; itself when it has none.
func (s CounterSnapshot) FromBaseline() CounterSnapshot {
	if s.Since != nil {
		s.Rows, s.Chains = s.Since.RowsSince(s.Rows), s.Since.ChainsSince(s.Chains)
	}
	return s
}

// RowsSince are rows with what they counted since the baseline; a row that came
// later counts from its beginning.
func (b *CounterBaseline) RowsSince(rows []RowCounter) []RowCounter {
	since := make([]RowCounter, len(rows))
	for i, r := range rows {
		was := b.Rows[r.ID]
		r.V4.Packets -= min(was.V4.Packets, r.V4.Packets)
		r.V4.Bytes -= min(was.V4.Bytes, r.V4.Bytes)
		r.V6.Packets -= min(was.V6.Packets, r.V6.Packets)
		r.V6.Bytes -= min(was.V6.Bytes, r.V6.Bytes)
		since[i] = r
	}
	return since
}

// outdated is a row that has counted less than at the moment of the baseline,
// which a restart of the host or a reset does; nil for none.
func (b *CounterBaseline) outdated(rows []RowCounter) *RowCounter {
	for i := range rows {
		r := &rows[i]
		if was, ok := b.Rows[r.ID]; ok && (was.V4.Packets > r.V4.Packets || was.V6.Packets > r.V6.Packets) {
			return r
		}
	}
	return nil
}

// maxCounterBaseline bounds what is read back: 10,000 rows make 5 MB.
const maxCounterBaseline = 64 << 20

func (e *Engine) counterBaselinePath() string {
	return filepath.Join(e.cfg.State, "counters-since.json")
}

// StartCounting notes what every row and rule has counted by now.
func (e *Engine) StartCounting(ctx context.Context) error {
	rs, err := e.kernel.ReadRules(ctx)
	if err != nil {
		return fmt.Errorf("note the counters: %w", err)
	}
	base := CounterBaseline{At: time.Now(), Rows: live.CountRows(rs), Chains: CountsOf(chainCounters(rs, &docker.Owners{}))}
	text, err := json.Marshal(base)
	if err != nil {
		return fmt.Errorf("note the counters: %w", err)
	}
	if err := os.MkdirAll(e.cfg.State, 0o700); err != nil {
		return fmt.Errorf("note the counters: %w", err)
	}
	if err := renameio.WriteFile(e.counterBaselinePath(), text, 0o600); err != nil {
		return fmt.Errorf("note the counters: %w", err)
	}
	return nil
}

// StopCounting forgets what was noted.
func (e *Engine) StopCounting() error {
	if err := os.Remove(e.counterBaselinePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget the noted counters: %w", err)
	}
	return nil
}

// counterSince is a baseline as it was read last, while its file is the same.
type counterSince struct {
	file fs.FileInfo
	base *CounterBaseline
}

// read is the baseline of a file; nil when there is none.
func (c *counterSince) read(path string) (*CounterBaseline, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		*c = counterSince{}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if c.file != nil && os.SameFile(c.file, info) && c.file.ModTime().Equal(info.ModTime()) {
		return c.base, nil
	}
	if info.Size() > maxCounterBaseline {
		return nil, fmt.Errorf("%s: %d bytes are too many", path, info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	base := new(CounterBaseline)
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(base); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if base.Rows == nil || base.Chains == nil {
		return nil, fmt.Errorf("%s has no rows or no chains", path)
	}
	*c = counterSince{file: info, base: base}
	return base, nil
}

// addSince gives a snapshot its baseline. One that cannot be right is forgotten,
// and the snapshot says why. The caller holds e.mu.
func (e *Engine) addSince(snap *CounterSnapshot) {
	base, err := e.since.read(e.counterBaselinePath())
	switch {
	case err != nil:
		snap.Dropped = "the noted counters cannot be read: " + err.Error()
	case base == nil:
		return
	default:
		row := base.outdated(snap.Rows)
		if row == nil {
			snap.Since = base
			return
		}
		snap.Dropped = fmt.Sprintf("counting since %s ends: %s has counted less than then, so the counters began anew",
			base.At.Format("2006-01-02 15:04"), row.Row)
	}
	if err := e.StopCounting(); err != nil {
		snap.Dropped += "; " + err.Error()
	}
}
