const string A = "a
"
