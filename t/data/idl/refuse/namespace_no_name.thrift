namespace shop.users

struct User {}
