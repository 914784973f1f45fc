include "../inc/shared.thrift"
namespace cpp mine
struct User { 1: string name }
struct Both { 1: User mine, 2: shared.User theirs }
