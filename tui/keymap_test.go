package tui

import (
	"testing"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// later are keys that the design gives to every list or screen and that have
// no use yet: no page may take them for something else.
var later = []string{":", "ctrl+p"}

func TestNoPageTakesAGlobalOrMovementKey(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		taken := make(map[string]string)
		for _, b := range c.keys.list(true) {
			for _, k := range b.Keys() {
				taken[k] = "a key of the console"
			}
		}
		for _, b := range widget.Moves().List() {
			for _, k := range b.Keys() {
				taken[k] = "a movement key"
			}
		}
		for _, k := range later {
			taken[k] = "kept free for every screen"
		}
		for _, at := range screens {
			p := c.pages[at]
			for _, b := range p.Bindings() {
				for _, k := range b.Keys() {
					if why, ok := taken[k]; ok {
						t.Errorf("%s: %s (%s) is %s", p.Title(), k, b.Help().Desc, why)
					}
				}
			}
		}
	})
}

func TestNoKeyIsHarmlessHereAndDangerousThere(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		danger := make(map[string]map[bool]string)
		for _, at := range append(screens[:], page.TrialScreen) {
			p := c.pages[at]
			for _, b := range p.Bindings() {
				for _, k := range b.Keys() {
					if danger[k] == nil {
						danger[k] = make(map[bool]string)
					}
					danger[k][b.Danger] = string(p.Title()) + ": " + b.Help().Desc
				}
			}
		}
		for k, where := range danger {
			if len(where) > 1 {
				t.Errorf("%s is dangerous on %q and harmless on %q", k, where[true], where[false])
			}
		}
	})
}

func TestNoKeyIsBoundTwiceOnAScreen(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		for _, at := range append(screens[:], page.TrialScreen) {
			seen := make(map[string]string)
			for _, b := range c.pages[at].Bindings() {
				for _, k := range b.Keys() {
					if other, ok := seen[k]; ok {
						t.Errorf("%s: %s means %q and %q", c.pages[at].Title(), k, other, b.Help().Desc)
					}
					seen[k] = b.Help().Desc
				}
			}
		}
	})
}

func TestEveryKeyHasItsHelp(t *testing.T) {
	inConsole(t, 100, 80, nil, func(c *console) {
		for _, at := range screens {
			c.show(at)
			c.help = newHelp(c.model)
			for _, b := range c.page().Bindings() {
				c.shows(b.Help().Key, b.Help().Desc)
			}
			for _, b := range c.keys.list(false) {
				c.shows(b.Help().Desc)
			}
		}
	})
}

func TestDisabledKeySaysWhy(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "s")
		c.shows("nothing was changed")
		c.press("3", "A")
		c.shows("there is nothing to apply: the firewall runs these rules")
	})
}
