# ngx_thrift: build, try, test.  "make help" lists the targets.
#
# The rules of a room are in the room: t/unit/unit.mk and so on, included
# below.  A room adds its packages and its stages of "make test".

SHELL        = /bin/sh
.DEFAULT_GOAL = all

NGINX        = /usr/sbin/nginx
ASAN_NGINX   = $(CURDIR)/build/nginx-asan/nginx
TSAN_NGINX   = $(CURDIR)/build/nginx-tsan/nginx
MODULE       = build/ngx_stream_thrift_module.so
HTTP_MODULE  = build/ngx_http_thrift_module.so

# In which nginx the squares of real clients and servers run: SANITIZERS=1, in
# that of "make asan"

SANITIZERS   =
PEER_NGINX   = TEST_NGINX_BINARY=$(NGINX)
PEER_BUILD   = all

ifneq ($(SANITIZERS),)
PEER_NGINX   = TEST_NGINX_BINARY=$(ASAN_NGINX) TEST_NGINX_STATIC=1 \
               TEST_TIME_FACTOR=3
PEER_BUILD   = asan
endif

# What handlers are written with, and where "make install" puts things

HEADERS      = nthrift_handler.h nthrift_copy.h base/base.h bind/table.h \
               wire/wire.h \
               $(notdir $(wildcard src/nthrift_cpp.hpp src/nthrift_cglib.h))
PREFIX       = /usr/local
MODULES_DIR  = /usr/lib/nginx/modules
ENABLED_DIR  = /etc/nginx/modules-enabled

# Tests in parallel, seconds for one file, and the files: make test-t T=t/x.t
#
# A test waits three quarters of its time.  Those that take longest are the
# first to begin: none of them is left alone at the end.

TEST_JOBS    = $(shell expr $$(nproc) \* 2 + 2)
TEST_TIME    = 300
T            = $(LONG_T) $(filter-out $(LONG_T),$(sort $(wildcard t/*.t)))

LONG_T       = $(wildcard $(addprefix t/, \
                 fault_matrix.t failure.t matrix.t reload_soak.t conf.t \
                 theader.t retry_outage.t handler_reload.t json.t \
                 conf_values.t hedge.t nthrift_probe.t warm_pool.t blame.t \
                 adapters.t upstream_pipeline.t chaos.t idl.t \
                 ssl_upstream_send.t thread_pool.t nthrift_gen.t \
                 hedge_slow.t))

# What "make test-versions" tests with: the distribution's nginx, the newest of
# each series, and source trees of others, or directories with an nginx that you
# have built: t/versions

VERSIONS     = installed 1.26 1.28 1.30
BUILDS       =

# Squares of real clients and servers: what nginx does in them, with sanitizers
# other tests have it do

PEERS_T      = t/http_peers.t t/json.t t/nthrift_probe.t t/peers.t \
               t/theader_peers.t t/translate.t t/upstream_detect.t

# Tests that start no nginx, or only the distribution's

NO_NGINX_T   = t/agree.t t/compat.t t/idl.t t/json_docs.t \
               t/nthrift_bench.t t/nthrift_call.t \
               t/nthrift_describe.t t/nthrift_dialects.t \
               t/nthrift_gen.t t/nthrift_messages.t t/nthrift_new.t \
               t/nthrift_probe.t t/nthrift_run.t t/nthrift_tail.t \
               t/openapi.t

# Tests of times, of which sanitizers show nothing that others do not

TIMED_T      = t/hedge_slow.t t/killed_servers.t t/max_conns.t \
               t/slow_start.t t/thread_pool.t t/warm_pool.t

BUILD_PACKAGES = gcc libc6-dev libjansson-dev nginx nginx-dev \
                 libnginx-mod-stream perl dpkg-dev
DEMO_PACKAGES  = python3 python3-six python3-thrift python3-thriftpy \
                 thrift-compiler
WALK_PACKAGES  = gdb python3
DEB_PACKAGES   = debhelper fakeroot dpkg-dev nginx nginx-dev \
                 libnginx-mod-stream libjansson-dev
WARNING_PACKAGES = clang llvm-14-linker-tools
TEST_PACKAGES  = libpcre2-dev libssl-dev zlib1g-dev xz-utils openssl \
                 libio-socket-ssl-perl fish zsh

# test-<stage>, in the order of "make test"

TEST_STAGES  = style unit fuzz t asan

-include $(wildcard t/*/*.mk fuzz/fuzz.mk bench/bench.mk src/*/*.mk \
                    examples/examples.mk)

PACKAGES     = $(sort $(BUILD_PACKAGES) $(DEMO_PACKAGES) $(TEST_PACKAGES) \
                      $(UNIT_PACKAGES) $(FUZZ_PACKAGES) $(BENCH_PACKAGES) \
                      $(IDL_PACKAGES) $(INTEROP_PACKAGES) $(HOSTED_PACKAGES) \
                      $(HOST_PACKAGES))


.PHONY: all
all: ## build the module for the nginx of the distribution (default)
	@tools/packages $(BUILD_PACKAGES)
	@tools/build-nginx dynamic
	@echo "$(MODULE) is ready"
	@echo "$(HTTP_MODULE) is ready"


.PHONY: install
install: all build/nthrift ## install modules, tool and headers; see PREFIX
	@install -d $(DESTDIR)$(MODULES_DIR) $(DESTDIR)$(PREFIX)/bin
	@install -m 644 $(MODULE) $(HTTP_MODULE) $(DESTDIR)$(MODULES_DIR)
	@install build/nthrift $(DESTDIR)$(PREFIX)/bin
	@install -D -m 644 tools/nthrift.1 \
	    $(DESTDIR)$(PREFIX)/share/man/man1/nthrift.1
	@install -D -m 644 tools/nthrift.bash \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/nthrift
	@install -D -m 644 tools/nthrift.zsh \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_nthrift
	@install -D -m 644 tools/nthrift.fish \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/nthrift.fish
	@for header in $(HEADERS); do \
	    install -D -m 644 src/$$header \
	        $(DESTDIR)$(PREFIX)/include/nthrift/$$header || exit 1; \
	done
	@tools/enable "$(DESTDIR)$(ENABLED_DIR)" "$(MODULES_DIR)"
	@echo "$(DESTDIR)$(MODULES_DIR)/$(notdir $(MODULE))"
	@echo "$(DESTDIR)$(MODULES_DIR)/$(notdir $(HTTP_MODULE))"
	@echo "$(DESTDIR)$(PREFIX)/bin/nthrift"
	@echo "$(DESTDIR)$(PREFIX)/include/nthrift"


.PHONY: deb
deb: ## build Debian packages into build/deb
	@tools/packages $(DEB_PACKAGES)
	@tools/deb build/deb


.PHONY: test-deb
test-deb: deb ## install them in a root of their own, upgrade and remove them
	@tools/packages debootstrap lintian
	@lintian build/deb/*.changes
	@t/run -s deb -t 900 t/packages/debian


.PHONY: test-deb-equal
test-deb-equal: deb ## build them again elsewhere, and compare
	@tools/deb build/deb-again build/deb/source.tar >/dev/null
	@cd build/deb && differ= && for file in *.deb; do \
	    cmp "$$file" "../deb-again/$$file" || differ=yes; \
	done && test -z "$$differ"
	@echo "both builds are equal"


.PHONY: test-roots
test-roots: deb ## install in each way in fresh roots: 60 seconds to an answer
	@tools/packages debootstrap iproute2
	@t/run -s roots -t 7200 t/packages/roots


# The sources of an nginx that rpms are for

RPM_NGINX = build/versions/1.28/source

.PHONY: test-rpm
test-rpm: ## build rpms with the sources in RPM_NGINX, and look into them
	@tools/packages $(BUILD_PACKAGES) $(IDL_PACKAGES) rpm
	@test -d $(RPM_NGINX) || tools/build-nginx series 1.28
	@t/packages/rpm $(RPM_NGINX)


SBOM = build/ngx_thrift.spdx.json

.PHONY: sbom
sbom: ## write what it consists of and needs: SPDX, build/ngx_thrift.spdx.json
	@tools/packages dpkg-dev git
	@mkdir -p build
	@tools/sbom >$(SBOM).new && mv $(SBOM).new $(SBOM)
	@echo "$(SBOM) is ready"


.PHONY: test-sbom
test-sbom: sbom build/sbom-venv ## check it with a library of PyPI
	@tools/sbom | cmp - $(SBOM)
	@build/sbom-venv/bin/pyspdxtools -i $(SBOM)

build/sbom-venv:
	@tools/packages python3-venv
	@python3 -m venv $@
	@$@/bin/pip -q --disable-pip-version-check install spdx-tools==0.8.3 \
	    || { rm -rf $@; exit 1; }


.PHONY: demo
demo: ## start nginx and two Thrift servers on 127.0.0.1, and call them
	@tools/packages $(BUILD_PACKAGES) $(DEMO_PACKAGES) $(IDL_PACKAGES) >&2
	@$(MAKE) --no-print-directory all build/nthrift examples >&2
	@tools/demo start


.PHONY: stop
stop: ## end what "make demo" started
	@tools/demo stop


.PHONY: walk
walk: examples bench-tools ## follow one call through the rooms with gdb, and count
	@tools/packages $(BUILD_PACKAGES) $(WALK_PACKAGES)
	@BUILD=$(CURDIR)/build/walk MODULE_OPT= \
	    CC_OPT="-O0 -U_FORTIFY_SOURCE" tools/build-nginx dynamic
	@tools/walk


.PHONY: test
test: ## run everything below; the last line is "N passed, N failed"
	@MAKE="$(MAKE)" t/all packages $(TEST_STAGES)


.PHONY: test-packages
test-packages: packages


.PHONY: test-style
test-style: ## check the form of the source files
	@t/run -s style t/style


.PHONY: test-unit
test-unit: $(UNIT_TESTS) ## run the unit tests of src/ with sanitizers
ifeq ($(strip $(UNIT_TESTS)),)
	@echo "there are no unit tests"
else
	@t/run -s unit -j $(TEST_JOBS) -t $(TEST_TIME) $(UNIT_TESTS)
endif

$(UNIT_TESTS): | packages


.PHONY: test-fuzz
test-fuzz: ## fuzz the parsers of src/ for five seconds each
	@$(if $(wildcard fuzz/fuzz.mk),$(MAKE) --no-print-directory fuzz-short, \
	  echo "there is nothing to fuzz")


.PHONY: test-t
test-t: all ## run t/*.t against the nginx of the distribution
	@tools/packages $(PACKAGES)
	@TEST_NGINX_BINARY=$(NGINX) t/run -s t -j $(TEST_JOBS) \
	    -t $(TEST_TIME) $(T)


.PHONY: test-versions
test-versions: all ## run t/*.t with each nginx of VERSIONS, and of BUILDS
	@tools/packages $(PACKAGES)
	@INSTALLED=$(NGINX) TEST_JOBS=$(TEST_JOBS) TEST_TIME=$(TEST_TIME) \
	    t/versions "$(VERSIONS) $(BUILDS)" $(filter-out $(NO_NGINX_T),$(T))


.PHONY: test-warnings
test-warnings: ## compile for each of them with gcc and clang: no warning
	@tools/packages $(PACKAGES) $(WARNING_PACKAGES)
	@t/warnings $(VERSIONS) $(BUILDS)


.PHONY: test-asan
test-asan: asan ## run t/*.t against nginx with sanitizers, module inside
	@TEST_NGINX_BINARY=$(ASAN_NGINX) TEST_NGINX_STATIC=1 \
	    TEST_TIME_FACTOR=3 t/run -s t-asan -j $(TEST_JOBS) \
	    -t $(TEST_TIME) $(filter-out $(TIMED_T) $(PEERS_T),$(T))


.PHONY: test-tsan
test-tsan: tsan ## run the tests of handlers against nginx with ThreadSanitizer
	@TEST_NGINX_BINARY=$(TSAN_NGINX) TEST_NGINX_STATIC=1 \
	    TEST_NGINX_SANITIZE=thread TEST_TIME_FACTOR=3 \
	    t/run -s t-tsan -j $(TEST_JOBS) -t $(TEST_TIME) \
	    $(filter-out %_nomem.t,$(wildcard t/*handler*.t)) \
	    t/examples.t t/adapters.t


.PHONY: test-static
test-static: asan ## check that the module builds with --add-module and loads
	@$(ASAN_NGINX) -V 2>&1 | grep -q -- '--add-module=' \
	    && TEST_NGINX_BINARY=$(ASAN_NGINX) TEST_NGINX_STATIC=1 \
	       TEST_TIME_FACTOR=3 t/run -s static t/harness.t


.PHONY: asan
asan: ## build nginx with sanitizers and the module inside (--add-module)
	@tools/packages $(PACKAGES)
	@tools/build-nginx asan
	@echo "build/nginx-asan/nginx is ready"


.PHONY: tsan
tsan: ## build nginx with ThreadSanitizer and the module inside
	@tools/packages $(PACKAGES)
	@tools/build-nginx tsan
	@echo "build/nginx-tsan/nginx is ready"


# The counts add up until the next build, and a process that is killed leaves
# none.  Handlers have a sanitizer that needs nothing of nginx's.

COVERAGE = build/nginx-coverage

.PHONY: coverage
coverage: ## run t/*.t with gcov; build/coverage/index.html: what no test runs
	@tools/packages $(PACKAGES) gcovr
	@tools/build-nginx coverage
	@TEST_NGINX_BINARY=$(CURDIR)/$(COVERAGE)/nginx TEST_NGINX_STATIC=1 \
	    TEST_NGINX_SANITIZE=undefined TEST_TIME_FACTOR=3 \
	    t/run -s coverage -j $(TEST_JOBS) -t $(TEST_TIME) \
	    $(filter-out $(NO_NGINX_T) $(TIMED_T) $(PEERS_T),$(T)) || true
	@mkdir -p build/coverage
	@gcovr -r . -f ngx_thrift_module/ -f src/ -s \
	    --gcov-ignore-parse-errors --object-directory $(COVERAGE)/source/objs \
	    --html-details build/coverage/index.html \
	    $(COVERAGE)/source/objs/addon 2>build/coverage/log


.PHONY: packages
packages: ## install the Debian packages that all of this needs
	@tools/packages $(PACKAGES)


.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) \
	    | awk -F '\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'


.PHONY: clean
clean: stop ## remove build/
	@rm -rf build
