# t/cross/: the unit tests of src/ on machines of other kinds: with 32 bits, and
# with the most significant byte first.  Programs for the former run on any x86,
# those for the latter in qemu-user.

CROSS          = i686 s390x
CROSS_PACKAGES = gcc-i686-linux-gnu libc6-dev-i386-cross \
                 gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user

CROSS_SANITIZE = -O1 -fsanitize=undefined -fno-sanitize-recover=all
CROSS_NAMES    = $(filter-out bench,$(notdir $(basename $(wildcard t/unit/*.c))))
CROSS_SOURCES  = $(wildcard src/*/*.c)
CROSS_HEADERS  = $(wildcard src/*/*.h t/unit/*.h)
CROSS_TESTS    = $(foreach m,$(CROSS),$(CROSS_NAMES:%=build/cross/$(m)/%))

i686_DEBIAN    = i386
s390x_DEBIAN   = s390x

i686_LINK      = -no-pie $(i686_LIB)/ld-linux.so.2
i686_LIB       = /usr/i686-linux-gnu/lib
i686_RUN       = $(i686_LIB)/ld-linux.so.2 --library-path $(i686_LIB)

s390x_LINK     = -static
s390x_RUN      = qemu-s390x


.PHONY: test-cross
test-cross: $(CROSS_TESTS) ## run the unit tests for 32 bits, and big-endian
	@t/run -s cross -j $(TEST_JOBS) -t $(TEST_TIME) $(CROSS_TESTS)


.PHONY: cross-packages
cross-packages:
	@tools/packages $(CROSS_PACKAGES)


# usage: $(eval $(call cross,MACHINE))

define cross
build/cross/$(1)/root: | cross-packages
	@t/cross/jansson $$($(1)_DEBIAN) $$@

build/cross/$(1)/obj/%.o: src/%.c $(CROSS_HEADERS) | build/cross/$(1)/root
	@mkdir -p $$(@D)
	$(1)-linux-gnu-gcc $$(UNIT_CFLAGS) $$(CROSS_SANITIZE) \
	    -isystem build/cross/$(1)/root/include -c -o $$@ $$<

build/cross/$(1)/libnthrift.a: $(CROSS_SOURCES:src/%.c=build/cross/$(1)/obj/%.o)
	@rm -f $$@
	@$(1)-linux-gnu-gcc-ar rcs $$@ $$^

build/cross/$(1)/%.bin: t/unit/%.c build/cross/$(1)/libnthrift.a $(CROSS_HEADERS)
	$(1)-linux-gnu-gcc $$(UNIT_CFLAGS) $$(CROSS_SANITIZE) $$($(1)_LINK) \
	    -isystem build/cross/$(1)/root/include -o $$@ $$(filter %.c %.a,$$^) \
	    build/cross/$(1)/root/libjansson.a

build/cross/$(1)/%: build/cross/$(1)/%.bin
	@printf '#!/bin/sh\nexec %s %s\n' "$$($(1)_RUN)" $$< >$$@
	@chmod +x $$@
endef

$(foreach machine,$(CROSS),$(eval $(call cross,$(machine))))

.SECONDARY: $(CROSS_TESTS:%=%.bin)
