# fuzz/: the parsers of src/ under libFuzzer.  Each fuzz/<name>_fuzz.c is a
# harness, build/fuzz/<name>.  Included by the top-level Makefile; "make -f
# fuzz/fuzz.mk fuzz" works as well.

FUZZ_PACKAGES = clang libclang-rt-14-dev libc6-dev perl

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


.PHONY: fuzz
fuzz: $(FUZZ_PROGRAMS) build/fuzz/seeds ## fuzz the parsers, a minute each
	@fuzz/run 60 $(FUZZ_NAMES)


.PHONY: fuzz-short
fuzz-short: $(FUZZ_PROGRAMS) build/fuzz/seeds
	@fuzz/run 10 $(FUZZ_NAMES)


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
	    $(FUZZ_LIBRARY)


.PHONY: fuzz-packages
fuzz-packages:
	@tools/packages $(FUZZ_PACKAGES)


$(FUZZ_OBJECTS) $(FUZZ_PROGRAMS): | fuzz-packages
