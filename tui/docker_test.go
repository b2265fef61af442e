package tui

import "testing"

func TestAHookThatGoesWrongIsSaidOnAnyScreenAndPutRightByOneKey(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		c.press("4")
		c.site.HookWrong = "stands behind Docker's jump to DOCKER-USER"
		c.seconds(statusEvery + 1)
		c.shows("stands behind Docker's jump to DOCKER-USER (1, then H, puts it right)")
		c.press("1")
		c.shows("(v4) stands behind Docker's jump to DOCKER-USER", "put our hooks right")
		c.press("H")
		c.shows("put right: the v4 hook")
		c.seconds(statusEvery + 1)
		c.press("j") // takes the word of the repair away
		c.hides("stands behind Docker's jump")
	})
}

func TestThePublishedPortsThatNobodyReachesWantAttention(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		c.shows("no row allows the published container port 9000/tcp minio", "Docker 20.10.24  containers 2")
		c.press("H")
		c.shows("our hooks are right")
	})
}
