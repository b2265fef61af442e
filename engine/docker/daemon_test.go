package docker_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
)

// daemon is a Docker engine of its own: in the network namespace of a host, with
// mounts, processes, a socket and data of its own. Its first process ends with
// the test, whatever becomes of that, and then the kernel ends all others; its
// mounts are in no other namespace.
type daemon struct {
	t      *testing.T
	host   *lab.Host
	dir    string
	socket string
	cgroup string
	env    []string
	api    *client.Client

	cmd    *exec.Cmd // nil: not running
	orders io.WriteCloser
	ended  chan error
}

// engineLimit is how long an engine may take to start or to stop.
const engineLimit = 3 * time.Minute

// newDaemon makes an engine on a host that is not started yet. It writes its
// rules with the tools of a back end, and waits for the lock that the world's
// tools wait for: those of legacy replace whole tables.
func newDaemon(t *testing.T, on *lab.Host, tools host.Options) *daemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "mfw") // short: the path of a socket has 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, host: on, dir: dir, socket: filepath.Join(dir, "docker.sock"), cgroup: "/" + filepath.Base(dir)}
	t.Cleanup(d.remove)
	// The machine's own configuration is none of ours.
	if err := os.WriteFile(filepath.Join(dir, "daemon.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if d.env, err = toolsOf(tools, filepath.Join(dir, "tools")); err != nil {
		t.Fatal(err)
	}
	if d.api, err = client.New(client.WithHost("unix://" + d.socket)); err != nil {
		t.Fatal(err)
	}
	return d
}

// toolsOf fills a directory with the tools of a back end, under the names that an
// engine looks for in its path, and gives the environment to look there.
func toolsOf(tools host.Options, dir string) (env []string, err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	for _, family := range []string{"iptables", "ip6tables"} {
		path, err := exec.LookPath(family + "-" + string(tools.Backend))
		if err == nil {
			err = os.Symlink(path, filepath.Join(dir, family))
		}
		if err != nil {
			return nil, err
		}
	}
	return append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "XTABLES_LOCKFILE="+tools.LockFile), nil
}

// start starts the engine and waits until it answers.
func (d *daemon) start() {
	d.t.Helper()
	args := []string{"engine", filepath.Join(d.dir, "log"),
		"--host=unix://" + d.socket, "--data-root=" + filepath.Join(d.dir, "data"), "--exec-root=/run/docker",
		"--pidfile=/run/docker.pid", "--config-file=" + filepath.Join(d.dir, "daemon.json"),
		"--storage-driver=vfs", "--cgroup-parent=" + d.cgroup, "--log-driver=none", "--iptables=true", "--shutdown-timeout=5",
	}
	d.cmd = exec.Command("/proc/self/exe", args...)
	d.cmd.Env = d.env
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID}
	d.cmd.Stderr = os.Stderr
	orders, err := d.cmd.StdinPipe()
	if err == nil {
		err = d.host.Do(d.cmd.Start)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.orders, d.ended = orders, make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan<- error) { ended <- cmd.Wait() }(d.cmd, d.ended)
	d.await(func(ctx context.Context) error { _, err := d.api.Ping(ctx, client.PingOptions{}); return err })
}

// await tries until something works.
func (d *daemon) await(try func(context.Context) error) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), engineLimit)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		select {
		case failed := <-d.ended:
			d.ended <- failed
			cancel()
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(d.dir, "log"))
			d.t.Fatalf("%v; the engine's log:\n%s", err, log[max(0, len(log)-4000):])
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the engine as systemctl does, and its containers with it.
func (d *daemon) stop() {
	d.t.Helper()
	if d.cmd == nil {
		return
	}
	fmt.Fprintln(d.orders, "stop")
	select {
	case err := <-d.ended:
		if err != nil {
			d.t.Errorf("the engine ended badly: %v", err)
		}
	case <-time.After(engineLimit):
		d.t.Error("the engine does not end")
		d.cmd.Process.Kill()
		<-d.ended
	}
	d.orders.Close()
	d.cmd = nil
}

func (d *daemon) restart() {
	d.t.Helper()
	d.stop()
	d.start()
}

// remove ends the engine at once, and everything that it made.
func (d *daemon) remove() {
	if d.cmd != nil {
		d.orders.Close()
		d.cmd.Process.Kill()
		<-d.ended
	}
	d.api.Close()
	if err := os.RemoveAll(d.dir); err != nil {
		d.t.Error(err)
	}
	for _, pattern := range []string{"/sys/fs/cgroup" + d.cgroup, "/sys/fs/cgroup/*" + d.cgroup} {
		roots, _ := filepath.Glob(pattern)
		for _, root := range roots {
			if err := removeCgroups(root); err != nil {
				d.t.Error(err)
			}
		}
	}
}

// removeCgroups removes control groups without processes. The kernel takes a
// moment to find that the last process of one is gone.
func removeCgroups(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if err := removeCgroups(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		err := unix.Rmdir(dir)
		if !errors.Is(err, unix.EBUSY) || time.Now().After(end) {
			return err
		}
	}
}

// image is the tag of the image that load makes.
const image = "mfwtui/server:test"

// serverProgram builds the program of the containers, once.
var serverProgram = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "mfw")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "server")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "./testdata/server")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the program of the containers: %w\n%s", err, out)
	}
	return os.ReadFile(path)
})

// load makes an image from scratch that holds one static program.
func (d *daemon) load() {
	d.t.Helper()
	program, err := serverProgram()
	if err != nil {
		d.t.Fatal(err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	err = w.WriteHeader(&tar.Header{Name: "server", Mode: 0o755, Size: int64(len(program))})
	if err == nil {
		_, err = w.Write(program)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		d.t.Fatal(err)
	}
	result, err := d.api.ImageImport(d.t.Context(), client.ImageImportSource{Source: &layer, SourceName: "-"}, image,
		client.ImageImportOptions{Changes: []string{`ENTRYPOINT ["/server"]`}})
	if err == nil {
		_, err = io.Copy(io.Discard, result)
		result.Close()
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// run starts a container that serves ports; publish are pairs "8080:80". It
// comes back with the engine.
func (d *daemon) run(name, networkName string, ports []string, publish ...string) {
	d.t.Helper()
	bindings, exposed := network.PortMap{}, network.PortSet{}
	for _, p := range publish {
		outer, inner, _ := strings.Cut(p, ":")
		port := network.MustParsePort(inner + "/tcp")
		exposed[port] = struct{}{}
		bindings[port] = append(bindings[port], network.PortBinding{HostPort: outer, HostIP: netip.Addr{}})
	}
	made, err := d.api.ContainerCreate(d.t.Context(), client.ContainerCreateOptions{
		Name:   name,
		Config: &container.Config{Image: image, Cmd: append([]string{name}, ports...), ExposedPorts: exposed},
		HostConfig: &container.HostConfig{
			PortBindings: bindings, NetworkMode: container.NetworkMode(networkName),
			RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyAlways},
		},
	})
	if err == nil {
		_, err = d.api.ContainerStart(d.t.Context(), made.ID, client.ContainerStartOptions{})
	}
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(d.dir, "log"))
		d.t.Fatalf("run %s: %v\n%s", name, err, log[max(0, len(log)-4000):])
	}
}

// inside is a container as a host that probes.
func (d *daemon) inside(name string) *lab.Host {
	d.t.Helper()
	found, err := d.api.ContainerInspect(d.t.Context(), name, client.ContainerInspectOptions{})
	if err != nil {
		d.t.Fatal(err)
	}
	// The key is a mount that only the engine's namespace has.
	path := fmt.Sprintf("/proc/%d/root%s", d.cmd.Process.Pid, strings.Replace(found.Container.NetworkSettings.SandboxKey, "/var/run", "/run", 1))
	ns, err := lab.OpenNamespace(path)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { ns.Close() })
	h := &lab.Host{Namespace: ns, Name: name}
	for _, e := range found.Container.NetworkSettings.Networks {
		h.V4, h.V6 = e.IPAddress, e.GlobalIPv6Address
	}
	return h
}

// runEngine is the first process of an engine's namespaces: it makes the mounts
// its own, starts dockerd, passes on the orders that it reads, and waits for the
// processes that lose their parent. It ends with dockerd, or with whoever gives
// the orders.
func runEngine(logFile string, args []string) error {
	for _, m := range []struct {
		source, target, kind string
		flags                uintptr
	}{
		{"", "/", "", unix.MS_REC | unix.MS_PRIVATE},
		{"proc", "/proc", "proc", 0},
		{"tmpfs", "/run", "tmpfs", 0},
	} {
		if err := unix.Mount(m.source, m.target, m.kind, m.flags, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	cmd := exec.Command("dockerd", args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		orders := bufio.NewScanner(os.Stdin)
		for orders.Scan() {
			cmd.Process.Signal(syscall.SIGTERM)
		}
		syscall.Exit(1)
	}()
	for {
		var status syscall.WaitStatus
		switch pid, err := syscall.Wait4(-1, &status, 0, nil); {
		case err == syscall.EINTR || err == nil && pid != cmd.Process.Pid:
		case err != nil:
			return err
		case status.ExitStatus() != 0:
			return fmt.Errorf("dockerd ended with %d", status.ExitStatus())
		default:
			return nil
		}
	}
}
