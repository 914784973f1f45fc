const uuid U1 = "12345678-1234-5678-9abc-DEFabcdef012"
const uuid U2 = '{12345678-1234-5678-9abc-def012345678}'
typedef uuid Key
struct S { 1: uuid id, 2: map<uuid, list<uuid>> all }
