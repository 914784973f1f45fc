# t/reload/: load, the program behind t/handover_load.t, and its long run:
# clients call through reloads that change everything, with and without
# thrift_handover and through proxy_pass; and thousands of idle clients.
#
# Smaller: make reload RELOAD_RELOADS=10 RELOAD_IDLE=500; see t/handover_load.t.

RELOAD_CFLAGS   = -std=gnu11 -D_GNU_SOURCE -g -O2 -Wall -Wextra -Werror \
                  -Ibench -It/soak -Itools/load

RELOAD_SOURCES  = $(addprefix t/reload/,load.c call.c client.c backend.c \
                    reload.c) t/soak/buf.c bench/wire.c \
                  tools/load/measure.c
RELOAD_HEADERS  = $(wildcard t/reload/*.h) t/soak/buf.h bench/wire.h \
                  tools/load/measure.h


# In the top-level Makefile the compiler is installed first.

ifneq ($(filter Makefile,$(notdir $(MAKEFILE_LIST))),)
build/reload/load: | packages
endif

build/reload/load: $(RELOAD_SOURCES) $(RELOAD_HEADERS)
	@mkdir -p $(@D)
	@$(or $(CC),gcc) $(RELOAD_CFLAGS) -o $@.$$$$ $(RELOAD_SOURCES) \
	    && mv $@.$$$$ $@


test-t test-versions test-asan test-static coverage: build/reload/load


.PHONY: reload
reload: all build/nthrift build/reload/load ## lose no call in 100 reloads, and none of 10,000 clients
	@RELOAD=all TEST_NGINX_BINARY=$(NGINX) perl t/handover_load.t
