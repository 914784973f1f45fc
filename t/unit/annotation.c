/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/annotation.c: src/idl/annotation.c: what times and flags mean.  That
 * nginx -t, its directives and nthrift check agree is tested by t/idl_conf.t.
 */

#include "idl.h"

#include "idl/annotation.h"


#define WRONG  (-2)


typedef struct {
    const char  *text;
    int64_t      value;
} value_case_t;


static const value_case_t  times[] = {
    { "0", 0 },
    { "5", 5000 },
    { "007", 7000 },
    { "300ms", 300 },
    { "2s", 2000 },
    { "1m 30s", 90000 },
    { "1m30s", 90000 },
    { "1m 30", 90000 },
    { "1h2m3s4ms", 3723004 },
    { "1w 1d", 691200000 },
    { "5s500ms", 5500 },
    { "500ms 5", 5500 },
    { "5 ", 5000 },
    { " 5", 5000 },
    { "1 2", 3000 },
    { "1ms   ", 1 },
    { "m1", 1000 },
    { "4611686018427387903ms", INT64_MAX / 2 },
    { "4611686018427387", 4611686018427387000 },
    { "4611686018427387s903ms", INT64_MAX / 2 },
    { "", WRONG },
    { " ", WRONG },
    { "s", WRONG },
    { "ms", WRONG },
    { "soon", WRONG },
    { "-1", WRONG },
    { "+1", WRONG },
    { "1.5s", WRONG },
    { "1y", WRONG },
    { "1M", WRONG },
    { "1S", WRONG },
    { "1 s", WRONG },
    { "1s1s", WRONG },
    { "1ms1ms", WRONG },
    { "1s 1m", WRONG },
    { "1m1h", WRONG },
    { "1 2 3", WRONG },
    { "1s\t", WRONG },
    { "4611686018427387904ms", WRONG },
    { "9223372036854775807ms", WRONG },
    { "9223372036854775808ms", WRONG },
    { "4611686018427388", WRONG },
    { "9223372036854776", WRONG },
    { "4611686018427387s904ms", WRONG },
    { "9223372036854775807w", WRONG },
    { "99999999999999999999", WRONG }
};


static const value_case_t  flags[] = {
    { "true", 1 },
    { "1", 1 },
    { "false", 0 },
    { "", WRONG },
    { "0", WRONG },
    { "yes", WRONG },
    { "True", WRONG },
    { "true ", WRONG },
    { "falsey", WRONG }
};


/* What is read of one annotation, or WRONG. */

static int64_t
read_value(const char *name, const char *text, int timeout)
{
    int                              rc;
    nthrift_annotation_t             values;
    nthrift_idl_method_t             method;
    nthrift_idl_annotation_t         a;
    const nthrift_idl_annotation_t  *bad;

    memset(&a, 0, sizeof(a));
    memset(&method, 0, sizeof(method));

    a.name = str(name);
    a.value.len = strlen(text);
    a.value.data = unit_guard(text, a.value.len);
    method.annotations = &a;

    rc = nthrift_annotation_read(&method, &values, &bad);

    if (rc != NTHRIFT_OK) {
        ok(bad == &a, "\"%s\": the annotation is named", text);
        return WRONG;
    }

    return timeout ? values.timeout : values.idempotent;
}


static void
read_tests(void)
{
    size_t  i;

    for (i = 0; i < unit_array_size(times); i++) {
        ok(read_value("nthrift.timeout", times[i].text, 1) == times[i].value,
           "time \"%s\"", times[i].text);
    }

    for (i = 0; i < unit_array_size(flags); i++) {
        ok(read_value("nthrift.idempotent", flags[i].text, 0)
           == flags[i].value, "flag \"%s\"", flags[i].text);
    }

    ok(read_value("timeout", "soon", 1) == NTHRIFT_ANNOTATION_UNSET,
       "another annotation: no time");
    ok(read_value("timeout", "soon", 0) == NTHRIFT_ANNOTATION_UNSET,
       "another annotation: no flag");
}


static void
check_tests(void)
{
    test_t                   t;
    nthrift_report_t        *report;
    nthrift_report_entry_t  *entry;

    test_text(&t, "service A {\n"
                  "void a() (nthrift.timeout = '1s'; nthrift.timeout = '')\n"
                  "void b() (nthrift.idempotent, nthrift.timeout = 'x\\n')\n"
                  "void c() (nthrift.timeout = 'x', nthrift.timeout = '1')\n"
                  "}\n");

    report = &t.loader.report;

    is_int(t.rc, NTHRIFT_OK, "check: loaded");
    is_int(nthrift_annotation_check(t.loader.programs, report), NTHRIFT_ERROR,
           "check: refused");
    is_int(report->errors, 3, "check: all are found");

    entry = report->first;

    is_int(entry->pos.line, 2, "check: each of a name is looked at");
    is_int(entry->pos.column, 35, "check: where the annotation is");
    ok(same(&entry->next->text, "invalid value \"x\\x0a\" of annotation "
                                "\"nthrift.timeout\", it must be a time such "
                                "as \"300ms\" or \"1m 30s\""),
       "check: what is said");

    test_close(&t);

    test_text(&t, "struct S { 1: i32 a (nthrift.timeout = '1s', b) }\n"
                  "service A { void a() (nthrift.idempotant) }\n"
                  "service B { } (nthrift.x.y)\n");

    report = &t.loader.report;

    is_int(nthrift_annotation_check(t.loader.programs, report), NTHRIFT_ERROR,
           "check: out of place, or unknown");
    is_int(report->errors, 3, "check: all of these are found");

    entry = report->first;

    ok(same(&entry->text, "annotation \"nthrift.timeout\" has a meaning for "
                          "methods only"), "check: out of place");
    ok(same(&entry->next->text, "unknown annotation \"nthrift.idempotant\" "
                                "(did you mean \"nthrift.idempotent\"?)"),
       "check: mistyped");
    ok(same(&entry->next->next->text, "unknown annotation \"nthrift.x.y\""),
       "check: unknown");

    test_close(&t);

    test_text(&t, "service A { void a() (nthrift.timeout, b = 'c') }\n");

    is_int(nthrift_annotation_check(t.loader.programs, &t.loader.report),
           NTHRIFT_OK, "check: accepted");

    test_close(&t);
}


int
main(void)
{
    read_tests();
    check_tests();

    done();

    return unit_result();
}
