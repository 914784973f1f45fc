# t/public/: .thrift files of others, which are not here: IDL has them, a folder
# for each repository.  docs/idl.md says which were tried.

IDL = build/public


.PHONY: idl-public
idl-public: build/nthrift ## check and compile the .thrift files below IDL=
	@tools/packages $(IDL_PACKAGES)
	@t/run -s public -t 3600 build/public-run

.PHONY: build/public-run
build/public-run:
	@printf '#!/bin/sh\nexec t/public/run "%s"\n' "$(IDL)" >$@
	@chmod +x $@

idl-public: build/public-run
