# t/collector/: what OpenTelemetry's collector reads of the spans that
# thrift_span_log and $thrift_span write: its own code does, from a module of
# Go.  Without it those tests decode the JSON only.

COLLECTOR       = build/collector
COLLECTOR_PDATA = go.opentelemetry.io/collector/pdata@v1.71.0


.PHONY: test-collector
test-collector: all $(COLLECTOR)/read ## read spans as OpenTelemetry's collector does
	@TEST_COLLECTOR=$(CURDIR)/$(COLLECTOR)/read t/run -s collector \
	    t/span_log.t t/log_spans.t


$(COLLECTOR)/read: t/collector/read.go
	@command -v go >$(@D).path || tools/packages golang-go
	@rm -rf $(@D)/src
	@mkdir -p $(@D)/src
	@cp $< $(@D)/src/
	@cd $(@D)/src && go mod init read && go get $(COLLECTOR_PDATA) \
	    && go mod tidy && go build -o ../read .
