/**
 * The whole file, * / as it were.
 */

/** Begins a comment /* and would not end it */
const i32 A = 1

/**
 * Has /* both, and **\/ a star before the slash.
 *
 *     and an indented line
 *
 * what??/
 * a line that ends in a backslash \
 * and "quotes"
 */
struct Documented {
    /** The first. */
    1: i32 first,
    2: i32 without,
    /**
     * The third,
     * of two lines.
     */
    3: optional string third,
    /** ‮ reverses ‬, and ümlauts do not; a line that is too long to stand in one line of C, as this one is. */
    4: i32 fourth
}

/** // a comment */
enum Commented {
    /** One */
    ONE,
    /** Two: /// */
    TWO
}

/** A union. */
union Union {
    /** a number */
    1: i32 number
}

/** A typedef. */
typedef i32 Number

/** A service. */
service Service {
    /** A method: /* it has an argument. */
    void method(
        /** An argument. */
        1: i32 argument),

    void plain(),

    /**
     * Another,
     * of two lines.
     */
    i32 other()
}
