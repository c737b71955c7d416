# What this repository can do. `make` alone prints the list and changes nothing.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

# The architecture of the Lambda functions. It must not reach any other command:
# with GOARCH exported, `go run` builds a program that this machine cannot start.
GOARCH ?= arm64
unexport GOARCH GOOS

DIST := dist/$(GOARCH)

# How a function is built is said in internal/build/lambda, for the construct of infra/ too.
# What it takes from this machine is the Go that runs it.
BUILD := env -u GOARCH -u GOOS GOFLAGS=-mod=readonly GOWORK=off go run ./internal/build/functions -goarch "$(GOARCH)"

.PHONY: help
help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

# tools/foreground keeps Ctrl-C quiet.
.PHONY: run
run: ## Start the service on this machine, simulator included (needs Go alone)
	@test -e dist/host/local || echo 'make: Go compiles this for the first time, which takes a minute or so' >&2
	@go build -o dist/host/local ./cmd/local
	@tools/foreground dist/host/local

.PHONY: simulator
simulator: ## Start the Infobip simulator alone (needs Go alone)
	@go build -o dist/host/simulator ./cmd/simulator
	@tools/foreground dist/host/simulator

# The result is committed, so that nothing else needs Node; a test builds it anew and compares.
.PHONY: web
web: ## Build the console page and otp.d.ts from web/ (needs Node)
	@tools/install node
	@cd web && npm ci && npm run --silent build

.PHONY: screenshots
screenshots: ## Renew README's two pictures of the console (needs Chromium)
	@tools/install chromium
	@cd test && go test -count=1 -run '^TestStranger$$' ./web
	@go run ./internal/build/png docs/images dist/screenshots/console-code.png dist/screenshots/console-proof.png

.PHONY: first-minute
first-minute: ## How long a stranger waits for `make run` and a verified number, with empty caches (needs Chromium)
	@tools/install chromium
	@tools/first-minute

.PHONY: check
check: ## The fast inner loop: format, vet, short tests, builds (needs Go alone)
	@tools/format
	@go vet ./...
	@go test -short -skip '^TestEveryInterleavingOfThreeRequests$$' ./...
	@go build -o dist/host/ ./cmd/...
	@go run ./internal/mutants -stale

.PHONY: test
test: ## Everything, on the real parts; installs what is missing first
	@test/all

.PHONY: lint
lint: ## golangci-lint over every module
	@tools/install golangci-lint
	@tools/lint

.PHONY: vulnerabilities
vulnerabilities: ## govulncheck over every module (needs the Go vulnerability database)
	@tools/install govulncheck
	@tools/vulnerabilities

.PHONY: tools
tools: ## Install what `make test` needs and this machine lacks, into .tools/
	@tools/install

# go decides what has to be built again, so these targets are never up to date.
.PHONY: build
build: ## Build the Lambda functions into dist/GOARCH/, with their zips (GOARCH=arm64 or amd64)
	@$(BUILD) -dist "$(DIST)"

.PHONY: synth
synth: ## Write the CloudFormation template of the CDK stack to infra/cdk.out/
	@cd infra && go run ./cmd/synth

.PHONY: bootstrap
bootstrap: ## Prepare the AWS account and region for the CDK, once (ARGS for cdk bootstrap)
	@cd infra && go run ./cmd/deploy bootstrap $(ARGS)

.PHONY: deploy
deploy: ## Build, look for what would go wrong, and deploy the CDK stack (ARGS for cdk deploy)
	@cd infra && go run ./cmd/deploy deploy $(ARGS)

.PHONY: rollback
rollback: ## Have the deployed functions run their version before, code and settings
	@cd infra && go run ./cmd/deploy rollback

.PHONY: destroy
destroy: ## Delete the CDK stack, and name what stays (asks for its name; ARGS=--yes does not)
	@cd infra && go run ./cmd/deploy destroy $(ARGS)

.PHONY: deploy-test
deploy-test: ## Create the stack in an emulated AWS and compare what exists with the template
	@tools/install python node
	@$(MAKE) build GOARCH=arm64
	@cd infra && go test -count=1 -v -timeout 20m ./deploytest

.PHONY: deploy-smoke
deploy-smoke: ## Hold a deployed service to its contract (URL, ORIGIN, PHONE, OUTBOX, AUDIENCE; ARGS=--closed, --exhaust)
	@test -n '$(URL)' || { echo 'make: say which service: make deploy-smoke URL=https://… (the output ApiUrl)' >&2; exit 1; }
	@go run ./cmd/otpctl smoke '$(URL)' $(if $(ORIGIN),--origin '$(ORIGIN)') $(if $(PHONE),--phone '$(PHONE)') \
		$(if $(OUTBOX),--outbox '$(OUTBOX)') $(if $(AUDIENCE),--audience '$(AUDIENCE)') $(ARGS)

.PHONY: bench
bench: ## Benchmarks, and the cold start of each function beside a hello-world's
	@tools/bench

.PHONY: attack
attack: ## Replay attacks and incidents on the guard; fails if docs/abuse.md promises more than it keeps
	@go run ./internal/attack -check docs/abuse.md

.PHONY: fuzz
fuzz: ## Each fuzz target for FUZZTIME (1m)
	@tools/fuzz

SEQUENCES ?= 1000000

.PHONY: soak
soak: ## The domain: every schedule of two requests, many of three, and SEQUENCES (1000000) random ones with crashes and faults
	@go test -count=1 -v -timeout 1h -run '^TestEveryInterleaving|^TestReduction' ./pkg/otp -every
	@go test -count=1 -v -timeout 4h -run '^TestStateMachine$$' ./pkg/otp -rapid.checks=$(SEQUENCES)

.PHONY: mutants
mutants: ## Disable each guard in turn; fails if the tests of one do not notice (ARGS: -only REGEXP, ...)
	@tools/install dynamodb
	@go run ./internal/mutants $(ARGS)

# `sam build` (infra/sam) calls build-<logical id> with the folder that is to hold the bootstrap.
.PHONY: build-SendFunction build-VerifyFunction build-DiscoveryFunction
build-SendFunction: sam-send
build-VerifyFunction: sam-verify
build-DiscoveryFunction: sam-discovery

.PHONY: sam-send sam-verify sam-discovery
sam-send sam-verify sam-discovery: sam-%:
	@test -n "$(ARTIFACTS_DIR)" || { echo "make: ARTIFACTS_DIR is not set: this target is for sam build" >&2; exit 1; }
	@$(BUILD) -bootstrap "$(ARTIFACTS_DIR)/bootstrap" $*

.PHONY: clean
clean: ## Remove what the targets made; .tools/ stays, `rm -rf .tools` removes it
	@rm -rf dist infra/cdk.out .aws-sam
