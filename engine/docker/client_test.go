package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// serve answers as an engine on a socket of its own, and notes the requests.
func serve(t *testing.T, answers map[string]string) (socket string, requests func() []string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "mfw") // short: the path of a socket has 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var seen []string
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Method+" "+r.URL.Path)
		mu.Unlock()
		w.Header().Set("Api-Version", "1.41")
		path := r.URL.Path
		if rest, ok := strings.CutPrefix(path, "/v1.41"); ok {
			path = rest
		}
		if text, ok := answers[path]; ok {
			io.WriteString(w, text)
			return
		}
		if path != "/_ping" {
			http.Error(w, `{"message":"no such thing"}`, http.StatusNotFound)
		}
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return socket, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

const (
	webID = "c3fc225fc37ee0845b6d43b804dc3be65f5c2a1be80ba822f1e95e67537a15e7"
	netID = "16c1472f9258254871c9a2d166f9451500ac90768bd00f4234d59080b164d3e5"
)

// answers are those of 20.10, with a name that somebody chose to do harm.
func answers() map[string]string {
	return map[string]string{
		"/info":     `{"ServerVersion":"20.10.24"}`,
		"/networks": `[{"Name":"front","Id":"` + netID + `","Driver":"bridge","IPAM":{"Config":[{"Subnet":"172.18.0.0/16","Gateway":"172.18.0.1"}]},"Options":{}}]`,
		"/containers/json": `[{"Id":"` + webID + `","Names":["/proxy/alias","/web\u001b]52;c;eA==\u0007"],"State":"running",` +
			`"Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":90,"Type":"tcp"}],` +
			`"HostConfig":{"NetworkMode":"front"},"NetworkSettings":{"Networks":{"front":{"NetworkID":"` + netID + `","IPAddress":"172.18.0.2","GlobalIPv6Address":""}}}},` +
			`{"Id":"not an id","Names":["/x"]}]`,
	}
}

func TestASnapshotIsReadByReadingCallsAtTheVersionOfTheEngine(t *testing.T) {
	socket, requests := serve(t, answers())
	snap, err := Read(t.Context(), socket)
	if err != nil {
		t.Fatal(err)
	}
	want := "20.10.24 1.41 iptables web\x1b]52;c;eA==\a running [{" + netID + " front br-" + netID[:12] + " 172.18.0.2 invalid IP}] [{0.0.0.0:8080 6 80}]"
	c := snap.Containers[0]
	got := fmt.Sprintln(snap.Version, snap.API, snap.Firewall, c.Name, c.State, c.Endpoints, c.Published)
	if diff := cmp.Diff(want+"\n", got); diff != "" || len(snap.Containers) != 1 {
		t.Errorf("%d containers (-want +got):\n%s", len(snap.Containers), diff)
	}
	wantCalls := []string{"HEAD /_ping", "GET /v1.41/info", "GET /v1.41/networks", "GET /v1.41/containers/json"}
	if diff := cmp.Diff(wantCalls, requests()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAnAnswerThatIsTooLongOrNoJSONIsAnError(t *testing.T) {
	for name, text := range map[string]string{
		"too long": `[{"Id":"` + strings.Repeat("a", maxAnswer) + `"}]`,
		"garbage":  "<html>",
		"cut off":  `[{"Id":`,
	} {
		t.Run(name, func(t *testing.T) {
			bad := answers()
			bad["/containers/json"] = text
			socket, _ := serve(t, bad)
			if _, err := Read(t.Context(), socket); err == nil || !strings.Contains(err.Error(), "list the containers of Docker") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestWithoutAnEngineTheErrorSaysSoInOneLine(t *testing.T) {
	dead := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", dead)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	for socket, want := range map[string]string{
		"/nowhere/docker.sock": "no Docker engine: there is no socket /nowhere/docker.sock",
		dead:                   "the Docker engine does not answer at " + dead + ": connection refused",
	} {
		_, err := Read(t.Context(), socket)
		var absent *AbsentError
		if !errors.As(err, &absent) || err.Error() != want {
			t.Errorf("%T %v, want %s", err, err, want)
		}
	}
}

func TestAnEngineThatHangsIsGivenUp(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Read(ctx, socket); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestOnlyASocketOfThisMachineWillDo(t *testing.T) {
	for host, want := range map[string]string{
		"":                         DefaultSocket,
		"unix:///run/other.sock":   "/run/other.sock",
		"tcp://192.0.2.1:2375":     "",
		"ssh://root@192.0.2.1":     "",
		"unix://relative.sock":     "",
		"npipe:////./pipe/docker_": "",
	} {
		if got, err := Socket(host); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", host, got, err, want)
		}
	}
}

func TestAStreamOfEventsMayBeLongButNoEventMay(t *testing.T) {
	line := strings.Repeat("x", maxEvent/4) + "\n"
	for text, want := range map[string]error{strings.Repeat(line, 12): nil, strings.Repeat("x", maxEvent+1): errTooLong} {
		b := &bounded{ReadCloser: io.NopCloser(strings.NewReader(text)), left: maxEvent, perLine: maxEvent}
		if _, err := io.Copy(io.Discard, b); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", len(text), err, want)
		}
	}
}

func TestNothingButReadingCallsIsSent(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://docker/containers/create", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (onlyReads{http.DefaultTransport}).RoundTrip(req); err == nil {
		t.Error("a POST was sent")
	}
}
