# t/agree/: real libraries, as readers: where does a message end, and does a
# server go on behind an error?  "make agree" asks all that can be had; generated
# code, programs, and what comes from registries go to build/agree/.
#
# A library that cannot be had is left out, and said to be.  "make test" has
# what we say ourselves of the same messages: t/unit/agree.c.

AGREE_PACKAGES = $(PEER_PACKAGES) gcc libc6-dev python3-venv perl
AGREE_SECONDS  = 0

AGREE_THRIFT   = github.com/apache/thrift@v0.25.0
AGREE_NODE     = thrift@0.24.0
AGREE_PYPI     = aiothrift==0.2.7
AGREE_NEWEST   = thrift==0.25.0 thriftpy2==0.7.1
AGREE_JARS     = org.apache.thrift:libthrift:0.17.0 \
                 org.slf4j:slf4j-api:1.7.36 org.slf4j:slf4j-nop:1.7.36
AGREE_RUST     = thrift = "=0.17.0"

AGREE          = build/agree
AGREE_IDL      = t/agree/agree.thrift

AGREE_READERS  = $(addprefix agree-,venv cpp glib node go java ruby php rust)


.PHONY: agree
agree: $(AGREE)/corpus agree-readers ## ask real libraries where messages end
	@t/agree/run $(AGREE) $(AGREE_SECONDS)


# t/agree.t asks those that "make test" has anyway.

test-t test-versions test-asan: $(AGREE)/corpus $(AGREE)/generated


# Each by itself: what is missing is told, and does not end it.

.PHONY: agree-readers
agree-readers: $(AGREE)/generated
	@for reader in $(AGREE_READERS); do \
	    $(MAKE) --no-print-directory $$reader >$(AGREE)/$$reader.log 2>&1 \
	        || echo "$$reader cannot be had: $(AGREE)/$$reader.log"; \
	done


.PHONY: $(AGREE_READERS)
agree-venv: $(AGREE)/venv
agree-cpp: $(AGREE)/read_cpp
agree-glib: $(AGREE)/read_glib
agree-node: $(AGREE)/node
agree-go: $(AGREE)/read_go
agree-java: $(AGREE)/java-0.17.0
agree-ruby: $(AGREE)/ruby
agree-php: $(AGREE)/php
agree-rust: $(AGREE)/read_rust


$(AGREE)/corpus: t/agree/corpus.c $(wildcard t/unit/*.h src/*/*.[ch])
	@tools/packages $(AGREE_PACKAGES)
	@mkdir -p $(@D)
	@$(UNIT_CC) $(UNIT_CFLAGS) -O2 -o $@ t/agree/corpus.c \
	    $(filter-out src/plain/%,$(UNIT_SOURCES))


$(AGREE)/generated: $(AGREE_IDL)
	@tools/packages $(AGREE_PACKAGES)
	@for gen in py cpp:no_skeleton c_glib perl js:node go rb php:server rs \
	    java:generated_annotations=suppress; do \
	    mkdir -p $(AGREE)/gen/$${gen%%:*}; \
	    thrift -nowarn --gen $$gen -out $(AGREE)/gen/$${gen%%:*} $< \
	        || exit 1; \
	done
	@rm -rf $(AGREE)/gen/go/agree/svc-remote
	@touch $@


$(AGREE)/venv:
	@rm -rf $@.new
	@/usr/bin/python3 -m venv $@.new
	@$@.new/bin/pip -q install $(AGREE_PYPI) six
	@$@.new/bin/pip -q install --target $@.new/newest $(AGREE_NEWEST)
	@mv $@.new $@


$(AGREE)/read_cpp: t/agree/read_cpp.cpp $(AGREE)/generated
	@g++ -std=c++14 -O1 -w -I$(AGREE)/gen/cpp -o $@ $< \
	    $(AGREE)/gen/cpp/*.cpp -lthrift


$(AGREE)/read_glib: t/agree/read_glib.c $(AGREE)/generated
	@tools/packages libthrift-c-glib-dev pkg-config
	@gcc -O1 -w -I$(AGREE)/gen/c_glib -o $@ $< $(AGREE)/gen/c_glib/*.c \
	    $$(pkg-config --cflags --libs thrift_c_glib)


$(AGREE)/node:
	@tools/packages nodejs
	@command -v npm || tools/packages npm
	@rm -rf $@.new
	@npm install --loglevel error --no-audit --no-fund --prefix $@.new \
	    $(AGREE_NODE)
	@mv $@.new $@


$(AGREE)/read_go: t/agree/read_go.go $(AGREE)/generated
	@command -v go
	@rm -rf $(AGREE)/go
	@mkdir -p $(AGREE)/go
	@cp $< $(AGREE)/go/main.go
	@cp -r $(AGREE)/gen/go/agree $(AGREE)/go/
	@cd $(AGREE)/go && go mod init agree && go get $(AGREE_THRIFT) \
	    && go build -o ../read_go .


$(AGREE)/java-0.17.0: t/agree/ReadJava.java $(AGREE)/generated
	@command -v javac || tools/packages default-jdk-headless
	@command -v mvn || tools/packages maven
	@for jar in $(AGREE_JARS); do \
	    mvn -q -B dependency:copy -Dartifact=$$jar \
	        -DoutputDirectory=$(CURDIR)/$(AGREE)/jars || exit 1; \
	done
	@rm -rf $@.new
	@mkdir -p $@.new
	@javac -nowarn -d $@.new -cp \
	    $(AGREE)/jars/libthrift-0.17.0.jar:$(AGREE)/jars/slf4j-api-1.7.36.jar \
	    $< $(AGREE)/gen/java/agree/*.java
	@rm -rf $@
	@mv $@.new $@


$(AGREE)/ruby:
	@tools/packages ruby ruby-thrift
	@touch $@


$(AGREE)/php:
	@tools/packages php-cli php-thrift
	@touch $@


$(AGREE)/read_rust: t/agree/read_rust.rs $(AGREE)/generated
	@command -v cargo
	@mkdir -p $(AGREE)/rust/src
	@cp $< $(AGREE)/rust/src/main.rs
	@cp $(AGREE)/gen/rs/agree.rs $(AGREE)/rust/src/
	@printf '%s\n' '[package]' 'name = "read_rust"' 'version = "0.1.0"' \
	    'edition = "2018"' '[dependencies]' '$(AGREE_RUST)' \
	    >$(AGREE)/rust/Cargo.toml
	@cd $(AGREE)/rust && cargo build -q --release
	@cp $(AGREE)/rust/target/release/read_rust $@
