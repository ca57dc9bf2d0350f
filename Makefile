# `make` lists what there is. CI calls these targets and nothing else, so what
# passes here passes there.

SHELL         := bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS     += --no-print-directory

# Tools live outside the work tree, one file per version: a changed version is a
# new file, and an old checkout still finds its own.
CACHE    := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/bodega
GOLANGCI := $(CACHE)/bin/golangci-lint-v2.15.0

# Where goroutines share memory: whole packages, and of core the tests in which
# callers meet. The race detector is slow on the rest and finds nothing there.
RACE      := ./adapters/memsearch/... ./adapters/memory/... ./adapters/cached/... ./adapters/sqlite/... ./adapters/sandbox/... ./adapters/jobs/...
RACE_CORE := SetLine|LastUnitsSoldOnce|OneLiveOrderPerCart|LateJobChangesNothing|OneWriterWins|OneWinner

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z\/]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## the demo shop on http://localhost:8080; Ctrl-C stops it, its data stays in ./data
	@echo "building (a minute or two the first time)"
	@go build -buildvcs=false -o bin/server ./apps/server
	@BODEGA_DEMO=$${BODEGA_DEMO-true} exec bin/server

.PHONY: build
build: ## the programs in ./bin: server, consumer, and bodega, the operator's CLI
	@go build -buildvcs=false -o bin/ ./apps/server ./apps/consumer ./apps/bodega

# Real servers for the tests: found, or made, once for all packages. Without
# them (test/unit) the tests that need one are skipped.
SERVICES := go run ./testsuite/services

.PHONY: test
test: test/vet ## everything that must pass before a commit, on the real servers
	@$(SERVICES) $(MAKE) test/all test/race

.PHONY: test/vet
test/vet:
	@echo "==> go vet (compiles everything: a minute or two the first time)"
	@go vet ./...

.PHONY: test/all
test/all:
	@echo "==> go test"
	@go test -timeout 20m ./...

.PHONY: test/unit
test/unit: ## every test that needs only Go
	@echo "==> go test, without servers"
	@BODEGA_TEST_SERVICES=off go test ./...

.PHONY: test/race
test/race: cc ## the packages that share memory, under the race detector
	@if command -v "$$(go env CC)" >/dev/null; then \
		echo "==> go test -race (builds everything a second time: a few minutes the first time)"; \
		go test -race $(RACE) && go test -race -run '$(RACE_CORE)' ./core; \
	else echo "==> SKIPPED go test -race: it needs a C compiler (Debian: apt-get install gcc libc6-dev)"; fi

# The race detector is the only thing here that needs C. As root on Debian it is
# installed and said so; elsewhere nothing outside the cache folder is touched.
.PHONY: cc
cc:
	@if ! command -v "$$(go env CC)" >/dev/null && [ "$${BODEGA_TEST_PROVISION-1}" != 0 ] \
		&& [ "$$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then \
		echo "==> installing gcc for the race detector (BODEGA_TEST_PROVISION=0 forbids it)"; \
		{ apt-get update -qq && apt-get install -qq -y --no-install-recommends gcc libc6-dev; } >/dev/null || true; fi

.PHONY: lint
lint: $(GOLANGCI) ## golangci-lint with the rules of .golangci.yml
	@echo "==> golangci-lint"
	@$(GOLANGCI) run ./...

.PHONY: fmt
fmt: $(GOLANGCI) ## format the code and sort its imports
	@$(GOLANGCI) fmt ./...

$(GOLANGCI):
	@echo "==> installing $(@F) into $(@D) (two minutes, once)"
	@mkdir -p $(@D) && tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && \
	GOBIN=$$tmp GOFLAGS= go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(@F:golangci-lint-%=%) && \
	mv "$$tmp/golangci-lint" $@

.PHONY: generate
generate: ## write docs/openapi.yaml from the registered operations
	@go run ./adapters/httpapi/openapi >docs/openapi.yaml.new && mv docs/openapi.yaml.new docs/openapi.yaml

.PHONY: verify
verify: ## go.mod is tidy, the code formatted, generated files current; changes nothing
	@echo "==> go mod tidy" && go mod tidy -diff && go mod verify >/dev/null
	@echo "==> gofmt" && dirty=$$(gofmt -l .) && if [ -n "$$dirty" ]; then echo "not formatted (make fmt):"; echo "$$dirty"; exit 1; fi
	@echo "==> docs/openapi.yaml" && go run ./adapters/httpapi/openapi | diff -u docs/openapi.yaml - || { echo "docs/openapi.yaml is old (make generate)"; exit 1; }

.PHONY: bench
bench: ## speed against hand-written baselines, as ratios and against limits
	@go run ./testsuite/bench

.PHONY: bench/search
bench/search: ## how good results are on both engines: nDCG@10 of the judged queries in BODEGA_TEST_DATA
	@test -n "$$BODEGA_TEST_DATA" || { echo "BODEGA_TEST_DATA must name the directory of the judged queries"; exit 1; }
	@$(SERVICES) go test -count=1 -v -run Relevance ./adapters/memsearch ./adapters/elasticsearch

.PHONY: bench/million
bench/million: ## a million SKUs on Elasticsearch: how fast they are indexed, and searched (takes long)
	@go run ./testsuite/bench -only million

.PHONY: chaos
chaos: ## kill, starve and stop the programs (CHAOS_ROUNDS=20 times each, at random for CHAOS_SIEGE=10m)
	@CHAOS_ROUNDS=$${CHAOS_ROUNDS-20} CHAOS_SIEGE=$${CHAOS_SIEGE-10m} go test ./testsuite/chaos -count=1 -v -timeout 90m

.PHONY: sim
sim: ## play SEEDS histories of a shop in bad weather (10000), or tell one: make sim SEED=17
	@SIM_SEEDS=$(or $(SEEDS),10000) SIM_SEED=$(SEED) GOGC=$${GOGC-400} go test ./testsuite/sim -run TestShop -count=1 -timeout 6h $(if $(SEED),-v)

# The production shape. Its images are looked for as the tests look for theirs:
# official ones where there is a registry, else built here.
COMPOSE := $$(docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose) -p bodega -f apps/deploy/compose.yaml
IMAGE   := bin/image

.PHONY: up
up: ## NGINX, two servers, two consumers and all their stores in containers, on http://localhost:8080
	@images=$$($(SERVICES) -images) && export $$images && \
	$(MAKE) image && \
	echo "==> starting (a minute or two: each waits for what it needs)" && \
	$(COMPOSE) up --detach && \
	echo "==> http://localhost:8080 answers. make down ends it and deletes its data"

.PHONY: down
down: ## end what `make up` started, and delete its data
	@$(COMPOSE) down --volumes --remove-orphans

.PHONY: image
image: ## the shop's programs as the image bodega:local
	@echo "==> building bodega:local"
	@mkdir -p $(IMAGE)/data
	@CGO_ENABLED=0 GOOS=linux go build -buildvcs=false -ldflags='-s -w' -o $(IMAGE)/ ./apps/server ./apps/consumer ./apps/bodega ./apps/deploy/probe
	@DOCKER_BUILDKIT=0 docker build --quiet --tag bodega:local $${BASE_IMAGE:+--build-arg BASE_IMAGE=$$BASE_IMAGE} --file apps/deploy/Dockerfile $(IMAGE)
