struct Crlf {
  1: i32 a,
  /**
   * two
   * lines
   */
  2: i32 b
}
