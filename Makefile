# Two commands do everything on a fresh Debian or Ubuntu machine that has Go:
#   make demo    build, and open the console in a private network
#   make test    vet, staticcheck, the race detector and every test, the kernel ones included
# Both install the Debian packages that are missing and say which.

GO          ?= go
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
PREFIX      ?= /usr
DESTDIR     ?=
TABLES      ?= /etc/microfw
UNITS       ?= /usr/lib/systemd/system
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
TESTFLAGS   ?=
SUDO        := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: build demo pictures test check lint bench fuzz install uninstall deps test-deps clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o mfwtui ./cmd/mfwtui

demo: deps build
	./mfwtui demo

# The pictures of README, from the real program.
pictures: deps build
	$(GO) run ./tui/tuitest/record -program ./mfwtui -to etc/pictures

# The kernel tests make network namespaces of their own and need root. The tests
# of the console that look at every size, every text and its memory are whole without the
# race detector only. Most of the kernel tests wait most of the time.
RACE = test -race -p 3 -parallel 4 -timeout 30m $(TESTFLAGS) ./...
test: test-deps lint
	$(GO) test $(TESTFLAGS) -run 'EverySize|EveryText|LittleMemory' ./tui
	@if [ "$$(id -u)" = 0 ]; then MFWTUI_TEST_KERNEL=must $(GO) $(RACE); \
	elif sudo -n true 2>/dev/null; then sudo -E env "PATH=$$PATH" "GOPATH=$$($(GO) env GOPATH)" "GOCACHE=$$($(GO) env GOCACHE)" \
		MFWTUI_TEST_KERNEL=must $(GO) $(RACE); \
	else echo 'make test: not root and no sudo: the kernel tests will say that they were skipped'; $(GO) $(RACE); fi

# What needs neither root nor packages.
check: lint
	$(GO) test ./...

lint:
	@bad=$$(gofmt -l cmd engine etc tables tui); [ -z "$$bad" ] || { echo "gofmt would change: $$bad"; exit 1; }
	$(GO) vet ./...
	CGO_ENABLED=0 $(GO) run $(STATICCHECK) ./...

bench: test-deps build
	MFWTUI_TEST_KERNEL=must MFWTUI_BIN=$(CURDIR)/mfwtui $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m ./...

FUZZTIME ?= 30s
fuzz:
	@set -e; for p in tables engine/ruleset engine/apply; do \
		for f in $$($(GO) test -list '^Fuzz' ./$$p | grep '^Fuzz'); do $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) ./$$p; done; done

install: build
	install -D -m 0755 mfwtui $(DESTDIR)$(PREFIX)/sbin/mfwtui
	install -D -m 0644 etc/mfwtui.service $(DESTDIR)$(UNITS)/mfwtui.service
	install -D -m 0644 etc/mfwtui-docker.service $(DESTDIR)$(UNITS)/mfwtui-docker.service
	@for t in addresses services interfaces rules virtuals options; do \
		if [ -e $(DESTDIR)$(TABLES)/$$t ]; then echo "keeping $(DESTDIR)$(TABLES)/$$t"; \
		else install -D -m 0640 etc/$$t $(DESTDIR)$(TABLES)/$$t; fi; done
	@echo 'edit the tables in $(TABLES), then: mfwtui check && mfwtui, and when it is as you want it: systemctl enable mfwtui'

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/mfwtui $(DESTDIR)$(UNITS)/mfwtui.service $(DESTDIR)$(UNITS)/mfwtui-docker.service
	@echo 'kept: $(TABLES) and /var/lib/mfwtui; remove them by hand when you are sure'

# $(call packages,WHAT,PROGRAM:PACKAGE ...) installs the packages whose program is missing.
define packages
	@missing=; for p in $(2); do prog=$${p%%:*}; \
		PATH="$$PATH:/usr/sbin:/sbin" command -v $$prog >/dev/null 2>&1 || missing="$$missing $${p#*:}"; done; \
	if [ -n "$$missing" ]; then \
		if command -v apt-get >/dev/null 2>&1; then echo "$(1): installing$$missing"; \
			$(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
		else echo "$(1): this is not Debian or Ubuntu; install the programs of these packages yourself:$$missing"; exit 1; fi; fi
endef

# Installs a package whose services are neither started now nor enabled for the next boot.
define quiet_package
	@PATH="$$PATH:/usr/sbin:/sbin" command -v $(2) >/dev/null 2>&1 || { \
		command -v apt-get >/dev/null 2>&1 || { echo "$(1): this is not Debian or Ubuntu; install $(3) yourself"; exit 1; }; \
		echo "$(1): installing $(3), without starting it"; \
		policy=/usr/sbin/policy-rc.d; \
		[ ! -e $$policy ] || $(SUDO) mv $$policy $$policy.kept; \
		printf '#!/bin/sh\nexit 101\n' | $(SUDO) tee $$policy >/dev/null; $(SUDO) chmod 755 $$policy; \
		$(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $(3) >/dev/null; \
		status=$$?; \
		$(SUDO) rm -f $$policy; [ ! -e $$policy.kept ] || $(SUDO) mv $$policy.kept $$policy; \
		[ ! -d /run/systemd/system ] || $(SUDO) systemctl disable -q $(4); \
		exit $$status; }
endef

deps:
	$(call packages,make demo,iptables:iptables ipset:ipset conntrack:conntrack)

# gcc is for the race detector.
test-deps:
	$(call packages,make test,iptables:iptables ipset:ipset conntrack:conntrack unshare:util-linux gcc:gcc nft:nftables)
	$(call quiet_package,make test,dockerd,docker.io,docker.service docker.socket containerd.service)
	@[ -e /usr/include/stdio.h ] || $(SUDO) apt-get install -y -qq --no-install-recommends libc6-dev >/dev/null

clean:
	rm -f mfwtui
