include "../inc/shared.thrift";
namespace cpp lenient;
cpp_include "x",
struct A {};
enum B { X },
service C {};
union D {};
exception E {};
typedef i32 F;
