package words

import (
	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// PastWhen is the moment of an entry of the history.
func PastWhen(g *engine.Generation) widget.Safe {
	if g.When.IsZero() {
		return "not known"
	}
	return widget.Clean(g.When.Format("2006-01-02 15:04"))
}

// PastEnd is how an entry of the history ended, in a word or two. Running is the
// generation that is in force.
func PastEnd(g *engine.Generation, running string) widget.Safe {
	switch {
	case g.Damaged != nil:
		return "DAMAGED"
	case g.Event == engine.Refused:
		return "refused"
	case g.Event == engine.Booted && g.Result == engine.Failed:
		return "boot FAILED"
	case g.Event == engine.Booted:
		return "boot"
	case g.ID == running:
		return "kept, runs"
	case g.Result == engine.Confirmed:
		return "kept"
	case g.Result == "":
		return "not ended"
	}
	return widget.Clean(string(g.Result))
}

// Running is the generation that is in force, by its id: the latest one that was
// kept. The latest entry comes first; empty when none was kept.
func Running(entries []engine.Generation) string {
	for i := range entries {
		if entries[i].Event == engine.Applied && entries[i].Result == engine.Confirmed {
			return entries[i].ID
		}
	}
	return ""
}
