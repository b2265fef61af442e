// Package etc holds the sample tables that mfwtui is installed with and that
// its demonstration starts from: a firewall with an internet side (eth0), an
// internal network (eth1) and containers (docker0).
//
// The folder also holds the systemd units. The package has no code: it only
// embeds the tables.
package etc

import "embed"

// Samples holds the sample tables, each under its file name.
//
//go:embed addresses services interfaces rules virtuals options
var Samples embed.FS
