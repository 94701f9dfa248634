# Berth. Start with `make demo`; `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Go is often unpacked in this place on fresh machines, and not in PATH.
export PATH := $(PATH):/usr/local/go/bin:/usr/sbin:/sbin
# A clone that belongs to somebody else must build all the same.
export GOFLAGS ?= -buildvcs=false
export FUZZTIME ?= 60s
export AWS_PAGER :=
export AWS_EC2_METADATA_DISABLED := true

.NOTPARALLEL:
.PHONY: help build setup demo test check format vet lint unit acceptance compat bench fuzz clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## build bin/berth
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -o bin/berth ./cmd/berth

setup: ## install what is missing, start Docker, build the test image
	@bash scripts/setup.sh

demo: ## watch the AWS CLI run real containers, about a minute
	@bash scripts/demo.sh

test: setup check acceptance ## everything that must pass: check, then acceptance

check: format vet lint unit ## format, vet, staticcheck, architecture and unit tests with the race detector

format:
	@echo "check: gofmt"
	@bad=$$(gofmt -l .); \
	if [ -n "$$bad" ]; then echo "not formatted (gofmt -w does it):"; echo "$$bad"; exit 1; fi

vet:
	@echo "check: go vet"
	@go vet ./...
	@go vet -tags acceptance ./test/acceptance/...

lint:
	@echo "check: staticcheck"
	@go tool staticcheck ./...

unit:
	@echo "check: architecture tests"
	@go test -count=1 ./test/architecture/...
	@echo "check: unit tests with the race detector"
	@go test -race -timeout 15m $$(go list ./... | grep -v /test/architecture)

acceptance: setup build ## black box: the AWS CLI and boto3 against bin/berth with real containers
	@go run ./test/acceptance/runner

compat: ## write docs/compatibility.md from the last acceptance run
	@go run ./test/acceptance/compat

bench: setup build ## Go benchmarks, then load through the API with simulated agents
	go test -run '^$$' -bench . -benchmem ./...
	bin/berth bench

fuzz: ## every fuzz target for FUZZTIME (60s)
	@bash scripts/fuzz.sh

clean: ## remove what was built
	rm -rf bin .work
