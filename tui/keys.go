package tui

import (
	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// globalKeys work on every screen, except while text is typed.
type globalKeys struct {
	Screens  [7]widget.Binding
	Trial    widget.Binding
	Help     widget.Binding
	Problems widget.Binding
	Palette  widget.Binding
	Copy     widget.Binding
	Redraw   widget.Binding
	Faster   widget.Binding
	Slower   widget.Binding
	Quit     widget.Binding
	Leave    widget.Binding // also while text is typed
}

func newGlobalKeys() globalKeys {
	return globalKeys{
		Screens: [7]widget.Binding{
			widget.Bind("1", "Overview", "1").Hidden(),
			widget.Bind("2", "Policy", "2").Hidden(),
			widget.Bind("3", "Review", "3").Hidden(),
			widget.Bind("4", "Flows", "4").Hidden(),
			widget.Bind("5", "Counters", "5").Hidden(),
			widget.Bind("6", "Explain", "6").Hidden(),
			widget.Bind("7", "History", "7").Hidden(),
		},
		Trial:    widget.Bind("0", "back to the trial", "0").Named("trial"),
		Help:     widget.Bind("?", "help", "?"),
		Problems: widget.Bind("w", "problems", "w"),
		Palette:  widget.Bind(":", "commands", ":", "ctrl+p"),
		Copy:     widget.Bind("y", "copy", "y").Hidden(),
		Redraw:   widget.Bind("^l", "draw the screen again", "ctrl+l").Hidden().Named("redraw"),
		Faster:   widget.Bind("+", "refresh more often", "+").Hidden().Named("faster"),
		Slower:   widget.Bind("-", "refresh less often", "-").Hidden().Named("slower"),
		Quit:     widget.Bind("q", "quit", "q"),
		Leave:    widget.Bind("^c", "quit", "ctrl+c").Hidden(),
	}
}

// screens are the pages behind the number keys.
var screens = [7]page.Screen{page.OverviewScreen, page.PolicyScreen, page.ReviewScreen, page.FlowsScreen, page.CountersScreen, page.ExplainScreen, page.HistoryScreen}

// list lists the keys; that of the trial only while one runs.
func (k *globalKeys) list(trial bool) []widget.Binding {
	all := append([]widget.Binding{}, k.Screens[:]...)
	if trial {
		all = append(all, k.Trial)
	}
	return append(all, k.Help, k.Palette, k.Problems, k.Copy, k.Faster, k.Slower, k.Quit, k.Redraw, k.Leave)
}
