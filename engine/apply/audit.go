package apply

import (
	"fmt"
	"log/syslog"
	"strings"
)

// systemRun is where a transaction of this machine keeps its journal; others
// are a demonstration or a test, and no business of the system's log.
const systemRun = "/run/mfwtui"

// audit writes one line about the end of a transaction to the system's log,
// as far as there is one; the generations are the record that stays.
func audit(paths Paths, j journal) {
	if paths.Run != systemRun {
		return
	}
	w, err := syslog.New(syslog.LOG_AUTHPRIV|syslog.LOG_NOTICE, "mfwtui")
	if err != nil {
		return
	}
	defer w.Close()
	_, _ = fmt.Fprintf(w, "transaction %s by %s: %s (%s)", j.ID, oneLine(orUnknown(j.Who)), j.State, oneLine(j.Reason))
}

// oneLine keeps text of others from making lines of its own.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
