package widget

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// keyCodes are the keys whose name is no letter.
var keyCodes = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "space": tea.KeySpace,
	"backspace": tea.KeyBackspace, "delete": tea.KeyDelete, "insert": tea.KeyInsert,
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
	"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
}

// Press makes the key press that a binding names, so that something else than
// the keyboard can press it. Its String is the name.
func Press(name string) tea.KeyPressMsg {
	var k tea.KeyPressMsg
	rest := name
	for {
		if after, ok := strings.CutPrefix(rest, "ctrl+"); ok {
			k.Mod |= tea.ModCtrl
			rest = after
		} else if after, ok := strings.CutPrefix(rest, "shift+"); ok {
			k.Mod |= tea.ModShift
			rest = after
		} else {
			break
		}
	}
	if code, ok := keyCodes[rest]; ok {
		k.Code = code
		return k
	}
	for _, r := range rest {
		k.Code = r
		break
	}
	if k.Mod == 0 {
		k.Text = rest
	}
	return k
}
