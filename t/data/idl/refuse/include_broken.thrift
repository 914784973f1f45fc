include "../inc/broken.thrift"
struct A { 1: broken.Thing a }
