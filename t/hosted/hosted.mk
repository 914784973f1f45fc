# t/hosted/: clients of real libraries, for the services that t/hosted.t and
# t/examples.t host in nginx.  Generated code, programs, and what comes from
# registries go to build/hosted/.  Included by the top-level Makefile.

HOSTED_PACKAGES = g++ make thrift-compiler libthrift-dev libboost-dev \
                  libssl-dev python3 python3-thrift python3-thriftpy \
                  python3-venv libthrift-perl libbit-vector-perl \
                  libclass-accessor-perl nodejs

HOSTED_IDL      = $(patsubst %,examples/%.thrift,pingpong/pingpong \
                    weather/weather myservice/myservice gather/gather \
                    blocking/blocking) \
                  t/hosted/faults.thrift t/hosted/faults_newer.thrift

HOSTED_CXX      = g++ -std=c++14 -O0 -w -Ibuild/hosted/cpp
HOSTED_PROGRAMS = build/hosted/client build/hosted/examples


.PHONY: hosted
hosted: examples build/nthrift build/hosted/generated $(HOSTED_PROGRAMS)

build/hosted/generated: | packages


# Perl's types of one file have a namespace, or another file's replace them.
# C++ is compiled at once: what it includes takes the time.

build/hosted/generated: $(HOSTED_IDL)
	@mkdir -p $(addprefix build/hosted/,py perl cpp js idl)
	@for idl in $(HOSTED_IDL); do \
	    name=$$(basename $$idl .thrift); \
	    { echo "namespace perl $$name"; cat $$idl; } \
	        >build/hosted/idl/$$name.thrift || exit 1; \
	done
	@for idl in $(notdir $(HOSTED_IDL)); do \
	    for gen in py perl cpp:no_skeleton js:node; do \
	        thrift -nowarn --gen $$gen -out build/hosted/$${gen%%:*} \
	            build/hosted/idl/$$idl || exit 1; \
	    done; \
	done
	@cd build/hosted/cpp && rm -f all.cpp \
	    && printf '#include "%s"\n' *.cpp >all.new && mv all.new all.cpp
	@touch $@

build/hosted/all.o: build/hosted/generated
	@$(HOSTED_CXX) -c -o $@ build/hosted/cpp/all.cpp

$(HOSTED_PROGRAMS:=.o): build/hosted/%.o: t/hosted/%.cpp \
    t/hosted/client.hpp build/hosted/generated
	@$(HOSTED_CXX) -c -o $@ $<

$(HOSTED_PROGRAMS): build/hosted/%: build/hosted/%.o build/hosted/all.o
	@g++ -o $@.new $^ -lthrift -lpthread && mv $@.new $@


# What is no package of Debian 12: from PyPI and the npm registry, if they can
# be reached.  Without them their part is skipped.  aiothrift wants an older
# thriftpy2; the newest one, with what it needs, is in build/hosted/venv/newest.

HOSTED_NODE     = thrift@0.17.0
HOSTED_PYPI     = aiothrift==0.2.7
HOSTED_THRIFTPY = thriftpy2==0.7.1

HOSTED_PIP      = timeout 300 build/hosted/venv.new/bin/pip -q \
                  --disable-pip-version-check install --retries 1 --timeout 15
HOSTED_NPM      = timeout 300 npm install --loglevel error --no-audit \
                  --no-fund --fetch-retries 1 --fetch-timeout 15000


.PHONY: hosted-clients
hosted-clients: build/hosted/venv build/hosted/node ## get Thrift of npm, PyPI

build/hosted/venv: | packages
	@rm -rf $@.new
	@/usr/bin/python3 -m venv $@.new \
	    && $(HOSTED_PIP) --target $@.new/newest $(HOSTED_THRIFTPY) \
	    && $(HOSTED_PIP) $(HOSTED_PYPI) \
	    && mv $@.new $@ \
	    || { rm -rf $@.new; echo "no aiothrift, no thriftpy2: see above"; }

build/hosted/node: | packages
	@rm -rf $@.new
	@{ command -v npm >/dev/null || tools/packages npm; } \
	    && $(HOSTED_NPM) --prefix $@.new $(HOSTED_NODE) \
	    && mv $@.new $@ \
	    || { rm -rf $@.new; echo "no thrift for Node: see above"; }


test-t test-versions test-asan coverage: hosted hosted-clients
