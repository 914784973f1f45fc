# t/http_clients/: who calls nginx by HTTP without knowing it: a page in
# Chromium with Apache's library for JavaScript, and clients that generators
# make of the gateway's OpenAPI document.  What comes from registries and what
# is generated goes to build/http_clients/.  Included by the top-level Makefile.

HTTP_CLIENTS     = build/http_clients
HTTP_PYPI        = openapi-python-client==0.29.1
HTTP_NODE        = @hey-api/openapi-ts@0.99.0 typescript@5.9.3 esbuild@0.28.2
HTTP_PACKAGES    = $(PEER_PACKAGES) chromium curl nodejs python3-venv


.PHONY: http-clients
http-clients: $(PEER_BUILD) examples peers http-clients-tools ## a browser, and generated clients
	@HTTP_CLIENTS=1 $(PEER_NGINX) t/run -s http-clients -t 300 \
	    t/http_clients.t

.PHONY: http-clients-tools
http-clients-tools: build/square/source
	@tools/packages $(HTTP_PACKAGES)
	@command -v npm >/dev/null || tools/packages npm
	@$(MAKE) -s --no-print-directory $(HTTP_CLIENTS)/venv $(HTTP_CLIENTS)/node

$(HTTP_CLIENTS)/venv:
	@rm -rf $@.new && mkdir -p $(@D) && /usr/bin/python3 -m venv $@.new \
	    && $@.new/bin/pip -q --disable-pip-version-check install $(HTTP_PYPI) \
	    && mv $@.new $@

$(HTTP_CLIENTS)/node:
	@rm -rf $@.new && mkdir -p $@.new && echo '{}' >$@.new/package.json \
	    && npm install --loglevel error --no-audit --no-fund --prefix $@.new \
	        $(HTTP_NODE) && mv $@.new $@
