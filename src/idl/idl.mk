# The IDL front end's command line tool: build/nthrift, and build/nthrift-asan
# with sanitizers.  Included by the top Makefile; "make -f src/idl/idl.mk
# build/nthrift" works as well.
#
# The unit tests (idl, lexer, loader and map in t/unit/) and the fuzzer
# (fuzz/idl_fuzz.c) are built as all others are; t/idl.t tests the tool.  Of
# the packages, thrift-compiler is for t/idl.t only.

IDL_PACKAGES = gcc g++ binutils libc6-dev libjansson-dev libssl-dev \
               thrift-compiler

IDL_CC       = gcc
IDL_CFLAGS   = -std=gnu11 -D_GNU_SOURCE -g -O2 -Wall -Wextra -Wshadow \
               -Wconversion -Wno-sign-conversion -Werror -Isrc
IDL_SANITIZE = -O1 -fsanitize=address,undefined -fno-sanitize-recover=all

IDL_LDFLAGS  =
IDL_LIBS     = -ljansson -lssl -lcrypto -ldl -lpthread

IDL_ROOMS    = base idl wire bind plain
IDL_SOURCES  = $(sort $(wildcard $(IDL_ROOMS:%=src/%/*.c)))
IDL_HEADERS  = $(wildcard $(IDL_ROOMS:%=src/%/*.h))
IDL_OBJECTS  = $(IDL_SOURCES:src/%.c=build/idl/%.o)

IDL_TOOL     = $(sort $(wildcard tools/nthrift*.c tools/*/*.c))
IDL_PARTS    = $(IDL_TOOL:%.c=build/idl/%.o)
IDL_ALL      = $(IDL_TOOL) $(wildcard tools/*.h tools/*/*.h) $(IDL_SOURCES) \
               $(IDL_HEADERS) $(wildcard src/*.h)


.PHONY: idl
idl: build/nthrift


build/nthrift: $(IDL_PARTS) $(IDL_OBJECTS)
	@$(IDL_CC) $(IDL_LDFLAGS) -o $@ $^ $(IDL_LIBS)


build/nthrift-asan: $(IDL_ALL)
	@mkdir -p $(@D)
	$(IDL_CC) $(IDL_CFLAGS) -Wno-conversion $(IDL_SANITIZE) -o $@ \
	    $(IDL_TOOL) $(IDL_SOURCES) $(IDL_LIBS)


build/idl/tools/%.o: tools/%.c $(wildcard tools/*.h tools/*/*.h src/*.h) \
    $(IDL_HEADERS)
	@mkdir -p $(@D)
	$(IDL_CC) $(IDL_CFLAGS) -c -o $@ $<

build/idl/wire/%.o: IDL_CFLAGS += -Wno-conversion

build/idl/%.o: src/%.c $(IDL_HEADERS)
	@mkdir -p $(@D)
	$(IDL_CC) $(IDL_CFLAGS) -c -o $@ $<


.PHONY: idl-packages
idl-packages:
	@tools/packages $(IDL_PACKAGES)


$(IDL_PARTS) $(IDL_OBJECTS) build/nthrift-asan: | idl-packages

test-t test-versions test-asan test-tsan coverage: build/nthrift

test-asan coverage: build/nthrift-asan
