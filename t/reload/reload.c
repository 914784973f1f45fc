/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/reload/reload.c: has nginx reload, and watches its processes: how long old
 * workers are there, how many files are open, how much memory is taken.
 */

#include "load.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>


#define MAX_PROCESSES   512
#define MAX_RELOADS    2048
#define LOOK              5     /* ms between two looks at the processes */


/* A worker that is to leave. */

typedef struct {
    pid_t      pid;
    uint64_t   since;
} old_t;

typedef struct {
    unsigned   generation;
    uint64_t   since;
} pending_t;


reload_counts_t  reload_counts;


static struct {
    unsigned    generation;

    old_t       old[MAX_PROCESSES];
    unsigned    nold;

    pending_t   pending[MAX_RELOADS];       /* ring */
    unsigned    first;
    unsigned    npending;

    uint64_t    looked;
} self = { .generation = 1 };


/* --- processes ---------------------------------------------------------- */

static unsigned
children(pid_t *pids)
{
    int        pid;
    FILE      *f;
    char       path[64];
    unsigned   n;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
             (int) conf.master, (int) conf.master);

    f = fopen(path, "r");
    if (f == NULL) {
        return 0;
    }

    n = 0;

    while (n < MAX_PROCESSES && fscanf(f, "%d", &pid) == 1) {
        pids[n++] = pid;
    }

    fclose(f);

    return n;
}


static int
is_in(pid_t pid, const pid_t *pids, unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (pids[i] == pid) {
            return 1;
        }
    }

    return 0;
}


static int
is_old(pid_t pid)
{
    unsigned  i;

    for (i = 0; i < self.nold; i++) {
        if (self.old[i].pid == pid) {
            return 1;
        }
    }

    return 0;
}


/* All that are there now are to leave. */

static void
mark_old(uint64_t now)
{
    pid_t      pids[MAX_PROCESSES];
    unsigned   i, n;

    n = children(pids);

    for (i = 0; i < n && self.nold < MAX_PROCESSES; i++) {
        if (!is_old(pids[i])) {
            self.old[self.nold].pid = pids[i];
            self.old[self.nold++].since = now;
        }
    }
}


static void
look_at_old(uint64_t now)
{
    old_t     *old;
    pid_t      pids[MAX_PROCESSES];
    unsigned   i, n;

    if (self.nold == 0 || now < self.looked + LOOK * MILLISECOND) {
        return;
    }

    self.looked = now;
    n = children(pids);

    for (i = 0; i < self.nold; /* void */) {
        old = &self.old[i];

        if (is_in(old->pid, pids, n)) {
            i++;
            continue;
        }

        hist_add(&reload_counts.gone, now - old->since);
        *old = self.old[--self.nold];
    }
}


int
reload_settled(void)
{
    return self.nold == 0;
}


/* --- reloads ------------------------------------------------------------ */

/* The file is replaced, never half written. */

static void
configure(const char *name)
{
    char  from[512], new[512], to[512];

    snprintf(from, sizeof(from), "%s/%s.conf", conf.dir, name);
    snprintf(new, sizeof(new), "%s/new.conf", conf.dir);
    snprintf(to, sizeof(to), "%s/nginx.conf", conf.dir);

    if (link(from, new) == -1 || rename(new, to) == -1
        || kill(conf.master, SIGHUP) == -1)
    {
        die(from);
    }
}


void
reload_now(void)
{
    char        name[16];
    uint64_t    now;
    pending_t  *p;

    if (self.generation == conf.generations
        || self.npending == MAX_RELOADS)
    {
        return;
    }

    now = clock_ns();

    snprintf(name, sizeof(name), "%u", ++self.generation);

    mark_old(now);
    configure(name);

    p = &self.pending[(self.first + self.npending++) % MAX_RELOADS];
    p->generation = self.generation;
    p->since = now;

    reload_counts.reloads++;
}


void
reload_bad(void)
{
    configure("bad");

    reload_counts.refused++;
}


/* nginx has read the file, and said so. */

int
reload_refused(void)
{
    FILE      *f;
    char       line[1024], path[512];
    uint64_t   n;

    snprintf(path, sizeof(path), "%s/error.log", conf.dir);

    f = fopen(path, "r");
    if (f == NULL) {
        return 0;
    }

    n = 0;

    while (fgets(line, sizeof(line), f)) {
        n += strstr(line, "[emerg]") != NULL;
    }

    fclose(f);

    return n >= reload_counts.refused;
}


unsigned
reload_generation(void)
{
    return self.generation;
}


/* Of several that are met at once, each has its own time. */

void
reload_tick(uint64_t now)
{
    unsigned    oldest;
    pending_t  *p;

    look_at_old(now);

    if (conf.stay || conf.idle) {
        self.npending = 0;
        return;
    }

    if (self.npending == 0) {
        return;
    }

    oldest = clients_oldest();

    while (self.npending) {
        p = &self.pending[self.first];

        if (p->generation <= oldest) {
            hist_add(&reload_counts.met, now - p->since);

        } else if (now - p->since > conf.patience * MILLISECOND) {
            violation("%u of %u clients did not meet configuration %u",
                      conf.clients - clients_with(p->generation),
                      conf.clients, p->generation);
            reload_counts.unmet++;

        } else {
            return;
        }

        self.first = (self.first + 1) % MAX_RELOADS;
        self.npending--;
    }
}


void
reload_kill_worker(void)
{
    pid_t      pids[MAX_PROCESSES];
    unsigned   i, n;

    n = children(pids);

    for (i = 0; i < n; i++) {
        if (!is_old(pids[i])) {
            kill(pids[i], SIGKILL);
            return;
        }
    }
}


/* --- files and memory --------------------------------------------------- */

static unsigned
descriptors(pid_t pid)
{
    DIR       *dir;
    char       path[64];
    unsigned   n;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int) pid);

    dir = opendir(path);
    if (dir == NULL) {
        return 0;
    }

    for (n = 0; readdir(dir); n++) { /* void */ }

    closedir(dir);

    return n - 2;
}


/* Its own, and what it shares with those that it has forked. */

static unsigned
memory(pid_t pid)
{
    FILE      *f;
    char       line[256], path[64];
    unsigned   kb;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int) pid);

    f = fopen(path, "r");
    if (f == NULL) {
        return 0;
    }

    kb = 0;

    while (fgets(line, sizeof(line), f)
           && sscanf(line, "Anonymous: %u", &kb) != 1)
    {
        /* void */
    }

    fclose(f);

    return kb;
}


void
reload_sample(const char *name)
{
    pid_t      pids[MAX_PROCESSES];
    unsigned   i, n, fds, kb;

    n = children(pids);
    fds = 0;
    kb = 0;

    for (i = 0; i < n; i++) {
        fds += descriptors(pids[i]);
        kb += memory(pids[i]);
    }

    printf("%s_master_fds %u\n", name, descriptors(conf.master));
    printf("%s_master_kb %u\n", name, memory(conf.master));
    printf("%s_workers %u\n", name, n);
    printf("%s_workers_fds %u\n", name, fds);
    printf("%s_workers_kb %u\n", name, kb);
    fflush(stdout);
}
