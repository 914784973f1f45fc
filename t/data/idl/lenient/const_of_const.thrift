struct Writer { 1: string name }
struct Book { 1: Writer writer }
const Writer JERRY = {"name": "jerry"}
const Book BOOK = {"writer": JERRY}
const Writer SAME = JERRY
