# t/stay/: clients of real libraries that stay connected while nginx is
# reloaded, for t/reload_clients.t and t/reload_soak.t.  "make test" has those
# whose libraries it needs anyway; "make interop" gets the others.  Programs go
# to build/stay/, the servers are those of t/peers/.


.PHONY: stay
stay: peers build/stay/client build/matrix/js/Peer.js

.PHONY: stay-clients
stay-clients: stay hosted-clients matrix-packages
	@for client in build/stay/go/client build/stay/java/StayClient.class \
	    build/matrix/rb/peer.rb; do \
	    $(MAKE) -s --no-print-directory $$client \
	        || echo "no $$client: see above"; \
	done


build/stay/client: t/stay/client.cpp $(PEER_OBJECTS)
	@mkdir -p $(@D)
	@g++ $(PEER_CXXFLAGS) -o $@.new $^ -lthrift -lpthread && mv $@.new $@

build/stay/go/client: t/stay/client.go build/matrix/go/server
	@mkdir -p $(@D)
	@GO111MODULE=off GOFLAGS= GOPATH=$(CURDIR)/build/matrix/go:/usr/share/gocode \
	    go build -o $@ $<

build/stay/java/StayClient.class: t/stay/StayClient.java \
    build/matrix/java/PeerServer.class
	@mkdir -p $(@D)
	@javac -nowarn -proc:none -cp build/matrix/java:$(MATRIX_JAVA) -d $(@D) $<


test-t test-versions test-asan coverage: stay hosted-clients
