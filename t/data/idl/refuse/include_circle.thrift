include "include_circle_2.thrift"
