# t/square/: Apache's own cross-language test, its clients and servers with
# nginx between them.  The programs are those of Debian's source package of
# Thrift, which is that of the libraries.  The source, generated code, and what
# comes from registries go to build/square/.  Included by the top-level
# Makefile.
#
# A program that cannot be built is left out, and said to be.
#
# SQUARE_SIZE=all has every pair of programs call each other, and checks the
# table of docs/compatibility.md; it takes half an hour.

SQUARE_SIZE     = one

SQUARE          = build/square
SQUARE_SOURCE   = $(SQUARE)/source
SQUARE_TEST     = $(SQUARE_SOURCE)/test
SQUARE_IDL      = $(SQUARE_TEST)/ThriftTest.thrift

SQUARE_PACKAGES = $(PEER_PACKAGES) libthrift-c-glib-dev libglib2.0-dev \
                  pkg-config libboost-program-options-dev \
                  libboost-filesystem-dev libboost-system-dev zlib1g-dev \
                  libio-socket-ssl-perl golang-thrift-dev ruby \
                  ruby-test-unit php-cli php-thrift dpkg-dev nodejs curl

SQUARE_PROGRAMS = cpp c_glib py perl php rb js go java rs

SQUARE_NODE     = thrift@0.17.0 commander@4.1.1 tape@4.16.2
SQUARE_JARS     = org.apache.thrift:libthrift:0.17.0 \
                  org.slf4j:slf4j-api:1.7.36 org.slf4j:slf4j-nop:1.7.36 \
                  org.apache.httpcomponents:httpclient:4.5.14 \
                  org.apache.httpcomponents:httpcore:4.4.16 \
                  commons-logging:commons-logging:1.2 \
                  org.junit.jupiter:junit-jupiter-api:5.9.1 \
                  org.apiguardian:apiguardian-api:1.1.2
SQUARE_GOPATH   = $(CURDIR)/$(SQUARE)/go:/usr/share/gocode
SQUARE_GO       = github.com/apache/thrift/test/go/src


.PHONY: square
square: $(PEER_BUILD) square-programs ## Apache's cross test, every dialect to every one
	@SQUARE=$(SQUARE_SIZE) $(PEER_NGINX) \
	    t/run -s square -t 7200 t/square.t


.PHONY: square-programs
square-programs: $(SQUARE_SOURCE)
	@for program in $(SQUARE_PROGRAMS); do \
	    $(MAKE) -s --no-print-directory $(SQUARE)/$$program.done \
	        >$(SQUARE)/$$program.log 2>&1 \
	        || echo "left out: $$program: $(SQUARE)/$$program.log"; \
	done


$(SQUARE_SOURCE): t/square/source
	@tools/packages $(SQUARE_PACKAGES)
	@t/square/source $@


$(SQUARE)/%.done: | $(SQUARE_SOURCE)
	@$(MAKE) -s --no-print-directory square-$*
	@touch $@


.PHONY: $(SQUARE_PROGRAMS:%=square-%)

square-cpp:
	@mkdir -p $(SQUARE)/cpp/gen-cpp
	@thrift -nowarn --gen cpp:templates,cob_style,no_skeleton \
	    -out $(SQUARE)/cpp/gen-cpp $(SQUARE_IDL)
	@cd $(SQUARE)/cpp && for program in Client Server; do \
	    g++ -std=c++14 -O0 -w -I. -Igen-cpp -I../source/test/cpp \
	        -include cstdint -o Test$$program \
	        ../source/test/cpp/src/Test$$program.cpp \
	        $$(ls gen-cpp/*.cpp | grep -v skeleton) -lthriftz -lthriftnb \
	        -lthrift -levent -lboost_program_options -lboost_filesystem \
	        -lboost_system -lssl -lcrypto -lz -lpthread || exit 1; \
	done

square-c_glib:
	@mkdir -p $(SQUARE)/c_glib/gen-c_glib
	@thrift -nowarn --gen c_glib -out $(SQUARE)/c_glib/gen-c_glib $(SQUARE_IDL)
	@cp -r $(SQUARE_TEST)/c_glib/src $(SQUARE)/c_glib
	@cd $(SQUARE)/c_glib && for program in client server; do \
	    gcc -O0 -w -I. -o test_$$program src/test_$$program.c \
	        $$(test $$program = client || ls src/thrift_test_handler.c \
	           src/thrift_second_service_handler.c) gen-c_glib/*.c \
	        $$(pkg-config --cflags --libs thrift_c_glib gobject-2.0) -lssl \
	        -lcrypto || exit 1; \
	done

square-py:
	@mkdir -p $(SQUARE)/py/gen-py
	@thrift -nowarn --gen py -out $(SQUARE)/py/gen-py $(SQUARE_IDL)

square-perl:
	@mkdir -p $(SQUARE)/perl
	@thrift -nowarn --gen perl -out $(SQUARE)/perl $(SQUARE_IDL)

square-php:
	@mkdir -p $(SQUARE)/php/gen-php
	@thrift -nowarn --gen php -out $(SQUARE)/php/gen-php $(SQUARE_IDL)
	@mkdir -p $(SQUARE_SOURCE)/vendor
	@cp t/square/autoload.php $(SQUARE_SOURCE)/vendor/

square-rb:
	@mkdir -p $(SQUARE_TEST)/rb/gen-rb
	@thrift -nowarn --gen rb -out $(SQUARE_TEST)/rb/gen-rb $(SQUARE_IDL)

square-js:
	@command -v npm >/dev/null || tools/packages npm
	@mkdir -p $(SQUARE_SOURCE)/lib/nodejs/test/gen-nodejs
	@thrift -nowarn --gen js:node \
	    -out $(SQUARE_SOURCE)/lib/nodejs/test/gen-nodejs $(SQUARE_IDL)
	@npm install --loglevel error --no-audit --no-fund \
	    --prefix $(SQUARE)/node $(SQUARE_NODE)

# In Go a map is no key of a map: Apache leaves that out, too.

square-go:
	@command -v go >/dev/null || tools/packages golang-go
	@mkdir -p $(SQUARE)/go/src/$(SQUARE_GO)/gen
	@cp -r $(SQUARE_TEST)/go/src/bin $(SQUARE_TEST)/go/src/common \
	    $(SQUARE)/go/src/$(SQUARE_GO)
	@grep -v 'list.*map.*list.*map' $(SQUARE_IDL) >$(SQUARE)/go/ThriftTest.thrift
	@thrift -nowarn -out $(SQUARE)/go/src/$(SQUARE_GO)/gen \
	    --gen go:package_prefix=$(SQUARE_GO)/gen/ $(SQUARE)/go/ThriftTest.thrift
	@for program in testclient testserver; do \
	    GO111MODULE=off GOFLAGS= GOPATH=$(SQUARE_GOPATH) \
	        go build -o $(SQUARE)/go/$$program $(SQUARE_GO)/bin/$$program \
	        || exit 1; \
	done

square-java:
	@command -v javac >/dev/null || tools/packages openjdk-17-jdk-headless
	@command -v mvn >/dev/null || tools/packages maven
	@for jar in $(SQUARE_JARS); do \
	    mvn -q -B dependency:copy -Dartifact=$$jar \
	        -DoutputDirectory=$(CURDIR)/$(SQUARE)/java/jars || exit 1; \
	done
	@mkdir -p $(SQUARE)/java/gen $(SQUARE)/java/classes
	@thrift -nowarn --gen java:generated_annotations=suppress \
	    -out $(SQUARE)/java/gen $(SQUARE_IDL)
	@javac -nowarn -proc:none -cp '$(SQUARE)/java/jars/*' \
	    -d $(SQUARE)/java/classes \
	    $$(find $(SQUARE)/java/gen -name '*.java') \
	    $(addprefix $(SQUARE_SOURCE)/lib/java/src/, \
	      test/java/org/apache/thrift/server/ServerTestBase.java \
	      crossTest/java/org/apache/thrift/test/TestClient.java \
	      crossTest/java/org/apache/thrift/test/TestServer.java)

square-rs:
	@command -v cargo >/dev/null || tools/packages cargo
	@thrift -nowarn --gen rs -out $(SQUARE_TEST)/rs/src $(SQUARE_IDL)
	@CARGO_TARGET_DIR=$(SQUARE)/rs cargo build -q \
	    --manifest-path $(SQUARE_TEST)/rs/Cargo.toml
