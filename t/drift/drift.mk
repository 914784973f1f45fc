# t/drift/: Drift, a library for Java by Facebook, whose THeader and compact
# protocol are those of fbthrift; fbthrift's own is in no registry.  From Maven,
# to build/drift/.  Included by the top-level Makefile.

DRIFT          = build/drift
DRIFT_JARS     = com.facebook.drift:drift-client:1.46 \
                 com.facebook.drift:drift-server:1.46 \
                 com.facebook.drift:drift-transport-netty:1.46 \
                 org.slf4j:slf4j-nop:1.7.36
DRIFT_DEPENDS  = $(foreach jar,$(DRIFT_JARS),<dependency><groupId>$(word 1, \
                 $(subst :, ,$(jar)))</groupId><artifactId>$(word 2, \
                 $(subst :, ,$(jar)))</artifactId><version>$(word 3, \
                 $(subst :, ,$(jar)))</version></dependency>)


.PHONY: drift
drift: $(PEER_BUILD) peers $(DRIFT)/classes ## fbthrift's dialects, by its relative in Java
	@DRIFT=1 $(PEER_NGINX) t/run -s drift -t 600 t/drift.t

$(DRIFT)/classes: t/drift/Drift.java $(DRIFT)/jars
	@rm -rf $@.new && mkdir -p $@.new
	@javac -nowarn -parameters -proc:none -cp '$(DRIFT)/jars/*' -d $@.new $<
	@rm -rf $@ && mv $@.new $@

$(DRIFT)/jars:
	@command -v javac >/dev/null || tools/packages openjdk-17-jdk-headless
	@command -v mvn >/dev/null || tools/packages maven
	@rm -rf $@.new && mkdir -p $(@D)
	@echo '<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId>' \
	    '<artifactId>x</artifactId><version>1</version><dependencies>' \
	    '$(DRIFT_DEPENDS)</dependencies></project>' >$(DRIFT)/pom.xml
	@mvn -q -B -f $(DRIFT)/pom.xml dependency:copy-dependencies \
	    -DoutputDirectory=$(CURDIR)/$@.new
	@mv $@.new $@
