# costd: `make help` lists what can be made.

GO ?= go

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/costd (the first time takes a few minutes: it links DuckDB)
	$(GO) build -trimpath -ldflags '-s -w' -o bin/costd ./cmd/costd

.PHONY: demo
demo: build ## build, then serve a sample fleet and show how to call it
	bin/costd demo

.PHONY: test
test: ## run every test
	$(GO) test -timeout 10m ./...

PACKAGES ?= ./...
.PHONY: race
race: ## run every test under the race detector, with fewer random cases
	$(GO) test -race -short -timeout 15m $(PACKAGES)

.PHONY: lint
lint: ## gofmt, go vet and staticcheck
	@test -z "$$(gofmt -l .)" || { echo 'not gofmt-ed:'; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.7.0 ./...

.PHONY: sdk
sdk: build ## run the official Python SDK against bin/costd (needs python3 and its package index)
	test/sdk/run

.PHONY: schemathesis
schemathesis: build ## make up requests after openapi.yaml and send them to bin/costd (needs python3 and its package index)
	test/schemathesis/run

# One fuzz target runs at a time, so each is named: package and target.
FUZZTIME ?= 5000x
.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME, a number of cases (5000x) or a time (10s)
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

.PHONY: bench
bench: ## run every benchmark once
	$(GO) test -run '^$$' -bench . -benchtime 1x ./...

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
