# `make` or `make help` lists the targets. Go, git and make are enough for
# `make demo` and `make test`.

# ---- settings: make VARIABLE=value --------------------------------------------
FUZZTIME ?= 30s#        how long `make fuzz` spends on each target
BENCH    ?= .#          which Go benchmarks `make bench` runs: a regular expression
CHAOS    ?=#            flags for `make chaos`, as -seed 7
RACE     ?= auto#       race detector in `make test`: auto (where a C compiler works), on, off
DEMO_DIR ?= dist/registry#  where `make demo` publishes to
GOVULNDB ?=#            vulnerability database for `make vuln`; govulncheck's own by default
BINDIR   ?= $(or $(shell go env GOBIN),$(firstword $(subst :, ,$(shell go env GOPATH)))/bin)#  for `make install`

# ---- programs that tests and linters drive: pinned here, built into .bin --------
REGISTRY_VERSION      := v3.1.2
ORAS_VERSION          := v1.3.6
GOLANGCI_LINT_VERSION := v2.15.0
GOFUMPT_VERSION       := v0.12.0
GOVULNCHECK_VERSION   := v1.9.0
REGSYNC_VERSION       := v0.11.7#  only `make bench` needs it

REGISTRY_PKG      := github.com/distribution/distribution/v3/cmd/registry
ORAS_PKG          := oras.land/oras/cmd/oras
GOLANGCI_LINT_PKG := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
GOFUMPT_PKG       := mvdan.cc/gofumpt
GOVULNCHECK_PKG   := golang.org/x/vuln/cmd/govulncheck
REGSYNC_PKG       := github.com/regclient/regclient/cmd/regsync

# A module of its own, so that the types of Kubernetes are no dependency of packs.
# What it tests lies outside of it, where the cache of results sees no change.
KUBERNETES := examples/kubernetes/testdata

BIN   := .bin
TOOLS := registry oras golangci-lint gofumpt govulncheck

# The same commit gives the same program on every machine. Go writes the commit
# into it where git answers.
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
BUILD   := -trimpath -buildvcs=$(if $(VERSION),true,false) -ldflags '-s -w -X main.release=$(VERSION)'

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help man demo demo-ecr demo-harbor demo-palette build install test lint bench chaos fuzz vuln reproducible cover check tools clean

help: ## list the targets
	@echo 'usage: make TARGET [VARIABLE=value]'; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s  %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo; echo 'variables:'
	@awk -F '[?]=|#' '/^[A-Z]+ *[?]=/ {gsub(/^ +/, "", $$3); printf "  %-11s  %s\n", $$1, $$3}' $(firstword $(MAKEFILE_LIST))

demo: build ## publish the example packs to a folder of OCI layouts: no server, no credentials
	@.ci/demo '$(DEMO_DIR)'

demo-ecr: $(BIN)/registry $(BIN)/oras ## publish the example packs to a test server that answers as Amazon ECR does
	@examples/ecr/run.sh

demo-harbor: $(BIN)/registry $(BIN)/oras ## the same with Harbor, whose project is created
	@examples/harbor/run.sh

demo-palette: $(BIN)/registry ## the same, then registered, synced and verified in a test server that answers as Palette does
	@examples/palette/run.sh

build: ## build ./packs
	CGO_ENABLED=0 go build $(BUILD) -o packs ./cmd/packs

install: build ## install packs, and kubectl-packs beside it, into BINDIR
	mkdir -p '$(BINDIR)'
	install -m 0755 packs '$(BINDIR)/packs'
	ln -sf packs '$(BINDIR)/kubectl-packs'

test: ## run the tests; those of a program that cannot be built are skipped by its name
	@$(MAKE) --no-print-directory $(BIN)/registry $(BIN)/oras || \
	  { [ "$${CI:-}" != true ] && echo 'make test: going on without; tests that need the missing program are skipped'; }
	@race=$$(.ci/race '$(RACE)') && set -x && go test -timeout 30m -parallel 8 $$race ./...
	@cd $(KUBERNETES) && if go mod download; then set -x; go test -count=1 ./...; \
	  elif [ "$${CI:-}" = true ]; then exit 1; \
	  else echo 'make test: going on without $(KUBERNETES), whose modules cannot be downloaded'; fi

man: ## manual pages of all commands into dist/man
	go test ./cmd/packs -run '^TestManualPagesCanBeMade$$' -count=1 -man '$(CURDIR)/dist/man'

lint: $(BIN)/golangci-lint $(BIN)/gofumpt ## linters, formatting, go.mod, and that Windows and macOS compile
	$(BIN)/golangci-lint config verify
	$(BIN)/golangci-lint run --allow-parallel-runners ./...
	@files=$$($(BIN)/gofumpt -l .) && if [ -n "$$files" ]; then \
	  printf 'not formatted, run `%s -w .`:\n%s\n' '$(BIN)/gofumpt' "$$files"; exit 1; fi
	go mod tidy -diff
	GOOS=windows CGO_ENABLED=0 go vet ./...
	GOOS=darwin CGO_ENABLED=0 go vet ./...
	cd $(KUBERNETES) && go mod tidy -diff && go vet ./...

bench: $(BIN)/registry $(BIN)/oras $(BIN)/regsync ## Go benchmarks, then packs against a loop of tar and oras, and regsync, on a real registry
	CGO_ENABLED=0 go build $(BUILD) -o $(BIN)/packs ./cmd/packs
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...
	go run ./internal/bench

chaos: $(BIN)/registry $(BIN)/oras ## publish 500 packs through 10 % faults and 20 kills, and prove that nothing is lost; CHAOS=flags
	CGO_ENABLED=0 go build $(BUILD) -o $(BIN)/packs ./cmd/packs
	go run ./internal/chaos $(CHAOS)

fuzz: ## run each fuzz target for FUZZTIME
	@.ci/fuzz '$(FUZZTIME)'

vuln: $(BIN)/govulncheck ## that modules are those of go.sum, and known vulnerabilities in what packs calls; "not checked" where the database is out of reach
	go mod verify
	@.ci/vuln '$(BIN)/govulncheck' '$(GOVULNDB)'

reproducible: ## build the last commit twice, in two places with empty caches, and compare: the same program
	@.ci/reproducible

cover: $(BIN)/registry $(BIN)/oras ## coverage of the tests, all packages together: coverage.out
	go test -coverpkg=./... -coverprofile=coverage.out ./...
	@go tool cover -func=coverage.out | tail -n 1
	@echo 'lines: go tool cover -html=coverage.out'

check: lint test vuln ## what a change must pass

tools: $(TOOLS:%=$(BIN)/%) ## build every pinned program into .bin

clean: ## remove what build, demo and cover made; .bin stays, since building it again takes minutes
	rm -rf packs kubectl-packs dist coverage.out

# $(call tool,NAME,PACKAGE,VERSION): a file named after the version is older than
# the program unless the version here has changed; a program that is already of
# that version is kept.
define tool
$(BIN)/.$(1)-$(3):
	@mkdir -p $(BIN); rm -f $(BIN)/.$(1)-*; touch $$@
$(BIN)/$(1): $(BIN)/.$(1)-$(3)
	@if go version -m $$@ 2>/dev/null | grep -q '^[[:space:]]*mod[[:space:]].*[[:space:]]$(3)\([[:space:]]\|$$$$\)'; then touch $$@; else \
	  echo 'building $(1) $(3) into $(BIN)'; \
	  GOFLAGS= GOOS= GOARCH= GOBIN='$(CURDIR)/$(BIN)' CGO_ENABLED=0 go install -trimpath $(2)@$(3); fi
endef
$(eval $(call tool,registry,$(REGISTRY_PKG),$(REGISTRY_VERSION)))
$(eval $(call tool,oras,$(ORAS_PKG),$(ORAS_VERSION)))
$(eval $(call tool,golangci-lint,$(GOLANGCI_LINT_PKG),$(GOLANGCI_LINT_VERSION)))
$(eval $(call tool,gofumpt,$(GOFUMPT_PKG),$(GOFUMPT_VERSION)))
$(eval $(call tool,govulncheck,$(GOVULNCHECK_PKG),$(GOVULNCHECK_VERSION)))
$(eval $(call tool,regsync,$(REGSYNC_PKG),$(REGSYNC_VERSION)))
