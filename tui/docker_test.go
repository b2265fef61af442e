package tui

import (
	"testing"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

func TestAHookThatGoesWrongIsSaidOnAnyScreenAndPutRightByOneKey(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		c.press("4")
		c.site.HookWrong = "stands behind Docker's jump to DOCKER-USER"
		c.seconds(statusEvery + 1)
		c.shows("stands behind Docker's jump to DOCKER-USER (1, then H)")
		c.press("1")
		c.shows("(v4) stands behind Docker's jump to DOCKER-USER", "put our hooks right")
		c.press("H")
		c.shows("put right: v4 INPUT stands behind Docker's jump")
		c.seconds(statusEvery + 1)
		c.press("j") // takes the word of the repair away
		c.hides("stands behind Docker's jump")
	})
}

func TestThePublishedPortsThatNobodyReachesWantAttention(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		c.shows("no row allows the published container port 9000/tcp minio", "Docker 20.10.24  containers 6 (Tab)")
		c.press("H")
		c.shows("our hooks are right")
	})
}

// onContainer opens the containers and selects the first line of one.
func onContainer(c *console, name string) {
	c.press("tab", "/")
	c.text(name)
	c.press("enter")
}

func TestAContainerLeadsToItsFlowsItsWayItsRowAndItsRules(t *testing.T) {
	tests := []struct {
		key   string
		at    page.Screen
		shows []string
	}{
		{"enter", page.FlowsScreen, []string{"/ip:172.17.0.5,172.18.0.5,fd00:18::5"}},
		{"e", page.ExplainScreen, []string{"192.0.2.1:40000", "198.51.100.4:8080"}},
		{"v", page.PolicyScreen, []string{"[virtuals 2]", ">  W     3 ext"}},
		{"c", page.CountersScreen, []string{"[by chain]", "web: -d 172.17.0.5/32"}},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			inConsole(t, 120, 40, nil, func(c *console) {
				onContainer(c, "web")
				c.press(tt.key)
				c.shows(tt.shows...)
				if c.at != tt.at {
					t.Errorf("%s opened screen %d, want %d", tt.key, c.at, tt.at)
				}
			})
		})
	}
}

func TestAContainerSaysWhyAKeyDoesNothing(t *testing.T) {
	tests := []struct{ container, key, says string }{
		{"backup", "enter", "backup has no address of its own"},
		{"backup", "e", "nobody outside can send a packet to it"},
		{"metrics", "e", "nobody outside can send a packet to it"},
		{"minio", "v", "no row lets anybody reach it"},
		{"nothing", "enter", "there is no container here"},
	}
	for _, tt := range tests {
		t.Run(tt.container+" "+tt.key, func(t *testing.T) {
			inConsole(t, 120, 40, nil, func(c *console) {
				onContainer(c, tt.container)
				c.press(tt.key)
				c.shows(tt.says)
			})
		})
	}
}

// What wants attention must be seen without colour, and come first by one key.
func TestPublishedPortsThatWantAttentionAreMarkedAndSortFirst(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("tab")
		c.shows("! everything reaches it", "x no row allows it")
		c.press("s", "s", "s", "s", "s") // the columns that are drawn, up to the last
		c.press("g")
		c.shows(">db", "x no row allows it")
	})
}

func TestContainersAreFilteredByWhatTheyAre(t *testing.T) {
	tests := []struct {
		filter string
		count  string
	}{
		{"state:unreachable", "1 of 7 lines"},
		{"state:exited", "1 of 7 lines"},
		{"ip:172.17.0.0/16", "4 of 7 lines"},
		{"port:80", "2 of 7 lines"},
		{"iface:br-7f3c !db", "2 of 7 lines"},
		{"virtuals:3 v6", "1 of 7 lines"},
		{"proto:tcp", "5 of 7 lines"},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				onContainer(c, tt.filter)
				c.shows(tt.count)
			})
		})
	}
}

func TestWithoutDockerTheContainersAreOneLine(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.NoDocker = true }, func(c *console) {
		c.press("tab")
		c.shows("no Docker engine: there is no socket /var/run/docker.sock")
		c.hides("CONTAINER")
		c.press("esc")
		c.shows("ATTENTION")
	})
}

func TestAWrongHookIsShownAboveTheContainersAndPutRightThere(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("tab")
		c.site.HookWrong = "is absent"
		c.seconds(statusEvery + 1)
		c.shows("! the v4 hook", "is absent", "H puts it right")
		c.press("H")
		c.shows("put right: v4 INPUT is absent")
		c.hides("H puts it right")
	})
}

func TestAnItemAboutContainersOpensThem(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		c.seconds(2)
		overview := c.pages[page.OverviewScreen].(*page.Overview)
		for range 20 {
			if overview.Copied() == "no row allows the published container port 9000/tcp minio" {
				break
			}
			c.press("j")
		}
		c.press("enter")
		c.shows("REACHABLE FROM, BY")
	})
}
