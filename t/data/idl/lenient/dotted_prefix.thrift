include "../inc/my.types.thrift"
const my.types.Kind K = my.types.Kind.BAD
