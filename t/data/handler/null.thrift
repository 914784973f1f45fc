struct Tree { 1: string name, 2: optional Tree next }
union Either { 1: i64 number, 2: Tree tree }
exception Refused { 1: string why }

service Null {
    /** Does what it says with NULL. */
    Tree act(1: string what) throws (1: Refused refused),
    list<Tree> trees(),
    Either either(),
    oneway void tell(1: Tree tree)
}
