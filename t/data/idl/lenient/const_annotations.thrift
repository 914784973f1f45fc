const string ID = "id" (name = "LANG_ID")
const i32 N = 1 (a);
