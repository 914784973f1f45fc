const uuid A = 5
