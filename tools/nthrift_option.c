/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_option.c: see nthrift_option.h.
 */

#include "nthrift.h"
#include "nthrift_option.h"

#include "idl/suggest.h"

#include <stdlib.h>


#define OPTION_SHORTEST  0.001          /* seconds */
#define OPTION_LONGEST   1000000


/* What other tools call it: curl, tail, ghz, Apache's compiler. */

typedef struct {
    const char  *theirs;
    const char  *ours;
} option_habit_t;

static const option_habit_t  option_habits[] = {
    { "-H", "--header" },
    { "-k", "--insecure" },
    { "-m", "--timeout" },
    { "--max-time", "--timeout" },
    { "--connect-timeout", "--timeout" },
    { "--cacert", "--ca" },
    { "-E", "--cert" },
    { "--verbose", "-v" },
    { "-out", "-o" },
    { "--out", "-o" },
    { "--output", "-o" },
    { "--include", "-I" },
    { "--interval", "-i" },
    { "--protocol", "--compact" },
    { "--transport", "--unframed" },
    { "--buffered", "--unframed" },
    { "--multiplex", "--multiplexed" },
    { "--ssl", "--tls" },
    { "--duration", "-z" },
    { "-d", "-z" },
    { "-O", "--format" },
    { "--connections", "-c" },
    { "--requests", "-n" }
};

#define OPTION_HABITS  (sizeof(option_habits) / sizeof(option_habits[0]))


void
nthrift_option_list(nthrift_option_list_t *list, int argc)
{
    list->n = 0;
    list->items = nthrift_malloc((size_t) argc * sizeof(nthrift_str_t));
}


static int
option_has_value(const nthrift_option_t *option)
{
    return option->kind != NTHRIFT_OPTION_SET
           && option->kind != NTHRIFT_OPTION_COUNT;
}


/*
 * The option that a word is, and its value if it is in the same word, else
 * NULL.
 */

static const nthrift_option_t *
option_find(const nthrift_option_t *options, char *word, char **value)
{
    size_t                   len;
    const nthrift_option_t  *o;

    for (o = options; o->name != NULL; o++) {
        len = strlen(o->name);
        *value = NULL;

        if (strcmp(word, o->name) == 0) {
            return o;
        }

        if (!option_has_value(o) || strncmp(word, o->name, len) != 0) {
            continue;
        }

        if (len == 2) {
            *value = word + len;
            return o;
        }

        if (word[len] == '=') {
            *value = word + len + 1;
            return o;
        }
    }

    return NULL;
}


/* The option that a word of another tool stands for, or NULL. */

static const char *
option_habit(const nthrift_option_t *options, const char *word)
{
    size_t                   i, len;
    const nthrift_option_t  *o;

    len = strcspn(word, "=");

    for (i = 0; i < OPTION_HABITS; i++) {
        if (strlen(option_habits[i].theirs) == len
            && strncmp(word, option_habits[i].theirs, len) == 0)
        {
            break;
        }
    }

    for (o = options; i != OPTION_HABITS && o->name != NULL; o++) {
        if (strcmp(o->name, option_habits[i].ours) == 0) {
            return o->name;
        }
    }

    return NULL;
}


static int
option_unknown(const nthrift_option_t *options, const char *word)
{
    const char              *habit;
    nthrift_str_t            name;
    nthrift_str_t            names[64];
    nthrift_suggest_t        s;
    const nthrift_option_t  *o;

    name.data = (uint8_t *) word;
    name.len = strcspn(word, "=");

    habit = option_habit(options, word);

    if (habit != NULL) {
        nthrift_say("%s: no such option (did you mean \"%s\"?)", word, habit);
        return -1;
    }

    nthrift_suggest_init(&s, &name);

    /* each letter is near to each other one */

    for (o = options; name.len > 2 && o->name != NULL && o - options < 64;
         o++)
    {
        names[o - options].data = (uint8_t *) o->name;
        names[o - options].len = strlen(o->name);
        nthrift_suggest_try(&s, &names[o - options]);
    }

    if (s.best == NULL) {
        nthrift_say("%s: no such option", word);

    } else {
        nthrift_say("%s: no such option (did you mean \"%.*s\"?)", word,
                    (int) s.best->len, (char *) s.best->data);
    }

    return -1;
}


static int
option_number(const nthrift_option_t *o, const char *text)
{
    char       *end;
    long long   value;

    value = strtoll(text, &end, 10);

    if (end == text || *end != '\0' || value < o->min || value > o->max) {
        nthrift_say("%s: \"%s\" is not possible: a number from %lld to %lld "
                    "expected", o->name, text, o->min, o->max);
        return -1;
    }

    *(long long *) o->value = value;

    return 0;
}


static int
option_seconds(const nthrift_option_t *o, const char *text)
{
    char    *end;
    double   value;

    value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= OPTION_SHORTEST)
        || value > OPTION_LONGEST)
    {
        nthrift_say("%s: \"%s\" is not possible: seconds from %g to %d "
                    "expected", o->name, text, OPTION_SHORTEST,
                    OPTION_LONGEST);
        return -1;
    }

    *(double *) o->value = value;

    return 0;
}


static int
option_take(const nthrift_option_t *o, char *value)
{
    nthrift_option_list_t  *list;

    switch (o->kind) {

    case NTHRIFT_OPTION_SET:
        *(unsigned *) o->value = (unsigned) o->min;
        return 0;

    case NTHRIFT_OPTION_COUNT:
        (*(unsigned *) o->value)++;
        return 0;

    case NTHRIFT_OPTION_TEXT:
        *(char **) o->value = value;
        return 0;

    case NTHRIFT_OPTION_LIST:
        list = o->value;
        list->items[list->n].data = (uint8_t *) value;
        list->items[list->n].len = strlen(value);
        list->n++;
        return 0;

    case NTHRIFT_OPTION_NUMBER:
        return option_number(o, value);

    case NTHRIFT_OPTION_SECONDS:
        return option_seconds(o, value);
    }

    return -1;
}


/* The option argv[i]; how many words it takes, or -1. */

static int
option_parse(const nthrift_option_t *options, int i, int argc, char **argv)
{
    int                      n;
    char                    *value;
    const nthrift_option_t  *o;

    /* "-out" would be "-o ut" */

    o = (option_habit(options, argv[i]) == NULL)
        ? option_find(options, argv[i], &value) : NULL;

    if (o == NULL) {
        return option_unknown(options, argv[i]);
    }

    n = 1;

    if (option_has_value(o) && value == NULL) {
        if (i + 1 == argc) {
            nthrift_say("%s: its value is missing", argv[i]);
            return -1;
        }

        value = argv[i + 1];
        n = 2;
    }

    return (option_take(o, value) == 0) ? n : -1;
}


static int
option_is_idl(const nthrift_option_t *options, const char *word)
{
    size_t  len;

    len = strlen(word);

    if (len < 8 || strcmp(word + len - 7, ".thrift") != 0) {
        return 0;
    }

    for ( /* void */ ; options->name != NULL; options++) {
        if (strcmp(options->name, "--idl") == 0) {
            return 1;
        }
    }

    return 0;
}


/*
 * What may have been meant: JSON with blanks that has no quotes, and "HOST
 * PORT", are several words, and a file has no option before it.
 */

static int
option_too_many(const nthrift_option_t *options, char **words, int max,
    const char *word)
{
    const char  *last;

    last = words[max - 1];

    if (option_is_idl(options, word)) {
        nthrift_say("too many arguments: \"%s\" (did you mean \"--idl %s\"?)",
                    word, word);

    } else if (max > 1 && words[1][strspn(words[1], "0123456789")] == '\0') {
        nthrift_say("too many arguments: \"%s\" (did you mean \"%s:%s\"?)",
                    word, words[0], words[1]);

    } else {
        nthrift_say("too many arguments: \"%s\"%s", word,
                    (last[0] == '{' || last[0] == '[')
                    ? " (JSON must be one argument, in single quotes)" : "");
    }

    return -1;
}


int
nthrift_option_parse(const nthrift_option_t *options, int argc, char **argv,
    char **words, int max)
{
    int  i, n, n_words, only_words;

    n_words = 0;
    only_words = 0;

    memset(words, 0, (size_t) max * sizeof(char *));

    for (i = 2; i < argc; i += n) {
        n = 1;

        if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
            if (n_words == max) {
                return option_too_many(options, words, max, argv[i]);
            }

            words[n_words++] = argv[i];

        } else if (strcmp(argv[i], "--") == 0) {
            only_words = 1;

        } else {
            n = option_parse(options, i, argc, argv);

            if (n < 0) {
                return -1;
            }
        }
    }

    return n_words;
}
