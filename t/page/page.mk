# t/page/: the page of "thrift_status html" in Debian's Chromium, with axe-core
# and puppeteer-core from npm.  "make test-page" leaves its screenshots in
# build/page/shots.

PAGE_PACKAGES = chromium python3 python3-thriftpy $(BUILD_PACKAGES)
PAGE_NPM      = puppeteer-core@24.43.1 axe-core@4.14.1


.PHONY: test-page
test-page: all examples build/page/npm ## try the page in a browser, in all widths and themes
	@tools/packages $(PAGE_PACKAGES)
	@t/run -s page -t 300 t/page/browser


build/page/npm:
	@tools/packages nodejs
	@command -v npm >build/npm.path || tools/packages npm
	@rm -rf $@.new
	@mkdir -p $@.new
	@npm install --loglevel error --no-audit --no-fund --prefix $@.new \
	    $(PAGE_NPM)
	@mv $@.new $@
