typedef A B
typedef B C
typedef C A
