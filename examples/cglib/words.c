/*
 * Words with GLib, as for Apache's c_glib server; the last line makes it a
 * handler for nginx.  "make examples-adapters" builds it; to build it by hand:
 *
 *     thrift --gen c_glib -out gen words.thrift
 *     cc -shared -fPIC -O2 -Igen -I../../src \
 *         $(pkg-config --cflags thrift_c_glib gobject-2.0) \
 *         -o words.so words.c gen/demo_words.c gen/demo_words_types.c \
 *         $(pkg-config --libs thrift_c_glib gobject-2.0)
 */

#include "demo_words.h"
#include "nthrift_cglib.h"


typedef struct {
    DemoWordsHandler  parent;
} WordsHandler;

typedef struct {
    DemoWordsHandlerClass  parent;
} WordsHandlerClass;


GType words_handler_get_type(void);

G_DEFINE_TYPE(WordsHandler, words_handler, DEMO_TYPE_WORDS_HANDLER)


#define WORDS_BLANKS  " \t\n"


/* A string that the client has left out is NULL. */

static const gchar *
words_text(const gchar *text)
{
    return (text != NULL) ? text : "";
}


static gboolean
words_count(DemoWordsIf *iface, gint32 *_return, const gchar *text,
    GError **error)
{
    (void) iface;
    (void) error;

    *_return = 0;
    text = words_text(text);

    for ( ;; ) {
        text += strspn(text, WORDS_BLANKS);

        if (*text == '\0') {
            return TRUE;
        }

        text += strcspn(text, WORDS_BLANKS);
        (*_return)++;
    }
}


static gboolean
words_longest(DemoWordsIf *iface, gchar **_return, const gchar *text,
    DemoEmpty **empty, GError **error)
{
    gsize         len, best;
    const gchar  *word;

    (void) iface;
    (void) error;

    word = NULL;
    best = 0;
    text = words_text(text);

    while (*text != '\0') {
        text += strspn(text, WORDS_BLANKS);
        len = strcspn(text, WORDS_BLANKS);

        if (len > best) {
            word = text;
            best = len;
        }

        text += len;
    }

    if (word == NULL) {
        *empty = g_object_new(DEMO_TYPE_EMPTY, "why", "there is no word",
                              NULL);
        return FALSE;
    }

    g_free(*_return);
    *_return = g_strndup(word, best);

    return TRUE;
}


static void
words_handler_class_init(WordsHandlerClass *klass)
{
    klass->parent.count = words_count;
    klass->parent.longest = words_longest;
}


static void
words_handler_init(WordsHandler *handler)
{
    (void) handler;
}


NTHRIFT_CGLIB_HANDLER(Words, DEMO_TYPE_WORDS_PROCESSOR,
                      g_object_new(words_handler_get_type(), NULL));
