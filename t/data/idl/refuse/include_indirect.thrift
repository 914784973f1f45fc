include "include_indirect_2.thrift"
struct A { 1: shared.User u }
