include "../inc/shared.thrift"
cpp_include "<list>"
namespace * every.where
namespace cpp a.b.c
namespace py.twisted t
namespace java org.example (kind = "first")
namespace java org.example.again
include "../inc/my.types.thrift"

struct Uses {
    1: shared.User user
    2: my.types.Kind kind
    3: shared.Id id
}
