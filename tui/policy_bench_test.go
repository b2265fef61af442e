package tui

import "testing"

// BenchmarkPolicy handles a key on the Policy screen with 10,000 rules at
// 120x40, and draws: a key must take under 5 ms, a View alone under 2 ms. What
// the key asks of the engine is not in the figure: it runs beside the console.
func BenchmarkPolicy(b *testing.B) {
	tests := []struct {
		name          string
		prepare, keys []string
	}{
		{"view", []string{"x"}, nil},
		{"move", []string{"x"}, []string{"j", "k"}},
		{"last and first", nil, []string{"G", "g"}},
		{"mark", nil, []string{"space", "g"}},
		{"move a row", nil, []string{"J", "K"}},
		{"switch off and undo", nil, []string{"x", "u"}},
		{"type in a cell", []string{"e"}, []string{"x", "backspace"}},
		{"type a filter", []string{"/"}, []string{"s", "backspace"}},
		{"type a new name", []string{"right", "right", "r"}, []string{"x", "backspace"}},
		{"where used", []string{"right", "right"}, []string{"v", "esc"}},
		{"object of many rows", []string{"tab"}, []string{"j", "k"}},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			c := benchConsole(b, 100, 10_000)
			c.press0("2")
			c.press0(tt.prepare...)
			keys := max(len(tt.keys), 1)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if len(tt.keys) > 0 {
					c.Update(keyPress(tt.keys[i%keys]))
				}
				_ = c.View()
			}
		})
	}
}

// press0 types keys without a pause: no dialog is open.
func (c *console) press0(keys ...string) {
	for _, k := range keys {
		c.send(keyPress(k))
	}
}
