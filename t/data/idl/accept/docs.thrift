/** The file's own text. */
namespace cpp docs

/** One line. */
struct One {}

/**
 * Several
 *   lines, indented
 *
 * and a gap.
 */
struct Several {
    /** of a field */
    1: i32 a  /** before the next */
    2: i32 b
    /** of nothing */
}

/**
   No stars,
     just text.
 */
enum Plain {
    /** of a value */
    A,
    /* not this */ B
}

/** lost */
/** the last one counts */
const i32 C = 1

/** of a service */
service S {
    /** of a method */
    void m(/** of an argument */ 1: i32 a)
}

/** of a typedef */
typedef i32 T
