include "../inc/plain.thrift"
struct User {}
