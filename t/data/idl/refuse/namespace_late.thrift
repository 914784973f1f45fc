struct A {}
namespace cpp a
