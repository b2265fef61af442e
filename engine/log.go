package engine

import (
	"slices"
	"sync"

	"github.com/mfwtui/mfwtui/engine/host"
)

// logLimit is how many runs the command log keeps.
const logLimit = 500

// commandLog keeps the latest programs that were run.
type commandLog struct {
	mu   sync.Mutex
	runs []host.Command
}

func (l *commandLog) add(c host.Command) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.runs) == logLimit {
		l.runs = slices.Delete(l.runs, 0, logLimit/10)
	}
	l.runs = append(l.runs, c)
}

// Commands is the log of programs that were run, oldest first.
func (e *Engine) Commands() []Command {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	return slices.Clone(e.log.runs)
}
