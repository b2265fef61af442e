package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/renameio/v2"

	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// baseline is how things stood when new rules came into force: what came after
// it is the work of the trial. It stands in the run directory, so that a
// console that is opened again, or another one, counts from the same moment.
type baseline struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// Denied are the packets that our rows had turned away, by row id.
	Denied map[string]uint64 `json:"denied"`
	// Logins are the connections to the SSH port, see loginKey.
	Logins []string `json:"logins"`
	// Others are the rules that are not ours.
	Others map[string]foreignRules `json:"others"`
}

// baselines are the baselines that this process knows, and the names of the
// rows on trial.
type baselines struct {
	mu    sync.Mutex
	known map[string]*baseline
	named string
	names map[string]rowName
}

// maxBaseline bounds what is read back: it holds one short entry for each row
// that denies and each foreign rule.
const maxBaseline = 16 << 20

const baselineSuffix = ".baseline"

// baseline is the one of a generation, taken now when nobody took it before.
func (e *Engine) baseline(ctx context.Context, id string, rs *ruleset.Ruleset) (*baseline, error) {
	e.proofs.mu.Lock()
	defer e.proofs.mu.Unlock()
	if b := e.proofs.known[id]; b != nil {
		return b, nil
	}
	b, err := readBaseline(e.baselinePath(id))
	if err != nil || b.ID != id {
		if b, err = e.takeBaseline(ctx, id, rs); err != nil {
			return nil, err
		}
	}
	if e.proofs.known == nil {
		e.proofs.known = make(map[string]*baseline)
	}
	e.proofs.known[id] = b
	return b, nil
}

// markFlip takes the baseline of a trial that has just begun. One that cannot
// be taken now is taken by whoever looks first.
func (e *Engine) markFlip(ctx context.Context, id string) {
	if rs, err := e.kernel.Read(ctx); err == nil {
		_, _ = e.baseline(ctx, id, rs)
	}
}

// takeBaseline notes how things stand now. Not being able to keep it does no
// harm to this process.
func (e *Engine) takeBaseline(ctx context.Context, id string, rs *ruleset.Ruleset) (*baseline, error) {
	b := &baseline{ID: id, At: time.Now(), Denied: countDenied(rs), Others: foreignOf(rs)}
	// A snapshot of the follower may be from before the flip.
	flows, err := live.ReadFlows(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		port := e.sshPort()
		for _, f := range flows.Flows.All() {
			if isLogin(f, port) {
				b.Logins = append(b.Logins, loginKey(f))
			}
		}
	}
	_ = writeBaseline(e.baselinePath(id), b)
	return b, nil
}

func (e *Engine) baselinePath(id string) string {
	return filepath.Join(e.cfg.Run, filepath.Base(id)+baselineSuffix)
}

// loginKey names a flow between two looks.
func loginKey(f *Flow) string {
	return fmt.Sprintf("%d %s:%d %s:%d", f.ID, f.Orig.Src, f.Orig.SrcPort, f.Orig.Dst, f.Orig.DstPort)
}

func readBaseline(path string) (*baseline, error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxBaseline:
		return nil, fmt.Errorf("read baseline, %s: %w", path, fs.ErrInvalid)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	b := &baseline{}
	if err := json.Unmarshal(text, b); err != nil {
		return nil, fmt.Errorf("read baseline, %s: %w", path, err)
	}
	return b, nil
}

// keptBaselines is how many stay in the run directory: those of the trial, of
// the confirmed generation, and of one before.
const keptBaselines = 3

func writeBaseline(path string, b *baseline) error {
	text, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("write baseline, %s: %w", path, err)
	}
	if err := renameio.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write baseline, %s: %w", path, err)
	}
	// The names begin with the time, so the oldest come first.
	old, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"+baselineSuffix))
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range old[:max(len(old)-keptBaselines, 0)] {
		if !strings.HasSuffix(path, filepath.Base(name)) {
			errs = append(errs, os.Remove(name))
		}
	}
	return errors.Join(errs...)
}
