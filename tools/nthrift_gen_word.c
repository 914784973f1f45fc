/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_word.c: names that cannot be used in C or C++, or would not
 * mean what they say.
 */

#include "nthrift_gen.h"

#include <stdlib.h>


/*
 * Words of C11 and C++20; macros and types of the headers that
 * nthrift_handler.h includes, and what other headers of the C library define
 * as macros in lower case.  In the order of strcmp().
 */

static const char *const  word_reserved[] = {
    "BUFSIZ", "EOF", "FILE", "FILENAME_MAX", "FOPEN_MAX", "I", "INFINITY",
    "INT16_C", "INT16_MAX", "INT16_MIN", "INT16_WIDTH", "INT32_C", "INT32_MAX",
    "INT32_MIN", "INT32_WIDTH", "INT64_C", "INT64_MAX", "INT64_MIN",
    "INT64_WIDTH", "INT8_C", "INT8_MAX", "INT8_MIN", "INT8_WIDTH", "INTMAX_C",
    "INTMAX_MAX", "INTMAX_MIN", "INTMAX_WIDTH", "INTPTR_MAX", "INTPTR_MIN",
    "INTPTR_WIDTH", "INT_FAST16_MAX", "INT_FAST16_MIN", "INT_FAST16_WIDTH",
    "INT_FAST32_MAX", "INT_FAST32_MIN", "INT_FAST32_WIDTH", "INT_FAST64_MAX",
    "INT_FAST64_MIN", "INT_FAST64_WIDTH", "INT_FAST8_MAX", "INT_FAST8_MIN",
    "INT_FAST8_WIDTH", "INT_LEAST16_MAX", "INT_LEAST16_MIN",
    "INT_LEAST16_WIDTH", "INT_LEAST32_MAX", "INT_LEAST32_MIN",
    "INT_LEAST32_WIDTH", "INT_LEAST64_MAX", "INT_LEAST64_MIN",
    "INT_LEAST64_WIDTH", "INT_LEAST8_MAX", "INT_LEAST8_MIN",
    "INT_LEAST8_WIDTH", "L_ctermid", "L_cuserid", "L_tmpnam", "NAN", "NULL",
    "PTRDIFF_MAX", "PTRDIFF_MIN", "PTRDIFF_WIDTH", "P_tmpdir",
    "RENAME_EXCHANGE", "RENAME_NOREPLACE", "RENAME_WHITEOUT", "SEEK_CUR",
    "SEEK_DATA", "SEEK_END", "SEEK_HOLE", "SEEK_SET", "SIG_ATOMIC_MAX",
    "SIG_ATOMIC_MIN", "SIG_ATOMIC_WIDTH", "SIZE_MAX", "SIZE_WIDTH", "TMP_MAX",
    "UINT16_C", "UINT16_MAX", "UINT16_WIDTH", "UINT32_C", "UINT32_MAX",
    "UINT32_WIDTH", "UINT64_C", "UINT64_MAX", "UINT64_WIDTH", "UINT8_C",
    "UINT8_MAX", "UINT8_WIDTH", "UINTMAX_C", "UINTMAX_MAX", "UINTMAX_WIDTH",
    "UINTPTR_MAX", "UINTPTR_WIDTH", "UINT_FAST16_MAX", "UINT_FAST16_WIDTH",
    "UINT_FAST32_MAX", "UINT_FAST32_WIDTH", "UINT_FAST64_MAX",
    "UINT_FAST64_WIDTH", "UINT_FAST8_MAX", "UINT_FAST8_WIDTH",
    "UINT_LEAST16_MAX", "UINT_LEAST16_WIDTH", "UINT_LEAST32_MAX",
    "UINT_LEAST32_WIDTH", "UINT_LEAST64_MAX", "UINT_LEAST64_WIDTH",
    "UINT_LEAST8_MAX", "UINT_LEAST8_WIDTH", "WCHAR_MAX", "WCHAR_MIN",
    "WCHAR_WIDTH", "WINT_MAX", "WINT_MIN", "WINT_WIDTH", "alignas", "alignof",
    "and", "and_eq", "asm", "assert", "auto", "bitand", "bitor", "bool",
    "break", "case", "catch", "char", "char16_t", "char32_t", "char8_t",
    "class", "clock_t", "co_await", "co_return", "co_yield", "compl",
    "complex", "concept", "const", "const_cast", "consteval", "constexpr",
    "constinit", "continue", "decltype", "default", "delete", "dev_t", "div_t",
    "do", "double", "double_t", "dynamic_cast", "else", "enum", "errno",
    "explicit", "export", "extern", "false", "float", "float_t", "for",
    "fpos64_t", "fpos_t", "friend", "gid_t", "goto", "h_addr", "h_errno",
    "i386", "id_t", "if", "imaginary", "inline", "ino_t", "int", "int16_t",
    "int32_t", "int64_t", "int8_t", "int_fast16_t", "int_fast32_t",
    "int_fast64_t", "int_fast8_t", "int_least16_t", "int_least32_t",
    "int_least64_t", "int_least8_t", "intmax_t", "intptr_t", "key_t", "ldiv_t",
    "linux", "lldiv_t", "locale_t", "long", "max_align_t", "mode_t", "mutable",
    "namespace", "new", "nlink_t", "noexcept", "noreturn", "not", "not_eq",
    "nullptr", "nullptr_t", "off64_t", "off_t", "offsetof", "operator", "or",
    "or_eq", "pid_t", "private", "protected", "ptrdiff_t", "public",
    "register", "register_t", "reinterpret_cast", "requires", "restrict",
    "return", "s6_addr", "sa_handler", "sa_sigaction", "sched_priority",
    "short", "si_addr", "si_band", "si_fd", "si_int", "si_overrun", "si_pid",
    "si_ptr", "si_status", "si_stime", "si_timerid", "si_uid", "si_utime",
    "si_value", "signed", "sigset_t", "size_t", "sizeof", "ssize_t",
    "st_atime", "st_ctime", "st_mtime", "static", "static_assert",
    "static_cast", "stderr", "stdin", "stdout", "strdupa", "strndupa",
    "struct", "switch", "template", "this", "thread_local", "throw", "time_t",
    "true", "try", "typedef", "typeid", "typename", "typeof", "uid_t",
    "uint16_t", "uint32_t", "uint64_t", "uint8_t", "uint_fast16_t",
    "uint_fast32_t", "uint_fast64_t", "uint_fast8_t", "uint_least16_t",
    "uint_least32_t", "uint_least64_t", "uint_least8_t", "uintmax_t",
    "uintptr_t", "union", "unix", "unsigned", "using", "va_arg", "va_copy",
    "va_end", "va_list", "va_start", "virtual", "void", "volatile", "wchar_t",
    "while", "xor", "xor_eq"
};


/*
 * Functions of <stdio.h>, <string.h> and <strings.h>, and those that gcc knows
 * without a header: only what stands alone, a constant, is in their way.
 */

static const char *const  word_functions[] = {
    "abort", "abs", "acos", "acosf", "acosh", "acoshf", "acoshl", "acosl",
    "aligned_alloc", "alloca", "asin", "asinf", "asinh", "asinhf", "asinhl",
    "asinl", "asprintf", "atan", "atan2", "atan2f", "atan2l", "atanf", "atanh",
    "atanhf", "atanhl", "atanl", "basename", "bcmp", "bcopy", "bzero", "cabs",
    "cabsf", "cabsl", "cacos", "cacosf", "cacosh", "cacoshf", "cacoshl",
    "cacosl", "calloc", "carg", "cargf", "cargl", "casin", "casinf", "casinh",
    "casinhf", "casinhl", "casinl", "catan", "catanf", "catanh", "catanhf",
    "catanhl", "catanl", "cbrt", "cbrtf", "cbrtl", "ccos", "ccosf", "ccosh",
    "ccoshf", "ccoshl", "ccosl", "ceil", "ceilf", "ceill", "cexp", "cexpf",
    "cexpl", "cimag", "cimagf", "cimagl", "clearerr", "clearerr_unlocked",
    "clog", "clog10", "clog10f", "clog10l", "clogf", "clogl", "conj", "conjf",
    "conjl", "copysign", "copysignf", "copysignl", "cos", "cosf", "cosh",
    "coshf", "coshl", "cosl", "cpow", "cpowf", "cpowl", "cproj", "cprojf",
    "cprojl", "creal", "crealf", "creall", "csin", "csinf", "csinh", "csinhf",
    "csinhl", "csinl", "csqrt", "csqrtf", "csqrtl", "ctan", "ctanf", "ctanh",
    "ctanhf", "ctanhl", "ctanl", "ctermid", "cuserid", "dcgettext", "dgettext",
    "dprintf", "drem", "dremf", "dreml", "erf", "erfc", "erfcf", "erfcl",
    "erff", "erfl", "execl", "execle", "execlp", "execv", "execve", "execvp",
    "exit", "exp", "exp10", "exp10f", "exp10l", "exp2", "exp2f", "exp2l",
    "expf", "expl", "explicit_bzero", "expm1", "expm1f", "expm1l", "fabs",
    "fabsf", "fabsl", "fclose", "fcloseall", "fdim", "fdimf", "fdiml",
    "fdopen", "feclearexcept", "fegetenv", "fegetexceptflag", "fegetround",
    "feholdexcept", "feof", "feof_unlocked", "feraiseexcept", "ferror",
    "ferror_unlocked", "fesetenv", "fesetexceptflag", "fesetround",
    "fetestexcept", "feupdateenv", "fflush", "fflush_unlocked", "ffs",
    "ffsimax", "ffsl", "ffsll", "fgetc", "fgetc_unlocked", "fgetpos",
    "fgetpos64", "fgets", "fgets_unlocked", "fileno", "fileno_unlocked",
    "finite", "finitef", "finitel", "flockfile", "floor", "floorf", "floorl",
    "fma", "fmaf", "fmal", "fmax", "fmaxf", "fmaxl", "fmemopen", "fmin",
    "fminf", "fminl", "fmod", "fmodf", "fmodl", "fopen", "fopen64",
    "fopencookie", "fork", "fprintf", "fprintf_unlocked", "fputc",
    "fputc_unlocked", "fputs", "fputs_unlocked", "fread", "fread_unlocked",
    "free", "freopen", "freopen64", "frexp", "frexpf", "frexpl", "fscanf",
    "fseek", "fseeko", "fseeko64", "fsetpos", "fsetpos64", "ftell", "ftello",
    "ftello64", "ftrylockfile", "funlockfile", "fwrite", "fwrite_unlocked",
    "gamma", "gamma_r", "gammaf", "gammaf_r", "gammal", "gammal_r", "getc",
    "getc_unlocked", "getchar", "getchar_unlocked", "getdelim", "getline",
    "gettext", "getw", "hypot", "hypotf", "hypotl", "ilogb", "ilogbf",
    "ilogbl", "imaxabs", "index", "isalnum", "isalpha", "isascii", "isblank",
    "iscntrl", "isdigit", "isgraph", "isinf", "isinff", "isinfl", "islower",
    "isnan", "isnanf", "isnanl", "isprint", "ispunct", "isspace", "isupper",
    "iswalnum", "iswalpha", "iswblank", "iswcntrl", "iswdigit", "iswgraph",
    "iswlower", "iswprint", "iswpunct", "iswspace", "iswupper", "iswxdigit",
    "isxdigit", "j0", "j0f", "j0l", "j1", "j1f", "j1l", "jn", "jnf", "jnl",
    "labs", "ldexp", "ldexpf", "ldexpl", "lgamma", "lgamma_r", "lgammaf",
    "lgammaf_r", "lgammal", "lgammal_r", "llabs", "llrint", "llrintf",
    "llrintl", "llround", "llroundf", "llroundl", "log", "log10", "log10f",
    "log10l", "log1p", "log1pf", "log1pl", "log2", "log2f", "log2l", "logb",
    "logbf", "logbl", "logf", "logl", "lrint", "lrintf", "lrintl", "lround",
    "lroundf", "lroundl", "main", "malloc", "memccpy", "memchr", "memcmp",
    "memcpy", "memfrob", "memmem", "memmove", "mempcpy", "memrchr", "memset",
    "modf", "modff", "modfl", "nan", "nanf", "nanl", "nearbyint", "nearbyintf",
    "nearbyintl", "nextafter", "nextafterf", "nextafterl", "nexttoward",
    "nexttowardf", "nexttowardl", "obstack_printf", "obstack_vprintf",
    "open_memstream", "pclose", "perror", "popen", "posix_memalign", "pow",
    "pow10", "pow10f", "pow10l", "powf", "powl", "printf", "printf_unlocked",
    "putc", "putc_unlocked", "putchar", "putchar_unlocked", "puts",
    "puts_unlocked", "putw", "rawmemchr", "realloc", "remainder", "remainderf",
    "remainderl", "remove", "remquo", "remquof", "remquol", "rename",
    "renameat", "renameat2", "rewind", "rindex", "rint", "rintf", "rintl",
    "round", "roundeven", "roundevenf", "roundevenl", "roundf", "roundl",
    "scalb", "scalbf", "scalbl", "scalbln", "scalblnf", "scalblnl", "scalbn",
    "scalbnf", "scalbnl", "scanf", "setbuf", "setbuffer", "setlinebuf",
    "setvbuf", "sigabbrev_np", "sigdescr_np", "signbit", "signbitf",
    "signbitl", "significand", "significandf", "significandl", "sin", "sincos",
    "sincosf", "sincosl", "sinf", "sinh", "sinhf", "sinhl", "sinl", "snprintf",
    "sprintf", "sqrt", "sqrtf", "sqrtl", "sscanf", "stpcpy", "stpncpy",
    "strcasecmp", "strcasecmp_l", "strcasestr", "strcat", "strchr",
    "strchrnul", "strcmp", "strcoll", "strcoll_l", "strcpy", "strcspn",
    "strdup", "strerror", "strerror_l", "strerror_r", "strerrordesc_np",
    "strerrorname_np", "strfmon", "strfry", "strftime", "strlen",
    "strncasecmp", "strncasecmp_l", "strncat", "strncmp", "strncpy", "strndup",
    "strnlen", "strpbrk", "strrchr", "strsep", "strsignal", "strspn", "strstr",
    "strtok", "strtok_r", "strverscmp", "strxfrm", "strxfrm_l", "tan", "tanf",
    "tanh", "tanhf", "tanhl", "tanl", "tempnam", "tgamma", "tgammaf",
    "tgammal", "tmpfile", "tmpfile64", "tmpnam", "tmpnam_r", "toascii",
    "tolower", "toupper", "towlower", "towupper", "trunc", "truncf", "truncl",
    "ungetc", "vasprintf", "vdprintf", "vfprintf", "vfscanf", "vprintf",
    "vscanf", "vsnprintf", "vsprintf", "vsscanf", "y0", "y0f", "y0l", "y1",
    "y1f", "y1l", "yn", "ynf", "ynl"
};

#define word_in(list, name)                                                   \
    (bsearch(name, list, sizeof(list) / sizeof(list[0]), sizeof(list[0]),     \
             word_compare) != NULL)


static int
word_compare(const void *name, const void *word)
{
    return strcmp(name, *(const char *const *) word);
}


int
nthrift_gen_reserved(const char *name)
{
    return word_in(word_reserved, name);
}


/* Names that are the compiler's or ours are many, and begin alike. */

int
nthrift_gen_begins(const char *name)
{
    return strncmp(name, "nthrift_", 8) == 0
           || strncmp(name, "NTHRIFT_", 8) == 0
           || (name[0] == '_' && (name[1] == '_'
                                  || (name[1] >= 'A' && name[1] <= 'Z')));
}


int
nthrift_gen_function(const char *name)
{
    return word_in(word_functions, name);
}
