include "../inc/shared.thrift"
struct A { 1: shared.Usr a, 2: share.User b }
