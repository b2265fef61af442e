package main

import "testing"

func TestHeapMayGrowByAboutTheSame(t *testing.T) {
	for _, tt := range []struct {
		name string
		live uint64
		want int
	}{
		{"nothing collected yet", 0, 100},
		{"an empty console", 2 << 20, 100},
		{"10,000 flows", 8 << 20, 50},
		{"100,000 flows", 25 << 20, 16},
		{"250,000 flows", 64 << 20, 12},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := gcPercentFor(tt.live); got != tt.want {
				t.Errorf("%d percent, want %d", got, tt.want)
			}
		})
	}
}
