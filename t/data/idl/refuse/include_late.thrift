struct A {}
include "../inc/shared.thrift"
