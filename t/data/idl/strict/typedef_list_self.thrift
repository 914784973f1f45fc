typedef list<A> A
