# Two commands are enough: `make serve` runs Unlatch, `make test` checks it.
# Both make .venv by themselves and need nothing but Python 3.11 or newer.

PYTHON = .venv/bin/python
UV = uv
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" $(ARGS)

# The tests start hundreds of processes, that would each compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help serve test test-fast coverage faults fuzz lint format assets vendor screenshots \
	bench bench-visits bench-accounts bench-node bench-profile bench-weight bench-enumeration \
	bench-scaling bench-endurance lock environment topology

help:
	@echo 'make serve      run Unlatch on http://localhost:5000    (ARGS="--port 8080" passes options on)'
	@echo 'make test       check everything, real browser included (ARGS="-k passkey" narrows the tests)'
	@echo 'make test-fast  the quick tests that need no browser    (under a minute)'
	@echo 'make coverage   which lines, which branches the quick tests do not reach'
	@echo 'make faults     kill it, fill its disk, cut its wires     (most of an hour; SEED=… again)'
	@echo 'make fuzz       send it anything, until Ctrl-C           (SECONDS=60 ends it; ARGS="-k names" narrows)'
	@echo 'make topology   run the site of compose.yaml without containers, on this machine alone'
	@echo 'make lint       ruff and mypy only'
	@echo 'make format     let ruff put the code in order'
	@echo 'make assets     rebuild the script and stylesheet in src/unlatch/flask/static'
	@echo 'make vendor     the same after a change in frontend/package-lock.json   (needs Node)'
	@echo 'make screenshots  photograph every page into build/screenshots   (ARGS="account" for some)'
	@echo 'make bench      what does a sign-in cost, beside that of Flask-Security?  (ten minutes; ARGS="--only sqlite")'
	@echo 'make bench-visits  what does all else cost, but a sign-in?  (half an hour; ARGS="--only session")'
	@echo 'make bench-accounts  do a million accounts slow it down?  (half an hour; ARGS="--accounts 1000 100000")'
	@echo 'make bench-node  what does it cost beside a server for Node?  (ten minutes; needs Node)'
	@echo 'make bench-profile  where does the time of a sign-in go?  (a minute; ARGS="--only sqlite")'
	@echo 'make bench-weight  memory, starts, the page: what does it weigh?  (a quarter of an hour; ARGS="--only page import")'
	@echo 'make bench-enumeration  does time tell who exists?       (a quarter of an hour)'
	@echo 'make bench-scaling  what do many accounts, many sign-ins need?  (half an hour; ARGS="--accounts 1000")'
	@echo 'make bench-endurance  does it grow in an hour of load?   (an hour; ARGS="--minutes 5 --rate 5")'
	@echo 'make lock       pin the requirements again              (needs uv; ARGS=--upgrade for newer ones)'

serve:
	@sh scripts/environment.sh serve
	@exec .venv/bin/unlatch serve $(ARGS)

# Those who come by the front door wait for browsers and servers, so that four share two cores.
# With ARGS one of the two may have nothing to do, which pytest says by 5.
test: lint
	@$(PYTHON) scripts/servers.py
	@E2E_CHROMIUM=$$($(PYTHON) scripts/browser.py) && export E2E_CHROMIUM && \
		some() { "$$@" || [ $$? -eq 5 ]; } && \
		some $(PYTHON) -m pytest -n 2 -m "not slow" $(ARGS) && \
		some $(PYTHON) -m pytest -n 4 --dist worksteal -m slow $(ARGS)

# No browser, no attacks, and nothing that starts processes or tries a thousand things.
test-fast: environment
	@$(PYTHON) -m pytest -n 2 -m "not slow" $(ARGS)

# Not a part of `make test`: it takes Python half as long again, and fails nothing.
coverage: environment
	@$(PYTHON) -m pytest -n 2 -m "not slow" --cov --cov-report=term $(ARGS)

# The counts that are promised, most of an hour: a test alone by ARGS="-k clock".
faults: environment
	@$(PYTHON) scripts/servers.py
	@seed=$${SEED:-$$(date +%s)}; echo "SEED=$$seed"; \
		FAULTS_SEED=$$seed exec $(PYTHON) -m pytest tests/faults $(ARGS)

fuzz: environment
	@exec $(PYTHON) scripts/fuzz.py $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

topology: environment
	@$(PYTHON) scripts/servers.py
	@exec $(PYTHON) scripts/topology.py

lint: environment
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy

format: environment
	@$(PYTHON) -m ruff check --fix-only .
	@$(PYTHON) -m ruff format .

assets: environment
	@$(PYTHON) frontend/assets.py build

vendor: environment
	@cd frontend && npm ci --ignore-scripts --no-audit --no-fund
	@$(PYTHON) frontend/assets.py vendor
	@$(PYTHON) frontend/assets.py build

screenshots: environment
	@chromium=$$($(PYTHON) scripts/browser.py) && \
		E2E_CHROMIUM="$$chromium" $(PYTHON) scripts/screenshots.py $(ARGS)

# Ctrl-C is for Python alone to answer, which ends its servers.
bench: environment
	@$(PYTHON) scripts/servers.py
	@exec $(PYTHON) benchmarks/sign_in.py $(ARGS)

bench-visits: environment
	@$(PYTHON) scripts/servers.py
	@exec $(PYTHON) benchmarks/visits.py $(ARGS)

bench-accounts: environment
	@$(PYTHON) scripts/servers.py
	@exec $(PYTHON) benchmarks/accounts.py $(ARGS)

bench-node: environment
	@exec $(PYTHON) benchmarks/sign_in_node.py $(ARGS)

bench-profile: environment
	@$(PYTHON) scripts/servers.py
	@$(PYTHON) benchmarks/sign_in_profile.py $(ARGS)

bench-weight: environment
	@E2E_CHROMIUM=$$($(PYTHON) scripts/browser.py) && export E2E_CHROMIUM && \
		exec $(PYTHON) benchmarks/weight.py $(ARGS)

bench-enumeration: environment
	@$(PYTHON) benchmarks/enumeration.py $(ARGS)

bench-scaling: environment
	@$(PYTHON) scripts/servers.py
	@$(PYTHON) benchmarks/scaling.py $(ARGS)

# Ctrl-C is for Python alone to answer, which tells what there is so far.
bench-endurance: environment
	@$(PYTHON) scripts/servers.py
	@exec $(PYTHON) benchmarks/endurance.py $(ARGS)

# The first file pins the second: what serves is what was tested, version by version.
lock:
	@$(LOCK) pyproject.toml requirements/build.in --extra server --extra postgres --extra redis --extra dev -o requirements/dev.txt
	@$(LOCK) pyproject.toml requirements/build.in --extra server --extra postgres --extra redis -c requirements/dev.txt -o requirements/serve.txt
	@$(LOCK) benchmarks/beside/requirements.in -c requirements/dev.txt -o benchmarks/beside/requirements.txt
	@$(LOCK) benchmarks/profiler/requirements.in -o benchmarks/profiler/requirements.txt

environment:
	@sh scripts/environment.sh dev
