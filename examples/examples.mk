# The examples that are C: build/examples/<name>.so, from
# examples/<name>/<name>.c and <name>.thrift.  Included by the top Makefile.
#
# EXAMPLE_CFLAGS and EXAMPLES are for tests that want other objects:
# make examples EXAMPLES=build/x EXAMPLE_CFLAGS=-fsanitize=address

EXAMPLES       = build/examples
EXAMPLE_CC     = gcc
EXAMPLE_CFLAGS = -O2 -g
EXAMPLE_NAMES  = pingpong weather myservice gather blocking thrifttest \
                 keyvalue

EXAMPLE_WARN   = -std=c11 -Wall -Wextra -Werror -pedantic
EXAMPLE_IDL    = -I examples/weather
EXAMPLE_DEPS   = $(wildcard src/nthrift_*.h src/bind/table.h \
                   src/base/base.h src/wire/wire.h examples/*/*.thrift)


.PHONY: examples
examples: $(EXAMPLE_NAMES:%=$(EXAMPLES)/%.so) ## build the example handlers


define example_rule
$(EXAMPLES)/$(1).so: examples/$(1)/$(1).c $(EXAMPLE_DEPS) build/nthrift
	@mkdir -p $(EXAMPLES)/gen
	@build/nthrift gen $(EXAMPLE_IDL) -o $(EXAMPLES)/gen \
	    examples/$(1)/$(1).thrift
	$(EXAMPLE_CC) $(EXAMPLE_WARN) $(EXAMPLE_CFLAGS) -shared -fPIC -Isrc \
	    -I$(EXAMPLES)/gen -o $$@.new $$< && mv $$@.new $$@
endef

$(foreach name,$(EXAMPLE_NAMES),$(eval $(call example_rule,$(name))))


test-t test-versions test-asan test-tsan coverage: examples
