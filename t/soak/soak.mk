# t/soak/: chaos, the program behind t/chaos.t, t/chaos_mixed.t and
# t/fuzz_conn.t, and the longer runs against both builds of nginx: its 1,000
# clients for a minute, quiet and with reloads; configurations drawn at random;
# then t/reload_soak.t, clients of real libraries for
# half an hour, with a reload each second, of which "make test" has 20 seconds;
# and t/killed_servers.t for a minute.
# "make -f t/soak/soak.mk build/soak/chaos" works as well.

SOAK_PACKAGES = gcc libc6-dev

SOAK_CFLAGS   = -std=gnu11 -D_GNU_SOURCE -g -O2 -Wall -Wextra -Werror \
                -Ibench

SOAK_SOURCES  = $(sort $(wildcard t/soak/*.c)) bench/wire.c
SOAK_HEADERS  = $(wildcard t/soak/*.h) bench/wire.h

SOAK_CLIENTS  = 1000
SOAK_SECONDS  = 60
SOAK_RATE     = 4000

SOAK_RUN      = CHAOS_CLIENTS=$(SOAK_CLIENTS) CHAOS_SECONDS=$(SOAK_SECONDS) \
                CHAOS_RATE=$(SOAK_RATE)

# Rounds of t/chaos_mixed.t, each with other configurations.

MIXED_ROUNDS  = 30

# Seconds of t/killed_servers.t.

KILL_SECONDS  = 60

# Seconds of t/reload_soak.t; so many more until it has to be over.

STAY_SECONDS      = 1800
STAY_ASAN_SECONDS = 300
STAY_MORE         = 300


# In the top-level Makefile the compiler is installed first.

ifneq ($(filter Makefile,$(notdir $(MAKEFILE_LIST))),)
build/soak/chaos: | packages
endif

build/soak/chaos: $(SOAK_SOURCES) $(SOAK_HEADERS)
	@mkdir -p $(@D)
	@$(or $(CC),gcc) $(SOAK_CFLAGS) -o $@.$$$$ $(SOAK_SOURCES) \
	    && mv $@.$$$$ $@


test-t test-versions test-asan test-static coverage: build/soak/chaos


.PHONY: soak
soak: all build/soak/chaos bench-tools stay-clients ## chaos for minutes, reloads for 30, 2 x nginx
	@$(SOAK_RUN) TEST_NGINX_BINARY=$(NGINX) t/run -s soak -t 600 t/chaos.t
	@CHAOS_ROUNDS=$(MIXED_ROUNDS) TEST_NGINX_BINARY=$(NGINX) \
	    t/run -s soak -t 600 t/chaos_mixed.t
	@KILL_SECONDS=$(KILL_SECONDS) TEST_NGINX_BINARY=$(NGINX) t/run -s soak \
	    -t 300 t/killed_servers.t
	@STAY_SECONDS=$(STAY_SECONDS) TEST_NGINX_BINARY=$(NGINX) t/run -s soak \
	    -t $$(($(STAY_SECONDS) + $(STAY_MORE))) t/reload_soak.t
	@$(MAKE) --no-print-directory soak-asan


.PHONY: soak-asan
soak-asan: asan build/soak/chaos stay-clients
	@$(SOAK_RUN) TEST_NGINX_BINARY=$(ASAN_NGINX) TEST_NGINX_STATIC=1 \
	    TEST_TIME_FACTOR=3 t/run -s soak-asan -t 600 t/chaos.t
	@CHAOS_ROUNDS=$(MIXED_ROUNDS) TEST_NGINX_BINARY=$(ASAN_NGINX) \
	    TEST_NGINX_STATIC=1 TEST_TIME_FACTOR=3 t/run -s soak-asan -t 600 \
	    t/chaos_mixed.t
	@STAY_SECONDS=$(STAY_ASAN_SECONDS) TEST_NGINX_BINARY=$(ASAN_NGINX) \
	    TEST_NGINX_STATIC=1 TEST_TIME_FACTOR=3 t/run -s soak-asan \
	    -t $$(($(STAY_ASAN_SECONDS) + $(STAY_MORE))) t/reload_soak.t
