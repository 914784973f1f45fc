/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_screen.c: see nthrift_screen.h.
 */

#include "nthrift.h"
#include "nthrift_screen.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>


#define SCREEN_ROWS     24      /* of a terminal that does not tell */
#define SCREEN_COLUMNS  80

#define SCREEN_ENTER    "\033[?1049h\033[?25l\033[H\033[2J"
#define SCREEN_LEAVE    "\033[?25h\033[?1049l"


static volatile sig_atomic_t  screen_ended;
static volatile sig_atomic_t  screen_resized;


static void
screen_signal(int signo)
{
    if (signo == SIGWINCH) {
        screen_resized = 1;

    } else {
        screen_ended = 1;
    }
}


static void
screen_handle(int signo)
{
    struct sigaction  sa;

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = screen_signal;
    (void) sigaction(signo, &sa, NULL);
}


int
nthrift_screen_check(const char *sort)
{
    if (sort != NULL && strcmp(sort, "calls") != 0
        && strcmp(sort, "errors") != 0 && strcmp(sort, "time") != 0
        && strcmp(sort, "name") != 0)
    {
        nthrift_say("--sort: \"%s\" is not possible: \"calls\", \"errors\", "
                    "\"time\" or \"name\" expected", sort);
        return -1;
    }

    return 0;
}


void
nthrift_screen_key(nthrift_screen_t *s, int key)
{
    switch (key) {

    case 'c':
    case 'e':
    case 't':
    case 'n':
        s->sort = (char) key;
        break;

    case ' ':
        s->paused = !s->paused;
        break;

    default:
        break;
    }
}


void
nthrift_screen_open(nthrift_screen_t *s, unsigned plain, const char *sort)
{
    struct termios  t;

    memset(s, 0, sizeof(nthrift_screen_t));

    s->sort = (sort != NULL) ? sort[0] : 'c';

    s->tty = isatty(STDOUT_FILENO);
    s->plain = (plain || !s->tty);

    screen_handle(SIGINT);
    screen_handle(SIGTERM);
    screen_handle(SIGWINCH);

    if (s->plain) {
        return;
    }

    fputs(SCREEN_ENTER, stdout);
    fflush(stdout);

    s->keys = (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &s->before)
                                       == 0);
    if (s->keys) {
        t = s->before;
        t.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
        t.c_cc[VMIN] = 0;
        t.c_cc[VTIME] = 0;
        (void) tcsetattr(STDIN_FILENO, TCSANOW, &t);
    }
}


void
nthrift_screen_close(nthrift_screen_t *s)
{
    if (s->keys) {
        (void) tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
    }

    if (!s->plain) {
        fputs(SCREEN_LEAVE, stdout);
        fflush(stdout);
    }
}


void
nthrift_screen_begin(nthrift_screen_t *s)
{
    s->out = open_memstream(&s->text, &s->size);

    if (s->out == NULL) {
        nthrift_say("not enough memory");
        exit(1);
    }
}


/* Bytes of a line, without its end, that are so many characters at most. */

static size_t
screen_cut(const char *line, size_t len, size_t columns)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < len; i++) {
        if (((unsigned char) line[i] & 0xc0) != 0x80 && n++ == columns) {
            break;
        }
    }

    return i;
}


static void
screen_size(size_t *rows, size_t *columns)
{
    struct winsize  size;

    *rows = SCREEN_ROWS;
    *columns = SCREEN_COLUMNS;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row != 0
        && size.ws_col != 0)
    {
        *rows = size.ws_row;
        *columns = size.ws_col;
    }
}


size_t
nthrift_screen_columns(const nthrift_screen_t *s)
{
    size_t  rows, columns;

    if (s->plain) {
        return 0;
    }

    screen_size(&rows, &columns);

    return columns;
}


void
nthrift_screen_show(nthrift_screen_t *s)
{
    size_t       row, rows, columns, len;
    const char  *p, *end;

    (void) fclose(s->out);

    if (s->plain) {
        fwrite(s->text, 1, s->size, stdout);
        fflush(stdout);
        free(s->text);
        return;
    }

    screen_size(&rows, &columns);
    fputs("\033[H", stdout);

    end = s->text + s->size;

    for (p = s->text, row = 0; p < end && row < rows; row++) {
        len = strcspn(p, "\n");

        printf("%s%.*s\033[K", (row != 0) ? "\n" : "",
               (int) screen_cut(p, len, columns), p);
        p += len + 1;
    }

    fputs("\033[J", stdout);
    fflush(stdout);
    free(s->text);
}


int
nthrift_screen_wait(nthrift_screen_t *s, int msec, int fd)
{
    char           key;
    struct pollfd  pfd[2];

    pfd[0].fd = s->keys ? STDIN_FILENO : -1;
    pfd[0].events = POLLIN;
    pfd[0].revents = 0;
    pfd[1].fd = fd;
    pfd[1].events = POLLIN;

    screen_resized = 0;

    if (!screen_ended) {
        (void) poll(pfd, 2, msec);
    }

    if (screen_ended) {
        return NTHRIFT_SCREEN_END;
    }

    if (pfd[0].revents != 0 && read(STDIN_FILENO, &key, 1) == 1) {
        return (key == 'q' || key == 3) ? NTHRIFT_SCREEN_END : key;
    }

    return 0;
}


void
nthrift_screen_name(nthrift_screen_t *s, const char *name, int width)
{
    size_t       len, cut, n;
    const char  *p;

    len = strlen(name);
    cut = screen_cut(name, len, (size_t) abs(width));
    n = 0;

    for (p = name; p < name + cut; p++) {
        fputc(((unsigned char) *p < 0x20 || *p == 0x7f) ? '?' : *p, s->out);
        n += (((unsigned char) *p & 0xc0) != 0x80);
    }

    for ( /* void */ ; width > 0 && n < (size_t) width; n++) {
        fputc(' ', s->out);
    }
}
