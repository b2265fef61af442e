package host

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestTheGateOfTheFakeClosesByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := NewFake()
		text := "create mfw_all4 hash:net family inet\ncreate mfw_trial list:set timeout 30\nadd mfw_trial mfw_all4 timeout 30\n"
		if err := k.RestoreSets(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		for _, s := range []struct {
			after time.Duration
			want  int
		}{{29500 * time.Millisecond, 1}, {500 * time.Millisecond, 0}} {
			time.Sleep(s.after)
			if n := members(t, k); n != s.want {
				t.Errorf("%v later: %d members, want %d", s.after, n, s.want)
			}
			if s.want > 0 && strings.Contains(k.Dump(), "timeout 0") {
				t.Error("the last half second looks like for ever")
			}
		}
		if err := k.RestoreSets(t.Context(), "destroy mfw_all4\n"); err != nil {
			t.Errorf("a set that ran out of the list is still in use: %v", err)
		}
	})
}

func TestExtendingAndConfirmingMoveTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := NewFake()
		load := func(text string) {
			if err := k.RestoreSets(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		load("create mfw_all4 hash:net family inet\ncreate mfw_trial list:set timeout 30\nadd mfw_trial mfw_all4\n")
		time.Sleep(20 * time.Second)
		load("add -exist mfw_trial mfw_all4 timeout 30\n")
		time.Sleep(20 * time.Second)
		if n := members(t, k); n != 1 {
			t.Fatalf("%d members after the extension, want 1", n)
		}
		load("add -exist mfw_trial mfw_all4 timeout 0\n")
		time.Sleep(24 * time.Hour)
		if n := members(t, k); n != 1 {
			t.Errorf("%d members a day after the confirmation, want 1", n)
		}
	})
}

const twoTables = "*filter\n:a - [0:0]\nCOMMIT\n*nat\n:b - [0:0]\nCOMMIT\n"

func TestFaultsOfTheFake(t *testing.T) {
	cases := []struct {
		name  string
		fault Fault
		fails bool
		want  string // v4 afterwards
		took  time.Duration
	}{
		{"none", 0, false, "v4 filter a:\nv4 nat b:\n", 0},
		{"fail", FaultFail, true, "", 0},
		{"hang", FaultHang, true, "", 10 * time.Second},
		{"nothing", FaultNothing, false, "", 0},
		{"lie", FaultLie, true, "v4 filter a:\nv4 nat b:\n", 0},
		{"half", FaultHalf, true, "v4 filter a:\n", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := NewFake()
				k.Inject(2, c.fault)
				if _, err := k.ReadSets(t.Context()); err != nil {
					t.Fatalf("the first call: %v", err)
				}
				started := time.Now()
				err := k.Restore(t.Context(), ruleset.V4, twoTables)
				if (err != nil) != c.fails {
					t.Errorf("error %v, want one: %v", err, c.fails)
				}
				if c.fails && asExec(err) == nil {
					t.Errorf("error %v is no *ExecError", err)
				}
				if took := time.Since(started); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
				rs, err := k.Read(t.Context())
				if err != nil {
					t.Fatalf("the third call: %v", err)
				}
				if diff := cmp.Diff(c.want, describe(rs)); diff != "" {
					t.Error(diff)
				}
				if want := []string{"read sets", "load v4", "read"}; !slices.Equal(k.Calls(), want) {
					t.Errorf("calls %q, want %q", k.Calls(), want)
				}
			})
		})
	}
}

func TestHalfOfTheSetCommandsAreDone(t *testing.T) {
	k := NewFake()
	k.Inject(1, FaultHalf)
	if err := k.RestoreSets(t.Context(), "create a hash:net family inet\ncreate b hash:net family inet\n"); err == nil {
		t.Error("no error")
	}
	sets, err := k.ReadSets(t.Context())
	if err != nil || len(sets) != 1 || sets["a"] == nil {
		t.Errorf("sets %v, error %v; want a alone", sets, err)
	}
}

func TestACancelledCallDoesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	k := NewFake()
	if err := k.Restore(ctx, ruleset.V4, twoTables); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context was cancelled", err)
	}
	if ts, err := k.ReadTables(t.Context(), ruleset.V4); err != nil || len(ts) > 0 {
		t.Errorf("tables %v, error %v", ts, err)
	}
}

func TestAnotherAdministratorCanComeBetween(t *testing.T) {
	k := NewFake()
	k.Before(func(n int, call string) {
		if n == 2 {
			if err := k.Restore(t.Context(), ruleset.V6, someRule); err != nil {
				t.Error(err)
			}
		}
	})
	for _, want := range []string{"", "v6 filter a: -j ACCEPT\n"} {
		rs, err := k.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(rs); got != want {
			t.Errorf("read %q, want %q", got, want)
		}
	}
}

func TestWhatWasReadIsNotChangedByALaterLoad(t *testing.T) {
	k := NewFake()
	if err := k.Restore(t.Context(), ruleset.V4, someRule); err != nil {
		t.Fatal(err)
	}
	rs, err := k.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := describe(rs)
	if err := k.Restore(t.Context(), ruleset.V4, "*filter\n-I a -j DROP\n-A INPUT -j a\nCOMMIT\n"); err != nil {
		t.Fatal(err)
	}
	if after := describe(rs); after != before {
		t.Errorf("was %q, became %q", before, after)
	}
}

func TestForeignRulesCanBePreloadedAndStay(t *testing.T) {
	foreign := "*filter\n:INPUT ACCEPT [1:2]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:DOCKER-USER - [0:0]\n" +
		"[7:8] -A FORWARD -j DOCKER-USER\n-A INPUT -m bpf --bytecode \"1,6 0 0 0\" -m comment --comment \"of others\" -j ACCEPT\nCOMMIT\n"
	sets := "create theirs hash:ip,port family inet hashsize 1024 maxelem 65536\nadd theirs 192.0.2.1,tcp:80\ncreate ports bitmap:port range 1-10\nadd ports 3\nadd ports 4\n"
	k := NewFake()
	if err := k.Preload(foreign, "", sets); err != nil {
		t.Fatal(err)
	}
	if err := k.Restore(t.Context(), ruleset.V4, someRule); err != nil {
		t.Fatal(err)
	}
	want := `# v4
*filter
:INPUT ACCEPT [1:2]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
:a - [0:0]
-A INPUT -m bpf --bytecode "1,6 0 0 0" -m comment --comment "of others" -j ACCEPT
[7:8] -A FORWARD -j DOCKER-USER
-A a -j ACCEPT
COMMIT
# v6
# sets
create ports bitmap:port range 1-10
add ports 3
add ports 4
create theirs hash:ip,port family inet hashsize 1024 maxelem 65536
add theirs 192.0.2.1,tcp:80
`
	if diff := cmp.Diff(want, k.Dump()); diff != "" {
		t.Error(diff)
	}
	c, err := k.Probe(t.Context())
	if err != nil || c.ForwardHook4 != ruleset.DockerUser || c.ForwardHook6 != ruleset.Forward {
		t.Errorf("hooks %s and %s, error %v", c.ForwardHook4, c.ForwardHook6, err)
	}
}

func TestAFakeWithoutTheDeadManMakesNoListOfSets(t *testing.T) {
	k := NewFake()
	k.SetCapabilities(Capabilities{Missing: []string{"ipset list:set with timeout"}})
	if err := k.RestoreSets(t.Context(), "create l list:set timeout 5\n"); err == nil {
		t.Error("the list was made")
	}
}

// What the real tools would take, but no text of ours contains, the fake
// refuses: a test that gets there has found a defect.
func TestTheFakeRefusesWhatWeNeverWrite(t *testing.T) {
	for _, text := range []string{
		"*filter\n-F\nCOMMIT\n",
		"*filter\n:a - [0:0]\n-A a -m comment --comment \"of others\" -j ACCEPT\nCOMMIT\n",
		"*filter\n:a - [0:0]\n-A a -m bpf --bytecode \"1,6 0 0 0\" -j ACCEPT\nCOMMIT\n",
		"*filter\n:a ACCEPT [0:0]\nCOMMIT\n",
		"*filter\n:-a - [0:0]\nCOMMIT\n",
		"*filter\n:a - [0:0]\n-R a 1 -j ACCEPT\nCOMMIT\n",
	} {
		if err := NewFake().Restore(t.Context(), ruleset.V4, text); err == nil {
			t.Errorf("loaded %q", text)
		}
	}
	for _, text := range []string{
		"flush\n", "destroy\n",
		"create a hash:net family inet\nadd a 10.0.0.0-10.0.0.5\n",
		"create a hash:net family inet\nadd a localhost\n",
		"create a hash:net family inet\nadd a 010.0.0.1\n",
		"create a hash:net family inet\ncreate -exist a hash:net family inet6\n",
		"create a hash:ip,port family inet\n",
	} {
		if err := NewFake().RestoreSets(t.Context(), text); err == nil {
			t.Errorf("loaded %q", text)
		}
	}
}
