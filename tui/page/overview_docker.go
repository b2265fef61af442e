package page

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// containerWatch is what the overview knows of Docker: its containers, and
// whether our hooks still stand in front of its rules.
type containerWatch struct {
	askContainers, askRepair desk.Request
	view                     engine.ContainerView
	viewErr                  error
	ticks                    int
	wrong                    widget.Safe // the first hook that is not right, in words
	repair                   widget.Binding
}

// containersEvery is how often the containers are asked for, in seconds.
const containersEvery = 5

func newContainerWatch() containerWatch {
	return containerWatch{repair: widget.Bind("H", "put our hooks right", "H")}
}

// binding is the key that repairs the hooks; it is hinted at when there is
// something to repair.
func (w *containerWatch) binding() widget.Binding {
	if w.wrong == "" {
		return w.repair.Off("our hooks are right").Hidden()
	}
	return w.repair
}

// refresh asks for the containers now and then.
func (w *containerWatch) refresh(c *desk.Calls) tea.Cmd {
	w.ticks++
	if w.askContainers.Busy() || w.ticks%containersEvery != 1 {
		return nil
	}
	return c.Containers(&w.askContainers)
}

// mend asks for the repair, once at a time.
func (w *containerWatch) mend(c *desk.Calls) Effect {
	if w.askRepair.Busy() {
		return Effect{}
	}
	return Effect{Cmd: c.RepairHooks(&w.askRepair)}
}

// handle takes what is about Docker and the hooks. It speaks up as soon as a hook
// goes wrong, whatever screen is shown.
func (w *containerWatch) handle(c *desk.Calls, msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case desk.StatusMsg:
		if msg.Err != nil {
			return Effect{}
		}
		was := w.wrong
		if w.wrong = wrongHook(&msg.Value); w.wrong != "" && was == "" {
			return say(Bad, "%s (1, then H)", w.wrong)
		}
	case desk.ContainersMsg:
		if w.askContainers.Done(msg.N) {
			if w.viewErr = msg.Err; msg.Err == nil {
				w.view = msg.Value
			}
		}
	case desk.RepairedMsg:
		return w.repaired(c, msg)
	}
	return Effect{}
}

// repaired says what was wrong, and asks where the hooks are by now.
func (w *containerWatch) repaired(c *desk.Calls, msg desk.RepairedMsg) Effect {
	switch {
	case !w.askRepair.Done(msg.N):
		return Effect{}
	case msg.Err != nil:
		return say(Bad, "%v", msg.Err)
	case len(msg.Value) == 0:
		return say(Info, "there was nothing to put right")
	}
	w.wrong = ""
	var wrong []string
	for _, h := range msg.Value {
		wrong = append(wrong, fmt.Sprintf("%s %s %s", h.Family, h.From, h.Why)) // a hook that moves is two
	}
	e := say(Good, "put right: %s", strings.Join(wrong, "; "))
	w.askContainers.Drop() // a reading that is under way may be from before
	e.Cmd = c.Containers(&w.askContainers)
	return e
}

// wrongHook says what is wrong with the first hook that is not right.
func wrongHook(st *engine.Status) widget.Safe {
	if st.Drift == nil || len(st.Drift.Hooks) == 0 {
		return ""
	}
	d := st.Drift.Hooks[0]
	return widget.Clean(engine.HookPlace{Hook: d.Hook, Why: d.Why}.String())
}

// items are what wants attention beside the hooks.
func (w *containerWatch) items(st *style.Styles) []attentionItem {
	var items []attentionItem
	if w.viewErr != nil {
		items = append(items, attentionItem{st.Warn, "!", widget.Format("the containers cannot be read: %v", w.viewErr), Effect{}})
	}
	for _, text := range w.view.Warnings {
		items = append(items, attentionItem{st.Warn, "!", widget.Clean(text), Effect{Tell: ShowContainers{}}})
	}
	return items
}

// line says in a few words what Docker runs, or that there is no Docker.
func (w *containerWatch) line(st *style.Styles) []item {
	v := &w.view
	switch {
	case v.At.IsZero():
		return nil
	case v.Absent != "":
		return []item{{st.Dim, widget.Clean(v.Absent)}}
	}
	return []item{{st.Text, widget.Format("Docker %s  containers %d (Tab)", v.Version, len(v.Containers))}}
}

// short is line where there is little room: how many containers there are.
func (w *containerWatch) short(st *style.Styles) []item {
	if w.view.At.IsZero() || w.view.Absent != "" {
		return nil
	}
	return []item{{st.Text, widget.Format("containers %d", len(w.view.Containers))}}
}

// item is a line of text with its style.
type item struct {
	how  style.Style
	text widget.Safe
}
