package engine

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/tables"
)

// Config is where an Engine finds its things. Empty fields take the defaults
// of the installed program.
type Config struct {
	Dir   string // tables; /etc/microfw
	State string // generations; /var/lib/mfwtui
	Run   string // journal, lock and socket; /run/mfwtui
	Geo   string // country file; empty: look in State
	ASN   string // file of networks and whose they are; empty: look in State
	// Guardian is the command that starts the guardian process.
	Guardian []string
	// SSHConnection is the value of SSH_CONNECTION; Login the name under
	// which somebody became root, for other administrators to read.
	SSHConnection string
	Login         string
	// DockerHost is the value of DOCKER_HOST; empty for the usual socket.
	DockerHost string
	// Kernel replaces the real one, for tests.
	Kernel host.Kernel
}

// The default directories.
const (
	DefaultDir   = "/etc/microfw"
	DefaultState = "/var/lib/mfwtui"
	DefaultRun   = "/run/mfwtui"
)

// Engine is the facade. Its methods may be called at the same time.
type Engine struct {
	cfg    Config
	paths  apply.Paths
	geo    geoData
	hosts  resolver
	log    commandLog
	flows  flowFeed
	rows   flowRows
	denied deniedFeed
	docker dockerFeed
	// exposure is what the live rules let through.
	exposure exposureCache
	names    namingCache
	ports    servicePorts

	reverse reverseNames
	origins originData
	asn     string // the file of networks

	proofs baselines
	moved  trafficMemory
	can    capabilities

	kernel  host.Kernel
	mu      sync.Mutex // of what follows
	disk    store
	counted counterMemory
	since   counterSince
}

var _ Backend = (*Engine)(nil)

// New makes an Engine. It touches nothing: the kernel, the tables and the
// tools are looked at when they are needed.
func New(cfg Config) *Engine {
	setDefault(&cfg.Dir, DefaultDir)
	setDefault(&cfg.State, DefaultState)
	setDefault(&cfg.Run, DefaultRun)
	e := &Engine{
		cfg:    cfg,
		paths:  apply.Paths{State: cfg.State, Run: cfg.Run},
		geo:    geoData{path: cfg.Geo, state: cfg.State},
		asn:    cmp.Or(cfg.ASN, filepath.Join(cfg.State, asnName)),
		disk:   store{dir: cfg.Dir},
		kernel: cfg.Kernel,
	}
	if e.kernel == nil {
		e.kernel = host.NewReal(host.Options{Log: e.log.add})
	}
	return e
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// Host is the name of this machine.
func (e *Engine) Host() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// Dir is the directory of the tables.
func (e *Engine) Dir() string { return e.cfg.Dir }

// CheckDir says why the directory of the tables cannot be used, if so.
func (e *Engine) CheckDir() error { return checkDir(e.cfg.Dir) }

// Load reads the tables from disk.
func (e *Engine) Load() (*tables.Set, tables.Problems) {
	if err := e.CheckDir(); err != nil {
		return nil, tables.Problems{{File: "tables", Severity: tables.Error, Cell: -1, Text: err.Error()}}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hosts.forget()
	set, problems := e.disk.load()
	if noTables(e.cfg.Dir) { // one line says it for all of them
		problems = tables.Problems{{File: "tables", Severity: tables.Error, Cell: -1,
			Text: e.cfg.Dir + ": no tables in it; mfwtui on a terminal offers to make them, and -C DIR names another directory"}}
	}
	return set, problems
}

// Save writes the tables that changed since Load, all or none.
func (e *Engine) Save(set *tables.Set) error {
	if err := e.CheckDir(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.disk.save(set)
}

// who names the person for other administrators: login name and where from.
func (e *Engine) who() string {
	name := e.cfg.Login
	if name == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	if c := e.admin(); c.Client.IsValid() {
		name += " from " + c.Client.Addr().String()
	}
	return name
}

// admin is the administrator's own connection, as far as SSH_CONNECTION tells
// a usable one.
func (e *Engine) admin() apply.Connection {
	c, err := parseSSHConnection(e.cfg.SSHConnection)
	if err != nil {
		return apply.Connection{}
	}
	return c
}

// parseSSHConnection reads "client port server port" as sshd writes it. The
// text comes from the environment, so it is only ever a hint.
func parseSSHConnection(text string) (apply.Connection, error) {
	var c apply.Connection
	words := strings.Fields(text)
	if len(words) != 4 {
		return c, fmt.Errorf("SSH_CONNECTION: %d words, must be 4", len(words))
	}
	client, err := netip.ParseAddrPort(net.JoinHostPort(words[0], words[1]))
	if err != nil {
		return c, fmt.Errorf("SSH_CONNECTION: %w", err)
	}
	server, err := netip.ParseAddrPort(net.JoinHostPort(words[2], words[3]))
	if err != nil {
		return c, fmt.Errorf("SSH_CONNECTION: %w", err)
	}
	plain := func(a netip.AddrPort) netip.AddrPort {
		return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
	}
	return apply.Connection{Client: plain(client), Server: plain(server)}, nil
}
