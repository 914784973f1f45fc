# t/openapi/: OpenAPI's own validator, which is no package of Debian 12: from
# PyPI, if it can be reached.  Without it t/openapi.t skips its part.  Included
# by the top-level Makefile.

OPENAPI_PYPI = openapi-spec-validator==0.9.0
OPENAPI_PIP  = timeout 300 build/openapi/venv.new/bin/pip -q \
               --disable-pip-version-check install --retries 1 --timeout 15


build/openapi/venv: | packages
	@rm -rf $@.new
	@mkdir -p $(@D)
	@/usr/bin/python3 -m venv $@.new && $(OPENAPI_PIP) $(OPENAPI_PYPI) \
	    && mv $@.new $@ \
	    || { rm -rf $@.new; echo "no OpenAPI validator: see above"; }


test-t test-versions test-asan: build/openapi/venv
