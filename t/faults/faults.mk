# t/faults/: faults, the program behind t/fault_matrix.t; crowd, the server of
# t/max_conns.t; and what other tests of servers that fail take from bench/.

FAULTS_CFLAGS  = -std=gnu11 -D_GNU_SOURCE -g -O2 -Wall -Wextra -Werror \
                 -Ibench -It/soak

FAULTS_SOURCES = $(addprefix t/faults/,faults.c cases.c message.c backend.c \
                   client.c) t/soak/buf.c bench/wire.c
CROWD_SOURCES  = t/faults/crowd.c t/soak/buf.c bench/wire.c bench/address.c
FAULTS_HEADERS = $(wildcard t/faults/*.h) t/soak/buf.h bench/wire.h \
                 bench/address.h


# In the top-level Makefile the compiler is installed first.

ifneq ($(filter Makefile,$(notdir $(MAKEFILE_LIST))),)
build/faults/faults build/faults/crowd: | packages
endif

build/faults/faults: $(FAULTS_SOURCES) $(FAULTS_HEADERS)
	@mkdir -p $(@D)
	@$(or $(CC),gcc) $(FAULTS_CFLAGS) -o $@.$$$$ $(FAULTS_SOURCES) \
	    && mv $@.$$$$ $@

build/faults/crowd: $(CROWD_SOURCES) $(FAULTS_HEADERS)
	@mkdir -p $(@D)
	@$(or $(CC),gcc) $(FAULTS_CFLAGS) -o $@.$$$$ $(CROWD_SOURCES) \
	    && mv $@.$$$$ $@


test-t test-versions test-asan test-static coverage: build/faults/faults \
    build/faults/crowd build/bench/load build/bench/echo
