# costd: `make help` lists what can be made.

GO ?= go

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# DuckDB is C++; go.mod names the Go that is needed.
.PHONY: tools
tools:
	@command -v $(GO) >/dev/null || { echo "costd needs Go $(GO_NEEDED) or newer: install it from https://go.dev/dl/"; exit 1; }
	@have=$$($(GO) env GOVERSION | sed 's/^go//'); oldest=$$(printf '%s\n' "$(GO_NEEDED)" "$$have" | sort -V | head -n 1); \
	  test "$$oldest" = "$(GO_NEEDED)" || { echo "costd needs Go $(GO_NEEDED) or newer, and this is $$have: install it from https://go.dev/dl/"; exit 1; }
	@command -v gcc >/dev/null && command -v g++ >/dev/null || { echo "costd needs gcc and g++: install them (on Debian: apt-get install build-essential)"; exit 1; }

GO_NEEDED := $(shell sed -n 's/^go //p' go.mod)

# The C++ runtime is linked into the binary, so that it runs where there is only libc.
# DuckDB's bindings say -lstdc++, which prefers the shared library: a folder that has
# just the static one, and is searched first, makes it that.
STATIC := $(CURDIR)/bin/static
# What the binary says of itself; a copy of the sources without git says nothing.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
.PHONY: build
build: tools ## build bin/costd (the first time takes a few minutes: it links DuckDB)
	@mkdir -p $(STATIC) && ln -sf "$$(g++ -print-file-name=libstdc++.a)" $(STATIC)/
	$(GO) build -trimpath -ldflags '-s -w -X main.described=$(VERSION) -extldflags "-L$(STATIC) -static-libgcc"' -o bin/costd ./cmd/costd

.PHONY: libraries
libraries: build ## check that bin/costd needs no shared library but those of libc
	@needed=$$(readelf -d bin/costd | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); \
	  test -n "$$needed" || { echo 'readelf names no library of bin/costd: is it linked as usual?'; exit 1; }; \
	  other=$$(echo "$$needed" | grep -vE '^(lib(c|m|dl|pthread|rt|resolv)\.so\.[0-9]+|ld-linux.*)$$'); \
	  test -z "$$other" || { echo "bin/costd needs $$other: link it statically"; exit 1; }

.PHONY: demo
demo: build ## build, then serve a sample fleet and show how to call it; ARGS="--listen ..." go to it
	bin/costd demo $(ARGS)

.PHONY: test
test: tools ## run every test
	$(GO) test -timeout 20m ./...

PACKAGES ?= ./...
.PHONY: race
race: tools ## run every test under the race detector, with fewer random cases
	$(GO) test -race -short -timeout 30m $(PACKAGES)

.PHONY: lint
lint: tools ## gofmt, go mod tidy, go vet and staticcheck
	@test -z "$$(gofmt -l .)" || { echo 'not gofmt-ed:'; gofmt -l .; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.7.0 ./...

.PHONY: sdk
sdk: build ## run the official Python SDK against bin/costd (needs python3 and its package index)
	test/sdk/run

.PHONY: readme
readme: build ## run the shell blocks of README.md as they stand (needs curl, and ports 8080 and 8081)
	test/readme/run

.PHONY: schemathesis
schemathesis: build ## make up requests after openapi.yaml and send them to bin/costd (needs python3 and its package index)
	test/schemathesis/run

# One fuzz target runs at a time, so each is named: package and target.
FUZZTIME ?= 5000x
.PHONY: fuzz
fuzz: tools ## run every fuzz target for FUZZTIME, a number of cases (5000x) or a time (10s)
	@for file in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
	  for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$file); do \
	    $(GO) test $$(dirname $$file) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x || exit 1; \
	  done; \
	done

KILLS ?= 200
COSTD ?= $(CURDIR)/bin/costd
.PHONY: kills
kills: build ## kill COSTD (bin/costd) KILLS times amid its work, and see that nothing is lost
	$(GO) test -timeout 30m -count 1 ./test/crash -run '^TestKill$$' -args -kills $(KILLS) -costd "$(COSTD)"

.PHONY: faults
faults: build ## do harm of every kind to COSTD (bin/costd), and want full health without a restart
	$(GO) test -timeout 30m -count 1 ./test/faults -args -costd "$(COSTD)"

MINUTES ?= 60
.PHONY: hour
hour: build ## do harm of all kinds at once to COSTD (bin/costd) for MINUTES (60) beside honest use, and want full health
	$(GO) test -timeout 0 -count 1 -v ./test/faults -run '^TestHour$$' -args -minutes $(MINUTES) -costd "$(COSTD)"

STATES ?= 1000
.PHONY: disk
disk: build ## lose power under COSTD (bin/costd) in STATES ways, damage its files, and see that nothing is lost in silence
	$(GO) test -timeout 60m -count 1 ./test/disk -v -args -states $(STATES) -seed 0 -costd "$(COSTD)"

INJECTIONS ?= 20000
.PHONY: injection
injection: tools ## make INJECTIONS operations on stores whose database fails at random, under the race detector
	$(GO) test -race -timeout 24h -count 1 ./store/duckdb -run '^TestInjection$$' -v -args -injection-seed 0 -injections $(INJECTIONS)

.PHONY: bench
bench: tools ## run every benchmark once
	$(GO) test -run '^$$' -bench . -benchtime 1x ./...

.PHONY: bench-run
bench-run: build ## measure bin/costd beside SQL and a bare handler; ARGS="--records N ..." go to it
	$(GO) build -trimpath -o bin/costd-bench ./cmd/costd-bench
	bin/costd-bench $(ARGS)

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
