# What src/bind/ has beside the rules of t/unit/ and fuzz/, which find its
# sources, tests and harness by their names.  Included by the top Makefile;
# "make -f src/bind/bind.mk <target>" works, too.
#
#     bind-bench              what the check of a body costs
#     bind-data               t/data/bind/bodies.txt once more

BIND_PACKAGES = gcc libc6-dev libjansson-dev python3-thrift thrift-compiler

BIND_SOURCES  = $(sort $(wildcard src/*/*.c))
BIND_HEADERS  = $(wildcard src/*/*.h t/unit/*.h)


.PHONY: bind-bench
bind-bench: build/bind-bench ## measure what the check of a body costs
	@build/bind-bench measure


build/bind-bench: t/unit/bind_bench.c $(BIND_SOURCES) $(BIND_HEADERS)
	@mkdir -p $(@D)
	gcc -std=gnu11 -D_GNU_SOURCE -g -O2 -Wall -Wextra -Werror -Isrc -It/unit \
	    -o $@ $< $(BIND_SOURCES) -ljansson


.PHONY: bind-data
bind-data: ## write t/data/bind/bodies.txt with Apache's Python library
	@t/data/bind/generate.py
