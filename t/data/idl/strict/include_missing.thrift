include "no_such_file.thrift"
