/* Structs that come back to themselves. */

struct Node {
    1: i32 value,
    2: optional Node next,
    3: Node other,
    4: list<Node> children,
    5: map<string, Node> named
}

struct Hen {
    1: Egg egg,
    2: string name
}

struct Egg {
    1: optional Hen hen,
    2: Shell shell
}

struct Shell {
    1: i32 colour
}

union Tree {
    1: i32 leaf,
    2: Branch branch,
    3: Tree root
}

struct Branch {
    1: Tree left,
    2: Tree right
}

struct First {
    1: Second second
}

struct Second {
    1: Third third,
    2: Shell shell
}

struct Third {
    1: optional First first
}

/* Complete only behind what it has. */

struct Outer {
    1: Inner inner,
    2: Inner & pointed,
    3: optional Inner & maybe
}

struct Inner {
    1: Innermost innermost
}

struct Innermost {
    1: Outer & outer,
    2: i32 & plain
}

exception Chain {
    1: optional Cause cause
}

struct Cause {
    1: Chain chain
}

service Recursion {
    Node node(1: Node node, 2: Node & pointed, 3: optional Tree tree)
        throws (1: Chain chain, 2: Chain & other)
}
