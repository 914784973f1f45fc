struct A {}
/* no end
