# t/peers/: real clients and servers for t/peers.t, from Debian's packages.
# Generated code and programs go to build/peers/.  "make -f t/peers/peers.mk
# peers" works as well.

PEER_PACKAGES = g++ make thrift-compiler libthrift-dev libboost-dev \
                libevent-dev libssl-dev python3 python3-thrift \
                python3-thriftpy libthrift-perl libbit-vector-perl \
                libclass-accessor-perl php-cli php-thrift

INTEROP_PACKAGES = $(PEER_PACKAGES) python3-venv

PEER_CXXFLAGS = -std=c++14 -O0 -w -Ibuild/peers/cpp
PEER_OBJECTS  = $(patsubst %,build/peers/%.o,peers_types Peer Newer Other)
PEER_PROGRAMS = build/peers/server build/peers/client


.PHONY: peers
peers: build/peers/generated $(PEER_PROGRAMS)

# In the top-level Makefile the compilers are installed first.

ifneq ($(filter Makefile,$(notdir $(MAKEFILE_LIST))),)
build/peers/generated: | packages
endif

build/peers/generated: t/peers/peers.thrift t/peers/peers.mk
	@mkdir -p build/peers/py build/peers/perl build/peers/cpp \
	    build/peers/php
	@thrift -nowarn --gen py -out build/peers/py $<
	@thrift -nowarn --gen perl -out build/peers/perl $<
	@thrift -nowarn --gen php -out build/peers/php $<
	@thrift -nowarn --gen cpp:no_skeleton -out build/peers/cpp $<
	@touch $@

$(PEER_OBJECTS): build/peers/%.o: build/peers/generated
	@g++ $(PEER_CXXFLAGS) -c -o $@ build/peers/cpp/$*.cpp

$(PEER_PROGRAMS:=.o): build/peers/%.o: t/peers/%.cpp build/peers/generated
	@g++ $(PEER_CXXFLAGS) -c -o $@ $<

build/peers/server: build/peers/server.o $(PEER_OBJECTS)
	@g++ -o $@.new $^ -lthriftnb -lthriftz -lthrift -levent -lpthread \
	    && mv $@.new $@

build/peers/client: build/peers/client.o $(PEER_OBJECTS)
	@g++ -o $@.new $^ -lthriftz -lthrift -lpthread && mv $@.new $@


# thriftpy2 and aiothrift are no packages of Debian 12: from PyPI, if it can
# be reached.  Without them their part is skipped.

build/peers/venv:
	@/usr/bin/python3 -m venv $@.new \
	    && $@.new/bin/pip -q install thriftpy2 aiothrift \
	    && mv $@.new $@ \
	    || { rm -rf $@.new; echo "no thriftpy2: PyPI cannot be reached"; }


test-t test-versions test-asan coverage: peers


# ... and clients of all languages stay through reloads: see t/stay/.

.PHONY: interop
interop: all peers stay-clients ## every real client and server, 2 x nginx
	@tools/packages $(INTEROP_PACKAGES)
	@$(MAKE) --no-print-directory build/peers/venv
	@PEERS=all TEST_NGINX_BINARY=$(NGINX) t/run -s interop -t 900 \
	    t/peers.t t/reload_clients.t
	@$(MAKE) --no-print-directory interop-asan


.PHONY: interop-asan
interop-asan: asan peers stay-clients
	@PEERS=all TEST_NGINX_BINARY=$(ASAN_NGINX) TEST_NGINX_STATIC=1 \
	    TEST_TIME_FACTOR=3 t/run -s interop-asan -t 900 \
	    t/peers.t t/reload_clients.t
