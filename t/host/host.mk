# t/host/: the host for handlers without nginx (tools/host/host.h) for scripts,
# the examples of the adapters, and what t/adapters.t needs.  Included by the
# top-level Makefile; "make -f t/host/host.mk host" works as well.
#
#     build/host/drive            the host for scripts, with sanitizers
#     build/host/asan/*.so        handlers of t/host/, with sanitizers
#     build/host/plain/*.so       the same without, for the usual nginx
#     build/host/fuzz/*.so        the same, and examples, for fuzz/
#     build/host/client           a client in C++
#     build/examples/*.so         examples/cpp and examples/cglib

HOST_PACKAGES = gcc g++ make libc6-dev pkg-config thrift-compiler \
                libthrift-dev libboost-dev libssl-dev libthrift-c-glib-dev \
                libglib2.0-dev python3 python3-thrift

# Optimizing generated C++ takes minutes; our own C is worth it.  Apache's C++
# makes an enum of any number that comes.

HOST_asan     = -O0 -fsanitize=address,undefined -fno-sanitize-recover=all \
                -fno-sanitize=enum
HOST_plain    = -O0
HOST_examples = -O2
HOST_drive    = -O1 $(filter -f%,$(HOST_asan))
HOST_fuzz     = -O1 -fsanitize=fuzzer-no-link,address,undefined \
                -fno-sanitize=vptr,enum,function -fno-sanitize-recover=all

HOST_WARNINGS = -Wall -Wextra -Werror
HOST_CC       = $(if $(filter fuzz,$(1)),clang,gcc) -std=gnu11 -D_GNU_SOURCE \
                -g -Isrc -Itools $(HOST_$(1))
HOST_CXX      = $(if $(filter fuzz,$(1)),clang++,g++) -std=c++11 -g -Isrc \
                $(HOST_$(1))
HOST_GLIB     = `pkg-config --cflags thrift_c_glib gobject-2.0`
HOST_LIBS     = `pkg-config --libs thrift_c_glib gobject-2.0`

HOST_SOURCES  = $(filter-out src/plain/%,$(sort $(wildcard src/*/*.c))) \
                $(sort $(wildcard tools/host/*.c)) t/host/drive.c
HOST_ALL      = $(wildcard src/*/*.h src/*.h tools/host/*.h)
HOST_HEADERS  = $(wildcard src/*.h src/*.hpp) src/base/base.h src/bind/table.h \
                src/wire/wire.h
HOST_OBJECTS  = $(HOST_SOURCES:%.c=build/host/obj/%.o)

HOST_NAMES    = sync cob glib
HOST_ASAN     = $(HOST_NAMES:%=build/host/asan/%.so) build/host/asan/typed.so
HOST_PLAIN    = $(HOST_NAMES:%=build/host/plain/%.so)

HOST_EXAMPLES = $(patsubst %,build/examples/%.so, \
                  pingpong_cpp pingpong_cob words_cglib)


.PHONY: host
host: build/host/drive build/host/client $(HOST_ASAN) $(HOST_PLAIN)
host: $(HOST_EXAMPLES)

.PHONY: examples-adapters
examples-adapters: $(HOST_EXAMPLES) ## build examples/cpp and examples/cglib


# In the top-level Makefile the compilers are installed first.

ifneq ($(filter Makefile,$(notdir $(MAKEFILE_LIST))),)
.PHONY: host-packages
host-packages:
	@tools/packages $(HOST_PACKAGES)

$(HOST_OBJECTS) build/host/gen: | host-packages
build/host/fuzz: | fuzz-packages
endif


build/host/drive: $(HOST_OBJECTS)
	@gcc $(HOST_drive) -o $@.$$$$ $^ -ldl -lpthread && mv $@.$$$$ $@

build/host/obj/%.o: %.c $(HOST_ALL)
	@mkdir -p $(@D)
	@$(call HOST_CC,drive) $(HOST_WARNINGS) -c -o $@ $<


# Generated code: of the tests in sync, cob, glib, typed and py, of the examples
# in the others.

build/host/gen: t/host/adapters.thrift examples/cpp/pingpong.thrift \
    examples/cglib/words.thrift t/host/host.mk
	@rm -rf $@.new $@
	@for dir in sync cob glib typed py cpp cpp_cob cglib; do \
	    mkdir -p $@.new/$$dir; \
	done
	@thrift --gen cpp:no_skeleton -out $@.new/sync $<
	@thrift --gen cpp:cob_style,no_skeleton -out $@.new/cob $<
	@thrift --gen c_glib -out $@.new/glib $<
	@thrift --gen py -out $@.new/py $<
	@thrift --gen py -out $@.new/py examples/cpp/pingpong.thrift
	@thrift --gen py -out $@.new/py examples/cglib/words.thrift
	@thrift --gen cpp:no_skeleton -out $@.new/cpp examples/cpp/pingpong.thrift
	@thrift --gen cpp:cob_style,no_skeleton -out $@.new/cpp_cob \
	    examples/cpp/pingpong.thrift
	@thrift --gen c_glib -out $@.new/cglib examples/cglib/words.thrift
	@mv $@.new $@


# The rules of a shared object: HOST_CXX_RULES or HOST_C_RULES with the name of
# its generated code, and a way to compile it: asan, plain, examples.  The
# warnings are for what is ours; a compiler sees generated code once.

HOST_SOURCE_sync    = t/host/sync.cpp
HOST_SOURCE_cob     = t/host/cob.cpp
HOST_SOURCE_glib    = t/host/glib.c
HOST_SOURCE_cpp     = examples/cpp/pingpong.cpp
HOST_SOURCE_cpp_cob = examples/cpp/pingpong_cob.cpp
HOST_SOURCE_cglib   = examples/cglib/words.c

HOST_UNITS_sync     = Low Middle Test adapters_types
HOST_UNITS_cob      = $(HOST_UNITS_sync)
HOST_UNITS_glib     = low middle test adapters_types
HOST_UNITS_cpp      = PingPong pingpong_types
HOST_UNITS_cpp_cob  = $(HOST_UNITS_cpp)
HOST_UNITS_cglib    = demo_words demo_words_types

HOST_SO_cpp_examples     = build/examples/pingpong_cpp.so
HOST_SO_cpp_cob_examples = build/examples/pingpong_cob.so
HOST_SO_cglib_examples   = build/examples/words_cglib.so

HOST_SO             = $(or $(HOST_SO_$(1)_$(2)),build/host/$(2)/$(1).so)
HOST_HIDDEN         = -fPIC -fvisibility=hidden

define HOST_CXX_RULES
build/host/$(2)/$(1)/%.o: build/host/gen | build/host/$(2)
	@mkdir -p $$(@D)
	@$(call HOST_CXX,$(2)) $(HOST_HIDDEN) -w -c -o $$@ \
	    build/host/gen/$(1)/$$*.cpp

build/host/$(2)/$(1).o: $(HOST_SOURCE_$(1)) $(HOST_HEADERS) \
    build/host/gen/typed/adapters.h | build/host/$(2)
	@mkdir -p $$(@D)
	@$(call HOST_CXX,$(2)) $(HOST_HIDDEN) $(HOST_WARNINGS) \
	    -Ibuild/host/gen/typed -isystem build/host/gen/$(1) -c -o $$@ $$<

$(HOST_SO): build/host/$(2)/$(1).o \
    $(HOST_UNITS_$(1):%=build/host/$(2)/$(1)/%.o)
	@mkdir -p $$(@D)
	@$(call HOST_CXX,$(2)) -shared -o $$@.$$$$$$$$ $$^ -lthrift \
	    && mv $$@.$$$$$$$$ $$@
endef

define HOST_C_RULES
build/host/$(2)/$(1)/%.o: build/host/gen | build/host/$(2)
	@mkdir -p $$(@D)
	@$(call HOST_CC,$(2)) $(HOST_HIDDEN) $(HOST_GLIB) -w -c -o $$@ \
	    build/host/gen/$(1)/$$*.c

build/host/$(2)/$(1).o: $(HOST_SOURCE_$(1)) $(HOST_HEADERS) build/host/gen \
    | build/host/$(2)
	@mkdir -p $$(@D)
	@$(call HOST_CC,$(2)) $(HOST_HIDDEN) $(HOST_WARNINGS) \
	    -isystem build/host/gen/$(1) $(HOST_GLIB) -c -o $$@ $$<

$(HOST_SO): build/host/$(2)/$(1).o \
    $(HOST_UNITS_$(1):%=build/host/$(2)/$(1)/%.o)
	@mkdir -p $$(@D)
	@$(call HOST_CC,$(2)) -shared -o $$@.$$$$$$$$ $$^ $(HOST_LIBS) \
	    && mv $$@.$$$$$$$$ $$@
endef

HOST_WAYS = build/host/asan build/host/plain build/host/examples build/host/fuzz

$(HOST_WAYS):
	@mkdir -p $@

$(foreach way,asan plain fuzz, \
    $(foreach name,sync cob,$(eval $(call HOST_CXX_RULES,$(name),$(way)))) \
    $(eval $(call HOST_C_RULES,glib,$(way))))

$(foreach way,examples fuzz, \
    $(foreach name,cpp cpp_cob,$(eval $(call HOST_CXX_RULES,$(name),$(way)))) \
    $(eval $(call HOST_C_RULES,cglib,$(way))))


# Real clients.

build/host/plain/client.o: t/host/client.cpp build/host/gen
	@mkdir -p $(@D)
	@$(call HOST_CXX,plain) $(HOST_WARNINGS) -isystem build/host/gen/sync \
	    -c -o $@ $<

build/host/client: build/host/plain/client.o \
    $(HOST_UNITS_sync:%=build/host/plain/sync/%.o)
	@$(call HOST_CXX,plain) -o $@.$$$$ $^ -lthrift && mv $@.$$$$ $@


# A handler of our own.

build/host/gen/typed/adapters.h: t/host/adapters.thrift build/nthrift \
    build/host/gen
	@build/nthrift gen -o $(@D) $<

build/host/%/typed.so: t/host/typed.c build/host/gen/typed/adapters.h \
    $(HOST_HEADERS) | $(HOST_WAYS)
	@$(call HOST_CC,$*) $(HOST_HIDDEN) $(HOST_WARNINGS) -shared \
	    -Ibuild/host/gen/typed -o $@ $<


# Examples in C, for the fuzzer; it begins with the handler of our own.

HOST_FUZZ_C = $(patsubst %,build/host/fuzz/%.so,pingpong weather myservice gather)

$(HOST_FUZZ_C): build/host/fuzz/%.so: $(wildcard examples/*/*.c) $(HOST_HEADERS) \
    | build/nthrift build/host/fuzz
	@$(MAKE) -s --no-print-directory EXAMPLES=build/fuzz/examples \
	    EXAMPLE_CC=clang EXAMPLE_CFLAGS="-g $(HOST_fuzz)" \
	    build/fuzz/examples/$*.so
	@cp build/fuzz/examples/$*.so $@

build/fuzz/handler: | build/host/fuzz/typed.so

ifeq ($(filter Makefile,$(notdir $(MAKEFILE_LIST))),)
build/nthrift:
	@$(MAKE) -s -f src/idl/idl.mk $@
endif


test-t test-versions test-asan test-tsan coverage: host
