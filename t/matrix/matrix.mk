# t/matrix/: each kind of hostile client, before each real server, in each
# dialect and setting, with a victim beside it.  "make test" has a part of it,
# t/matrix.t.  What the servers need that is in none of the other tests comes
# from Debian's packages and from registries, and goes to build/matrix/; a
# server that cannot be had is skipped.

MATRIX_PACKAGES = golang-thrift-dev libthrift-java libslf4j-java ruby \
                  ruby-thrift thrift-compiler
MATRIX_COMPILERS = go:golang-go javac:openjdk-17-jdk-headless \
                   cargo:cargo

MATRIX_JAVA     = /usr/share/java/thrift.jar:/usr/share/java/slf4j-api.jar
MATRIX_SERVERS  = build/matrix/go/server build/matrix/java/PeerServer.class \
                  build/matrix/rust/release/peer_server \
                  build/matrix/rb/peer.rb build/matrix/js/Peer.js


.PHONY: matrix
matrix: all matrix-servers ## every hostile client x real server: isolation
	@MATRIX=all TEST_NGINX_BINARY=$(NGINX) t/run -s matrix -t 36000 \
	    t/matrix.t


.PHONY: matrix-servers
matrix-servers: peers hosted-clients matrix-packages
	@for server in $(MATRIX_SERVERS); do \
	    $(MAKE) -s --no-print-directory $$server \
	        || echo "no $$server: see above"; \
	done

.PHONY: matrix-packages
matrix-packages:
	@tools/packages $(MATRIX_PACKAGES)
	@for compiler in $(MATRIX_COMPILERS); do \
	    command -v $${compiler%%:*} >/dev/null \
	        || tools/packages $${compiler##*:}; \
	done


# Go finds packages in GOPATH: what is generated, and what Debian has.

build/matrix/go/server: t/matrix/servers/server.go t/peers/peers.thrift
	@rm -rf build/matrix/go && mkdir -p build/matrix/go/src
	@thrift -nowarn --gen go -out build/matrix/go/src t/peers/peers.thrift
	@GO111MODULE=off GOFLAGS= GOPATH=$(CURDIR)/build/matrix/go:/usr/share/gocode \
	    go build -o $@ $<

build/matrix/java/PeerServer.class: t/matrix/servers/PeerServer.java \
    t/peers/peers.thrift
	@rm -rf build/matrix/java && mkdir -p build/matrix/java/src
	@thrift -nowarn --gen java -out build/matrix/java/src t/peers/peers.thrift
	@javac -nowarn -proc:none -cp $(MATRIX_JAVA) -d $(@D) $< \
	    build/matrix/java/src/*.java

build/matrix/rust/release/peer_server: t/peers/peers.thrift \
    $(wildcard t/matrix/servers/rust/*.* t/matrix/servers/rust/src/*)
	@mkdir -p build/matrix/rust && cp -r t/matrix/servers/rust/. build/matrix/rust
	@thrift -nowarn --gen rs -out build/matrix/rust/src t/peers/peers.thrift
	@cd build/matrix/rust && CARGO_TARGET_DIR=. cargo build -q --release

build/matrix/rb/peer.rb build/matrix/js/Peer.js: t/peers/peers.thrift
	@mkdir -p $(@D)
	@thrift -nowarn --gen $(patsubst js,js:node,$(notdir $(@D))) -out $(@D) $<
