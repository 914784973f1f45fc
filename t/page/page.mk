# t/page/: the page of "thrift_status html" in Debian's Chromium, with axe-core
# and puppeteer-core from npm.  "make test-page" leaves its screenshots in
# build/page/shots.

PAGE_PACKAGES = chromium python3 python3-thriftpy $(BUILD_PACKAGES)
PAGE_NPM      = puppeteer-core@24.43.1 axe-core@4.14.1


.PHONY: test-page
test-page: all examples build/page/npm ## try the page in a browser, in all widths and themes
	@tools/packages $(PAGE_PACKAGES)
	@t/run -s page -t 300 t/page/browser t/page/many


# The same of numbers: Prometheus asks for them while nginx is reloaded and two
# workers are killed.  Without it t/prometheus.t has only the expressions of
# conf/ compared with what there is.

PROMETHEUS_SECONDS = 600


.PHONY: test-prometheus
test-prometheus: all ## compare what Prometheus has counted with what clients have
	@tools/packages prometheus $(BUILD_PACKAGES)
	@PROMETHEUS_SECONDS=$(PROMETHEUS_SECONDS) t/run -s prometheus \
	    -t $$(($(PROMETHEUS_SECONDS) + 300)) t/prometheus.t


build/page/npm:
	@tools/packages nodejs
	@command -v npm >build/npm.path || tools/packages npm
	@rm -rf $@.new
	@mkdir -p $@.new
	@npm install --loglevel error --no-audit --no-fund --prefix $@.new \
	    $(PAGE_NPM)
	@mv $@.new $@
