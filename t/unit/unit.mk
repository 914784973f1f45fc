# t/unit/: the unit tests of src/, with sanitizers.  Each t/unit/<noun>.c is a
# program build/unit/<noun> that prints TAP, but for bench.c, which measures.
# Included by the top-level Makefile; "make -f t/unit/unit.mk" works as well.

UNIT_PACKAGES = gcc libc6-dev libjansson-dev

UNIT_CC       = gcc
UNIT_CFLAGS   = -std=gnu11 -D_GNU_SOURCE -g -Wall -Wextra -Werror -Isrc \
                -It/unit
UNIT_SANITIZE = -O1 -fsanitize=address,undefined -fno-sanitize-recover=all

UNIT_SOURCES  = $(sort $(wildcard src/*/*.c))
UNIT_HEADERS  = $(wildcard src/*/*.h t/unit/*.h)
UNIT_OBJECTS  = $(UNIT_SOURCES:src/%.c=build/unit/obj/%.o)
UNIT_LIBRARY  = build/unit/obj/libnthrift.a

UNIT_TESTS    = $(patsubst t/unit/%.c,build/unit/%, \
                  $(filter-out t/unit/bench.c,$(sort $(wildcard t/unit/*.c))))


.PHONY: unit
unit: $(UNIT_TESTS)
	@rc=0; for t in $(UNIT_TESTS); do echo "# $$t"; $$t || rc=1; done; \
	    exit $$rc


.PHONY: unit-bench
unit-bench: build/unit-bench ## measure what reading one message takes
	@build/unit-bench


build/unit/obj/%.o: src/%.c $(UNIT_HEADERS)
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_CFLAGS) $(UNIT_SANITIZE) -c -o $@ $<


$(UNIT_LIBRARY): $(UNIT_OBJECTS)
	@rm -f $@
	ar rcs $@ $(UNIT_OBJECTS)


build/unit/%: t/unit/%.c $(UNIT_LIBRARY) $(UNIT_HEADERS)
	$(UNIT_CC) $(UNIT_CFLAGS) $(UNIT_SANITIZE) -o $@ $< $(UNIT_LIBRARY) \
	    -ljansson


build/unit-bench: t/unit/bench.c $(UNIT_SOURCES) $(UNIT_HEADERS)
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_CFLAGS) -O2 -o $@ $< $(UNIT_SOURCES) -ljansson


.PHONY: unit-packages
unit-packages:
	@tools/packages $(UNIT_PACKAGES)


$(UNIT_OBJECTS) build/unit-bench: | unit-packages
