# The IDL front end, its command line tool, its tests and its fuzzer.
# Included by the top Makefile; "make -f src/idl/idl.mk <target>" works, too.
#
#     build/nthrift           the command line tool
#     build/unit/idl          the unit tests, with sanitizers
#     build/fuzz/idl_fuzz     the fuzzer (clang)
#
# Debian packages; thrift-compiler is for t/idl.t only, clang and
# libclang-rt-14-dev for the fuzzer.

IDL_PACKAGES = libjansson-dev thrift-compiler clang libclang-rt-14-dev

BUILD   ?= build
CC      ?= cc
CLANG   ?= clang

IDL_CFLAGS = -std=gnu11 -O2 -g -Wall -Wextra -Wshadow -Wconversion \
             -Wno-sign-conversion -Werror -Isrc
IDL_SANITIZE = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
               -fno-sanitize-recover=all

IDL_SRCS = src/base/arena.c src/base/map.c $(sort $(wildcard src/idl/*.c))
IDL_DEPS = $(sort $(wildcard src/base/*.h src/idl/*.h))
IDL_OBJS = $(IDL_SRCS:%.c=$(BUILD)/idl/%.o)

IDL_TOOL_SRCS = tools/nthrift.c tools/nthrift_dump.c
IDL_TOOL_DEPS = tools/nthrift.h


$(BUILD)/idl/%.o: %.c $(IDL_DEPS)
	@mkdir -p $(@D)
	$(CC) $(IDL_CFLAGS) -c -o $@ $<

$(BUILD)/nthrift: $(IDL_OBJS) $(IDL_TOOL_SRCS) $(IDL_TOOL_DEPS) $(IDL_DEPS)
	@mkdir -p $(@D)
	$(CC) $(IDL_CFLAGS) -o $@ $(IDL_TOOL_SRCS) $(IDL_OBJS) -ljansson

$(BUILD)/nthrift-asan: $(IDL_SRCS) $(IDL_TOOL_SRCS) $(IDL_TOOL_DEPS) $(IDL_DEPS)
	@mkdir -p $(@D)
	$(CC) $(IDL_CFLAGS) $(IDL_SANITIZE) -o $@ $(IDL_TOOL_SRCS) $(IDL_SRCS) \
		-ljansson

$(BUILD)/unit/idl: $(IDL_SRCS) t/unit/idl.c $(IDL_DEPS)
	@mkdir -p $(@D)
	$(CC) $(IDL_CFLAGS) $(IDL_SANITIZE) -o $@ t/unit/idl.c $(IDL_SRCS)

$(BUILD)/fuzz/idl_fuzz: $(IDL_SRCS) fuzz/idl_fuzz.c $(IDL_DEPS)
	@mkdir -p $(@D)
	$(CLANG) -std=gnu11 -O1 -g -Isrc \
		-fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o $@ fuzz/idl_fuzz.c $(IDL_SRCS)
