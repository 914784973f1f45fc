import "base.thrift"
