package apply

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

func testJournal() journal {
	return journal{
		ID: newID(time.Unix(1, 0)), Generation: newID(time.Unix(1, 0)), State: Trial, BootID: "boot", Code: "ABCD",
		Started: 100 * time.Second, Deadline: 130 * time.Second, Timeout: 30 * time.Second, Since: time.Unix(1000, 0).UTC(),
		Who: "alice", DeadMan: true, MarkBit: defaultMark, Proof: []string{"one"}, Guardian: []string{"/bin/mfwtui", "guardian"},
	}
}

func TestJournalComesBackAsWritten(t *testing.T) {
	paths := Paths{Run: t.TempDir()}
	want := testJournal()
	if err := writeJournal(paths, want); err != nil {
		t.Fatal(err)
	}
	got, found, err := readJournal(paths)
	if !found || err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, %v; want %+v", got, found, err, want)
	}
	if err := removeJournal(paths); err != nil {
		t.Fatal(err)
	}
	if _, found, err := readJournal(paths); found || err != nil {
		t.Errorf("after removal: %v, %v", found, err)
	}
}

func TestJudge(t *testing.T) {
	j := testJournal()
	with := func(change func(*journal)) journal {
		c := j
		change(&c)
		return c
	}
	for _, c := range []struct {
		name string
		j    journal
		err  error
		now  time.Duration
		want remedy
	}{
		{"open window", j, nil, 110 * time.Second, remedyResume},
		{"window over", j, nil, 130 * time.Second, remedyUndo},
		{"prepared", with(func(j *journal) { j.State = Prepared }), nil, 0, remedyUndo},
		{"confirming", with(func(j *journal) { j.State = Confirming }), nil, 999 * time.Second, remedyFinish},
		{"rolling back", with(func(j *journal) { j.Reason = "rejected" }), nil, 110 * time.Second, remedyUndo},
		{"unknown state", with(func(j *journal) { j.State = "?" }), nil, 0, remedyUndo},
		{"other boot", with(func(j *journal) { j.BootID = "other" }), nil, 0, remedyNone},
		{"confirming in another boot", with(func(j *journal) { j.BootID, j.State = "other", Confirming }), nil, 0, remedyNone},
		{"unreadable", journal{}, errJournal, 0, remedyUndo},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := judge(c.j, c.err, c.now, "boot"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestDeadlineIsClamped(t *testing.T) {
	const now = 1000 * time.Second
	for _, c := range []struct {
		name              string
		started, deadline time.Duration
		want              time.Duration
	}{
		{"usual", 990 * time.Second, 1020 * time.Second, 1020 * time.Second},
		{"far in the future", 990 * time.Second, 1 << 62, 990*time.Second + maxWindow},
		{"negative", 990 * time.Second, -1 << 62, 0},
		{"flip in the future", 1 << 62, 1 << 62, now + maxWindow},
		{"flip before the boot", -1 << 62, 1 << 62, maxWindow},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := journal{Started: c.started, Deadline: c.deadline}
			if j.clamp(now); j.Deadline != c.want {
				t.Errorf("got %s, want %s", j.Deadline, c.want)
			}
		})
	}
}

func TestJournalIsReadFromARegularFileOnly(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, journalFile)
	if err := os.Symlink("/etc/hostname", name); err != nil {
		t.Fatal(err)
	}
	_, found, err := readJournal(Paths{Run: dir})
	if !found || err == nil {
		t.Errorf("a symbolic link was read: found %v, %v", found, err)
	}
}

// FuzzJournal: whatever the bytes, nothing but a journal that was written as
// confirming is finished, and no window is longer than the longest.
func FuzzJournal(f *testing.F) {
	for _, state := range []State{Prepared, Trial, Confirming} {
		j := testJournal()
		j.State = state
		b, err := j.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte(`{"SHA256":"","Journal":{"State":"confirming"}}`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		const now = 50 * time.Second
		j, err := decodeJournal(b)
		j.clamp(now)
		switch judge(j, err, now, "boot") {
		case remedyFinish:
			again, err := j.encode()
			if err != nil {
				t.Fatal(err)
			}
			if k, err := decodeJournal(again); err != nil || k.State != Confirming {
				t.Fatalf("confirmed from %q", b)
			}
			if _, err := decodeJournal(b); err != nil {
				t.Fatalf("confirmed from damage: %q", b)
			}
		case remedyResume:
			if j.Deadline > now+maxWindow {
				t.Fatalf("waits until %s", j.Deadline)
			}
		}
	})
}

// FuzzQuestion: no bytes but the exact verb and code move a transaction.
func FuzzQuestion(f *testing.F) {
	f.Add([]byte(`{"Verb":"confirm","Code":"ABCD"}` + "\n"))
	f.Add([]byte(`{"Verb":"extend","By":1}`))
	f.Add([]byte("\x00\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := parseQuestion(b)
		if err != nil {
			return
		}
		e, err := q.event()
		if err != nil || e == nil {
			return
		}
		a := decide(testJournal(), 110*time.Second, e)
		if _, kept := a.(keep); kept && (q.Verb != verbConfirm || q.Code != "" && len(q.Code) != 4) {
			t.Fatalf("%q confirmed", b)
		}
	})
}
