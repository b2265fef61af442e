package main

import (
	"regexp"
	"time"
)

// inForce opens the console on a firewall that runs the sample tables.
const inForce = `"$0" apply --yes >/dev/null && exec "$0"`

// shownCode is where the screen of the trial shows the code: in the command for
// another login, which is the same in every layout.
var shownCode = regexp.MustCompile(`mfwtui confirm ([A-Z0-9]{4})\b`)

// code is the code that the screen shows.
func (s *session) code() string {
	s.waits("mfwtui confirm ")
	if m := shownCode.FindStringSubmatch(s.Text()); m != nil {
		return m[1]
	}
	return ""
}

const enter = "\r"

// playJob is the main job, filmed, and then a look at the other screens.
func playJob(program string) (*recording, error) {
	s, err := open(program, 80, 24, inForce)
	if err != nil {
		return nil, err
	}
	s.name, s.title = "main-job", "Edit a rule, review it, apply it, confirm it with the code, watch its counter"
	s.job()
	s.cut()
	s.look()
	return s.close()
}

// job lets the internet ask the name server, with a slip of the finger.
func (s *session) job() {
	const short, long = 1800 * time.Millisecond, 3 * time.Second
	s.waits("in sync")
	s.frame(short, "mfwtui: the firewall runs what the tables say; 2 opens the policy")
	s.presses("2")
	s.waits("SRC-ZONE")
	s.presses("j")
	s.frame(short, "2: the policy; o makes a new row below this one")
	s.presses("o")
	s.waits("[ALL]")
	s.presses("dsn")
	s.waits("does not exist")
	s.frame(long, "o: the service, with a slip of the finger; Enter takes the suggestion")
	s.presses(enter)
	s.waits("ok  dns")
	s.presses(enter)
	s.waits("[accept]")
	s.presses("accept" + enter)
	s.waits("check ok")
	s.still("policy", "The policy: the rules as rows, with a new one")
	s.frame(short, "the row is complete and the check is clean; 3 opens the review")
	s.presses("3")
	s.waits("your SSH", "this session")
	s.still("review", "The review: what an apply would change, and whether you could still log in")
	s.frame(long, "3: what an apply changes, and whether you could still log in; A applies")
	s.presses("A")
	s.waits("start the countdown")
	s.frame(short, "A: the new rules are loaded for 30 s, and kept only if you say so; y starts")
	s.presses("y")
	code := s.code()
	s.still("trial", "The trial: the old rules come back unless you type the code")
	s.frame(long, "on trial: typing the code proves that you can still read the screen")
	s.presses(code[:min(len(code), 2)])
	s.frame(short/2, "what was typed earlier does not count, nor does a paste")
	s.presses(code[min(len(code), 2):] + enter)
	s.waits("kept")
	s.frame(short, "kept: the new rules stay; 5 opens the counters")
	s.presses("5")
	s.waits("ext FW ALL ALL dns accept")
	s.frame(short, "5: what each row does, IPv4 and IPv6 together; 5 s pass")
	s.pauses(5 * time.Second)
	s.frame(long, "the new row counts")
}

// look takes pictures of the other screens.
func (s *session) look() {
	s.pauses(4 * time.Second)
	s.still("counters", "The counters: what each row of the tables does, in both families")
	s.presses("4")
	s.waits("of ", "flows")
	s.presses("a")
	s.pauses(6 * time.Second)
	s.still("flows", "The flows: every live connection")
	s.presses("/port:53" + enter)
	s.pauses(time.Second)
	s.presses(enter + "6")
	s.pauses(2 * time.Second)
	s.still("explain", "Explain: the way of one packet through the rules")
	s.presses("7")
	s.pauses(2 * time.Second)
	s.still("history", "The history: every apply, kept or rolled back")
	s.presses("1")
	s.waits("ATTENTION", "CONNTRACK")
	s.pauses(2 * time.Second)
	s.still("overview", "The overview: zones, traffic, and what deserves attention")
}

// playWide shows what a wide terminal adds.
func playWide(program string) (*recording, error) {
	s, err := open(program, 120, 34, inForce)
	if err != nil {
		return nil, err
	}
	s.name = "wide"
	s.waits("in sync")
	s.presses("2")
	s.waits("SRC-ZONE")
	s.presses("jjjxk")
	s.waits("STAGED 1")
	s.still("policy-wide", "The policy on a wide terminal")
	s.presses("3")
	s.waits("your SSH", "this session")
	s.still("review-wide", "The review on a wide terminal: IPv4 beside IPv6")
	s.presses("2")
	s.waits("SRC-ZONE")
	s.presses("u")
	s.waits("STAGED 0")
	return s.close()
}
