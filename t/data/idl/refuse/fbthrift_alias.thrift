include "../inc/shared.thrift" as s
