include "../inc/shared.thrift"
struct B { 1: NoSuch u }
