package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// ExecError is a program that could not be run, was killed, or ended with a
// status other than 0.
type ExecError struct {
	Cmd    Cmd
	Status int    // exit status; -1 when the program did not end by itself
	Stderr string // at most the first 64 KiB, as the program wrote it
	// Line is the line of Cmd.Stdin, from 1, that the program complains
	// about; 0 when it names none. The tools name the COMMIT line for what
	// only the kernel noticed (legacy always, nft for a missing chain).
	Line int
	// Err is why the program did not run or end: errors of the operating
	// system or of the context, *exec.ExitError when it ended.
	Err error
}

func newExecError(c Cmd, err error, stderr string) *ExecError {
	e := &ExecError{Cmd: c, Status: -1, Stderr: stderr, Line: errorLine(stderr), Err: err}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		e.Status = exit.ExitCode()
	}
	return e
}

// Error is one line: the tool, what it said first, and where.
func (e *ExecError) Error() string {
	said := firstUseful(e.Stderr)
	switch {
	case e.Status < 0:
		return fmt.Sprintf("%s: %v", e.Cmd.Tool, e.Err)
	case said == "":
		return fmt.Sprintf("%s: exit status %d without a message", e.Cmd.Tool, e.Status)
	case e.Line > 0 && !strings.Contains(said, "line "+strconv.Itoa(e.Line)):
		return fmt.Sprintf("%s: %s (line %d)", e.Cmd.Tool, said, e.Line)
	}
	return fmt.Sprintf("%s: %s", e.Cmd.Tool, said)
}

// Unwrap returns Err.
func (e *ExecError) Unwrap() error { return e.Err }

// PayloadLine is a line of what was loaded.
type PayloadLine struct {
	Number int // from 1
	Text   string
}

// Near returns the payload line that the error names with up to around
// neighbours on each side; nothing when the error names no line.
func (e *ExecError) Near(around int) []PayloadLine {
	lines := strings.Split(strings.TrimSuffix(e.Cmd.Stdin, "\n"), "\n")
	if e.Line < 1 || e.Line > len(lines) {
		return nil
	}
	var near []PayloadLine
	for n := max(1, e.Line-around); n <= min(len(lines), e.Line+around); n++ {
		near = append(near, PayloadLine{n, lines[n-1]})
	}
	return near
}

// IsBusy reports whether another program holds the lock of the legacy tools:
// the same call may succeed later. Exit status 4 alone does not say so: the
// nft tools use it for everything that the kernel refuses.
func IsBusy(err error) bool {
	e := asExec(err)
	return e != nil && e.Status == 4 &&
		saysAny(e.Stderr, "holding the xtables lock", "Resource temporarily unavailable")
}

// isTorn reports whether a set was destroyed while rules were read: the save
// tools copy the rules first, and then ask the kernel for the name of each set.
func isTorn(err error) bool {
	e := asExec(err)
	return e != nil && saysAny(e.Stderr, "Set with index")
}

// IsNotExist reports whether a chain, rule or set that the call named is not
// there.
func IsNotExist(err error) bool {
	e := asExec(err)
	return e != nil && saysAny(e.Stderr, "does not exist", "doesn't exist",
		"No chain/target/match by that name", "does a matching rule exist")
}

// IsInUse reports whether a chain or set could not be removed because
// something refers to it, or the chain holds rules. The legacy tools give no
// reason, so it is never true for their chains.
func IsInUse(err error) bool {
	e := asExec(err)
	return e != nil && saysAny(e.Stderr, "it is in use by", "(Device or resource busy)")
}

// IsPermission reports whether the program lacked a right, or we the right to
// run it.
func IsPermission(err error) bool {
	e := asExec(err)
	return e != nil && (errors.Is(e.Err, fs.ErrPermission) ||
		saysAny(e.Stderr, "Permission denied", "Operation not permitted", "must be root"))
}

// IsMissingTool reports whether the program is not installed.
func IsMissingTool(err error) bool {
	e := asExec(err)
	return e != nil && errors.Is(e.Err, errNoTool)
}

// IsTimeout reports whether the program was killed at its deadline.
func IsTimeout(err error) bool {
	e := asExec(err)
	return e != nil && errors.Is(e.Err, context.DeadlineExceeded)
}

func asExec(err error) *ExecError {
	var e *ExecError
	errors.As(err, &e)
	return e
}

func saysAny(text string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

// errorLine finds the payload line in a message. Three shapes are known, from
// iptables 1.8.9 and ipset 7.17:
//
//	Error occurred at line: 3
//	iptables-nft-restore: line 2 failed: Chain already exists.
//	line 6: CHAIN_DEL failed (Device or resource busy): chain q
//
// ipset says "Error in line 4: …", a text without its end gives "COMMIT
// expected at line 3".
func errorLine(stderr string) int {
	for line := range strings.Lines(stderr) {
		for _, shape := range lineShapes {
			if m := shape.FindStringSubmatch(line); m != nil {
				n, _ := strconv.Atoi(m[1]) // 0 when it overflows: no line
				return n
			}
		}
	}
	return 0
}

var lineShapes = []*regexp.Regexp{
	regexp.MustCompile(`^(?:Error occurred at line:|.*COMMIT expected at line) (\d+)`),
	regexp.MustCompile(`^[a-z0-9-]+: line (\d+) failed`),
	regexp.MustCompile(`^line (\d+): [A-Z_]+ failed`),
	regexp.MustCompile(`Can't set policy .* line (\d+):`),
	regexp.MustCompile(`Error in line (\d+):`),
}

// useless matches lines that explain nothing: hints, and line numbers, which
// Error adds itself. banner matches the name and version of the program.
var (
	useless = regexp.MustCompile(`^(?:Error occurred at line|Try ` + "`" + `|# Warning|Another app is currently holding.*still )`)
	banner  = regexp.MustCompile(`^[a-z0-9-]+ v[0-9.]+(?: \([a-z_]+\))?: ?|^ip6?tables[a-z-]*: `)
)

// firstUseful is the first line of a message that says what is wrong, safe to
// print.
func firstUseful(stderr string) string {
	for line := range strings.Lines(stderr) {
		line = banner.ReplaceAllString(strings.TrimSpace(line), "")
		if line != "" && !useless.MatchString(line) {
			return printable(line, 300)
		}
	}
	return ""
}

// printable escapes what could move a terminal's cursor or hide text, and cuts
// to max runes. Rules of others may hold any byte.
func printable(s string, max int) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		if n++; n > max {
			b.WriteString("…")
			break
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
	}
	return b.String()
}
