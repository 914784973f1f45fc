/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/report.c: keeps the first few errors and warnings, in the order of the
 * files and of their lines.  The rest is counted.
 */

#include "idl/report.h"

#include <stdarg.h>
#include <stdio.h>


/* Printable text of `data`; every other byte becomes \xNN. */

static int
report_text(nthrift_arena_t *arena, const char *data, size_t len,
    nthrift_str_t *text)
{
    size_t              i;
    uint8_t             ch, *p;
    static const char   hex[] = "0123456789abcdef";

    p = nthrift_arena_alloc(arena, len * 4 + 1);
    if (p == NULL) {
        return NTHRIFT_ERROR;
    }

    text->data = p;

    for (i = 0; i < len; i++) {
        ch = (uint8_t) data[i];

        if (ch >= 0x20 && ch < 0x7f) {
            *p++ = ch;
            continue;
        }

        *p++ = '\\';
        *p++ = 'x';
        *p++ = (uint8_t) hex[ch >> 4];
        *p++ = (uint8_t) hex[ch & 0x0f];
    }

    text->len = (size_t) (p - text->data);

    return NTHRIFT_OK;
}


/* Whether `a` stands behind `b` in the report. */

static int
report_after(const nthrift_report_entry_t *a, const nthrift_report_entry_t *b)
{
    if (a->program != b->program) {
        return a->program->order > b->program->order;
    }

    if (a->pos.line != b->pos.line) {
        return a->pos.line > b->pos.line;
    }

    return a->pos.column >= b->pos.column;
}


static void
report_add(nthrift_report_t *report, nthrift_report_e kind,
    const nthrift_idl_program_t *program, nthrift_idl_pos_t pos,
    const char *format, va_list args)
{
    int                       n;
    char                      buf[NTHRIFT_REPORT_TEXT];
    nthrift_report_entry_t   *entry, **link;

    n = vsnprintf(buf, sizeof(buf), format, args);
    if (n < 0) {
        return;
    }

    if ((size_t) n >= sizeof(buf)) {
        n = sizeof(buf) - 1;
    }

    entry = nthrift_arena_alloc(report->arena, sizeof(nthrift_report_entry_t));

    if (entry == NULL
        || report_text(report->arena, buf, (size_t) n, &entry->text)
           != NTHRIFT_OK)
    {
        report->no_memory = 1;
        return;
    }

    entry->kind = kind;
    entry->program = program;
    entry->pos = pos;

    for (link = &report->first; *link != NULL; link = &(*link)->next) {
        if (!report_after(entry, *link)) {
            break;
        }
    }

    entry->next = *link;
    *link = entry;
}


int
nthrift_report_error(nthrift_report_t *report,
    const nthrift_idl_program_t *program, nthrift_idl_pos_t pos,
    const char *format, ...)
{
    va_list  args;

    if (report->errors++ < report->max_errors) {
        va_start(args, format);
        report_add(report, NTHRIFT_REPORT_ERROR, program, pos, format, args);
        va_end(args);
    }

    return NTHRIFT_ERROR;
}


void
nthrift_report_warning(nthrift_report_t *report,
    const nthrift_idl_program_t *program, nthrift_idl_pos_t pos,
    const char *format, ...)
{
    va_list  args;

    if (report->warnings++ < report->max_warnings) {
        va_start(args, format);
        report_add(report, NTHRIFT_REPORT_WARNING, program, pos, format, args);
        va_end(args);
    }
}


int
nthrift_report_memory(nthrift_report_t *report)
{
    report->no_memory = 1;

    return NTHRIFT_ERROR;
}


int
nthrift_report_room(const nthrift_report_t *report)
{
    return report->errors < report->max_errors;
}
