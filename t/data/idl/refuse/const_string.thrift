const string A = 1
