package page

import (
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// diskState is what the page waits for while it talks to the disk.
type diskState struct {
	// then is where to open the editor after a save; nil for nowhere.
	then *desk.Place
	// back is where the person's editor was opened; nil when it was not.
	back     *desk.Place
	failed   error       // of the editor
	adopting *tables.Set // what is on disk, while Rebase is asked
	merged   *tables.Set // what it becomes here
	firstUse desk.Request
	reading  desk.Request
	rebasing desk.Request
	saved    bool // since then it was not said whether the firewall runs it
}

// Edited tells the page that the person's editor has ended.
type Edited struct {
	At  desk.Place
	Err error
}

// reload looks at the tables on disk.
func (p *Policy) reload() Effect {
	if p.Desk.Set() == nil {
		return Effect{Cmd: p.Desk.Load(p.Calls), Say: &Note{Text: "reading the tables"}}
	}
	return Effect{Cmd: p.readDisk(), Say: &Note{Text: "reading the tables"}}
}

func (p *Policy) readDisk() tea.Cmd { return p.Calls.ReadDisk(&p.disk.reading) }

// dropMine asks whether to go back to what is on disk.
func (p *Policy) dropMine() Effect {
	return Effect{Ask: &Ask{
		Dialog: &widget.Dialog{
			Title:   "Load the tables from disk",
			Text:    []widget.Safe{widget.Format("Nobody else changed them. %s not saved would be lost, and cannot be brought back.", p.Desk.StagedLines())},
			Choices: []widget.Choice{{Key: "y", Does: "load, and drop my changes"}},
		},
		Then: func(int) Effect { return Effect{Cmd: p.Desk.Load(p.Calls)} },
	}}
}

// saved says how a save went. When somebody else wrote the files meanwhile,
// nothing was written, and both versions are shown.
func (p *Policy) saved(err error) Effect {
	then := p.disk.then
	p.disk.then = nil
	var changed *engine.ErrChanged
	switch {
	case errors.As(err, &changed):
		p.Desk.SetElsewhere(changed.Files)
		return Effect{Cmd: p.readDisk(), Say: &Note{Text: widget.Format("not saved: somebody else changed %s on disk", strings.Join(changed.Files, ", ")), Kind: Warn}}
	case err != nil:
		return say(Bad, "not saved: %v", err)
	}
	p.refresh()
	if then != nil {
		return Effect{Edit: then}
	}
	if n, _ := p.Desk.Problems().Count(); n > 0 {
		return say(Warn, "saved with %s: the firewall keeps its rules until that is mended (%s) and applied", words.Plural(n, "error"), p.problemsKey())
	}
	p.disk.saved = true
	return say(Good, "saved")
}

// runsSaved says after a save whether the firewall runs what was written, as
// after an undo of what was never applied.
func (p *Policy) runsSaved(m desk.StatusMsg) Effect {
	if !p.disk.saved {
		return Effect{}
	}
	p.disk.saved = false
	st := m.Value
	if m.Err == nil && st.Current != nil && st.Drift != nil && st.Drift.Empty() && len(st.Unapplied) == 0 && st.Trial == nil {
		return say(Good, "saved: the firewall runs these rules")
	}
	return say(Good, "saved, not applied: the firewall keeps its rules until %s reviews and applies", p.keyName(PolicyScreen, "A"))
}

// loaded looks whether tables that cannot be read are missing altogether.
func (p *Policy) loaded(m desk.LoadedMsg) Effect {
	if m.Set != nil && !m.Problems.HasErrors() {
		return Effect{}
	}
	return Effect{Cmd: p.Calls.FirstUse(&p.disk.firstUse)}
}

// handleDisk takes the answers about the tables on disk.
func (p *Policy) handleDisk(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case desk.OnDiskMsg:
		if p.Desk.TakeOnDisk(msg) {
			return say(Warn, "somebody else changed %s on disk; %s on Policy shows it", strings.Join(p.Desk.Elsewhere(), ", "), p.keyName(PolicyScreen, "R"))
		}
	case desk.DiskReadMsg:
		if p.disk.reading.Done(msg.N) {
			return p.diskRead(msg)
		}
	case desk.RebasedMsg:
		if p.disk.rebasing.Done(msg.N) {
			return p.rebased(msg.Err)
		}
	case desk.FirstUseMsg:
		if p.disk.firstUse.Done(msg.N) {
			return p.offerTables(msg)
		}
	case Edited:
		p.disk.back, p.disk.failed = &msg.At, msg.Err
		return Effect{Cmd: p.readDisk()}
	}
	return Effect{}
}

// afterEditor is a note that also says so when the editor failed.
func (p *Policy) afterEditor(n Note) *Note {
	if err := p.disk.failed; err != nil {
		p.disk.failed = nil
		n = Note{Text: widget.Format("the editor failed: %v; ", err) + n.Text, Kind: Bad}
	}
	return &n
}

// diskRead compares what is on disk with what was read or saved last.
func (p *Policy) diskRead(m desk.DiskReadMsg) Effect {
	if m.Err != nil || m.Set == nil || m.Problems.HasErrors() {
		return p.unreadable(m)
	}
	theirs := m.Set.Sharing(p.Desk.Base())
	changed := theirs.Changed(p.Desk.Base())
	switch dirty := len(p.Desk.Dirty()) > 0; {
	case len(changed) == 0:
		p.Desk.InStep()
		if p.disk.back != nil {
			p.goBack()
			return Effect{Say: p.afterEditor(Note{Text: "nothing was changed on disk"})}
		}
		if dirty {
			return p.dropMine()
		}
		return Effect{Say: &Note{Text: "the tables here are those on disk"}}
	case dirty:
		effect := p.compare(theirs)
		if p.disk.failed != nil {
			effect.Say = p.afterEditor(Note{Text: "what it wrote is shown here"})
		}
		return effect
	}
	return p.adopt(theirs, theirs)
}

// unreadable says why the tables on disk are of no use. What is here stays.
func (p *Policy) unreadable(m desk.DiskReadMsg) Effect {
	p.disk.back, p.disk.failed = nil, nil
	effect := say(Bad, "the tables on disk cannot be read")
	switch {
	case m.Err != nil:
		effect = say(Bad, "the tables on disk cannot be read: %v", m.Err)
	case len(m.Problems) > 0:
		effect = say(Bad, "the tables on disk cannot be read: %s", m.Problems[0].Error())
	}
	if len(p.Desk.Dirty()) == 0 {
		effect.Cmd = p.Calls.FirstUse(&p.disk.firstUse)
	}
	return effect
}

// adopt makes what is on disk the state that was saved, and next the tables
// here.
func (p *Policy) adopt(onDisk, next *tables.Set) Effect {
	p.disk.adopting, p.disk.merged = onDisk, next
	return Effect{Cmd: p.Calls.Rebase(&p.disk.rebasing, onDisk)}
}

// rebased goes on when a save may replace what is on disk.
func (p *Policy) rebased(err error) Effect {
	onDisk, next := p.disk.adopting, p.disk.merged
	p.disk.adopting, p.disk.merged = nil, nil
	if err != nil || onDisk == nil {
		return say(Bad, "the tables on disk were not taken over: %v", err)
	}
	at, _ := p.place()
	p.Desk.Rebase(onDisk, next, at)
	p.edit, p.panel = nil, nil
	p.goBack()
	effect := Effect{Cmd: p.Desk.Check(p.Calls)}
	if next == onDisk {
		effect.Say = p.afterEditor(Note{Text: widget.Format("the tables from disk are here (%s brings back what was here)", p.undoKey()), Kind: Good})
	} else {
		effect.Say = &Note{Text: widget.Format("merged: both changes are here; %s saves, %s takes theirs out again", p.keyName(PolicyScreen, "s"), p.undoKey()), Kind: Good}
	}
	return effect
}

// goBack shows where the editor was opened, and the tables as they are now.
func (p *Policy) goBack() {
	if at := p.disk.back; at != nil {
		p.disk.back = nil
		p.jump(*at)
	}
	p.refresh()
}

// openEditor opens the person's editor on the table at the selected line.
func (p *Policy) openEditor() Effect {
	at, ok := p.place()
	if !ok {
		at = desk.Place{Kind: p.kind, Line: 1}
	}
	if len(p.Desk.Dirty()) == 0 {
		return Effect{Edit: &at}
	}
	return Effect{Ask: &Ask{
		Dialog: &widget.Dialog{
			Title: "Open your editor",
			Text:  []widget.Safe{widget.Format("The editor shows the file on disk, and %s here not saved.", pluralIs(p.Desk.Staged(), "changed line"))},
			Choices: []widget.Choice{
				{Key: "s", Does: "save, then open it"},
				{Key: "m", Does: "open it without them, and merge afterwards"},
			},
		},
		Then: func(choice int) Effect {
			if choice == 0 {
				p.disk.then = &at
				return Effect{Cmd: p.Desk.Save(p.Calls)}
			}
			return Effect{Edit: &at}
		},
	}}
}

// pluralIs is "1 rule is", "2 rules are".
func pluralIs(n int, what string) string {
	if n == 1 {
		return words.Plural(n, what) + " is"
	}
	return words.Plural(n, what) + " are"
}
