package tui

import (
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/mfwtui/mfwtui/tui/settings"
	"github.com/mfwtui/mfwtui/tui/style"
)

// configure makes the console as a person wants it. The error names every
// rebinding that cannot be.
func (m *model) configure(s settings.Settings, on colorprofile.Profile) error {
	m.settings, m.profile = s, on
	m.pace.chosen = s.Refresh
	m.shared.Bits = s.Bits
	var err error
	m.keymap, err = newKeymap(actions(m.shared), s.Keys)
	m.shared.KeyName = m.keymap.name
	return err
}

// background is the question for the terminal's background, when the palette
// depends on it. Nobody waits for the answer.
func (m *model) background() string {
	if m.settings.Palette == style.Auto {
		return ansi.RequestBackgroundColor
	}
	return ""
}

// fitBackground takes the palette for a background that the terminal reported.
func (m *model) fitBackground(dark bool) {
	if m.settings.Palette != style.Auto {
		return
	}
	palette := style.Light
	if dark {
		palette = style.Dark
	}
	// In place: everybody who draws holds this one value.
	*m.shared.Styles = *style.New(palette.Theme(m.profile), m.shared.Styles.Glyphs)
}
