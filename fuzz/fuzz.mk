# fuzz/: the parsers of src/, and handlers, under libFuzzer.  Each
# fuzz/<name>_fuzz.c is a harness, build/fuzz/<name>.  Included by the top-level
# Makefile.
#
# "make test" fuzzes from the same seed, for five seconds or 100,000 executions:
# what it says of a tree hardly changes from one run or machine to the next.
# "make fuzz" looks for what is new, FUZZ_SECONDS each.

FUZZ_PACKAGES = clang libclang-rt-14-dev libc6-dev libjansson-dev perl

FUZZ_CC       = clang
FUZZ_CFLAGS   = -std=gnu11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Isrc -Ifuzz \
                -fno-omit-frame-pointer -fno-sanitize-recover=all
FUZZ_SANITIZE = address,undefined

FUZZ_SOURCES  = $(sort $(wildcard src/*/*.c))
FUZZ_HEADERS  = $(wildcard src/*/*.h fuzz/*.h t/unit/*.h)
FUZZ_OBJECTS  = $(FUZZ_SOURCES:src/%.c=build/fuzz/obj/%.o)
FUZZ_LIBRARY  = build/fuzz/obj/libnthrift.a

FUZZ_NAMES    = $(patsubst fuzz/%_fuzz.c,%,$(sort $(wildcard fuzz/*_fuzz.c)))
FUZZ_PROGRAMS = $(FUZZ_NAMES:%=build/fuzz/%)

# For the harness of handlers: build/host/fuzz/<name>.so (t/host/host.mk).  The
# examples, but for the one whose methods take their time; and handlers of
# tests.

FUZZ_EXAMPLES = pingpong weather myservice gather cpp cpp_cob cglib
FUZZ_HANDLERS = $(FUZZ_EXAMPLES) sync cob glib

FUZZ_SECONDS  = 60
FUZZ_ROUNDS   = 10
FUZZ_JOBS     = $(shell nproc)


.PHONY: fuzz
fuzz: $(FUZZ_PROGRAMS) $(FUZZ_HANDLERS:%=build/host/fuzz/%.so)
fuzz: build/fuzz/seeds ## fuzz parsers and handlers, a minute each
	@fuzz/run -j $(FUZZ_JOBS) $(FUZZ_SECONDS) $(FUZZ_NAMES) \
	    $(FUZZ_HANDLERS:%=handler-%)
	@$(MAKE) --no-print-directory fuzz-round-trips


# Definitions and values by chance, through nginx with sanitizers.

.PHONY: fuzz-round-trips
fuzz-round-trips: asan
	@TEST_SEED=0 TEST_ROUNDS=$(FUZZ_ROUNDS) TEST_NGINX_BINARY=$(ASAN_NGINX) \
	    TEST_NGINX_STATIC=1 TEST_TIME_FACTOR=3 t/run -s round-trips -t 900 \
	    t/round_trip.t


.PHONY: fuzz-short
fuzz-short: $(FUZZ_PROGRAMS) $(FUZZ_EXAMPLES:%=build/host/fuzz/%.so)
fuzz-short: build/fuzz/seeds
	@fuzz/run -j $(FUZZ_JOBS) -s 1 5 $(FUZZ_NAMES) \
	    $(FUZZ_EXAMPLES:%=handler-%)


build/fuzz/seeds: fuzz/seeds t/data/wire/messages.txt
	@rm -rf $@
	@fuzz/seeds t/data/wire/messages.txt $@


build/fuzz/obj/%.o: src/%.c $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link,$(FUZZ_SANITIZE) \
	    -c -o $@ $<


$(FUZZ_LIBRARY): $(FUZZ_OBJECTS)
	@rm -f $@
	ar rcs $@ $(FUZZ_OBJECTS)


build/fuzz/%: fuzz/%_fuzz.c $(FUZZ_LIBRARY) $(FUZZ_HEADERS)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer,$(FUZZ_SANITIZE) -o $@ $< \
	    $(FUZZ_LIBRARY) -ljansson


.PHONY: fuzz-packages
fuzz-packages:
	@tools/packages $(FUZZ_PACKAGES)


$(FUZZ_OBJECTS) $(FUZZ_PROGRAMS): | fuzz-packages
