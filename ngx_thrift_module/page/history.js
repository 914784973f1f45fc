/*
 * What was counted, and when: the differences between reports.  A series is a
 * method, or a server of an upstream, or all methods together; a point of it is
 * what has been added since the report before.  The first report has points of
 * the time before it.
 */

const KEPT = 300;           /* seconds of points */

/* Ends of the buckets of times, as the report names them, in seconds. */

const ENDS = ["0.0001", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025",
              "0.05", "0.1", "0.25", "0.5", "1.0", "5.0", "15.0", "30.0",
              "+Inf"];
const SECONDS = ENDS.map((end) => end === "+Inf" ? 30 : Number(end));

/* Outcomes that are no failures of a service. */

const FINE = new Set(["success", "oneway", "declared_exception", "cancelled",
                      "shutdown"]);

/* The same, of attempts. */

const FINE_ATTEMPTS = new Set(["answered", "oneway", "exception", "given_up"]);


/*
 * Of many methods few are called at a time: of others no more is looked at than
 * how many calls there were.
 */

class Series {
    constructor(names) {
        this.names = names;
        this.now = null;        /* the latest row of the report */
        this.last = null;       /* the numbers of the one before */
        this.points = [];
        this.seen = 0;
    }

    add(numbers, time, took) {
        const last = this.last;

        this.last = numbers;

        if (last === null) {
            return;
        }

        const n = numbers.n - last.n;

        /* a zone that begins anew counts from 0 */

        if (n <= 0 || numbers.bad < last.bad) {
            this.drop(time);
            return;
        }

        const buckets = ENDS.map((end) => (numbers.times[end] || 0)
                                          - (last.times[end] || 0));

        this.points.push({ time, took, n, bad: numbers.bad - last.bad, buckets });
        this.drop(time);
    }

    /* What the first report says of the time before it. */

    addHistory(history, times) {
        const buckets = ENDS.map((end) => history.buckets[end] || []);

        history.failed.forEach((bad, i) => {
            const counted = buckets.map((list) => list[i] || 0);
            const n = counted.reduce((a, b) => a + b, 0);

            if (n > 0) {
                this.points.push({ time: times[i + 1],
                                   took: times[i + 1] - times[i],
                                   n, bad, buckets: counted });
            }
        });
    }

    drop(time) {
        while (this.points.length && this.points[0].time <= time - KEPT) {
            this.points.shift();
        }
    }

    /* All points after that time together. */

    sum(from) {
        if (this.points.length === 0) {
            return NO_POINT;
        }

        const sum = noPoint();

        for (let i = this.points.length; i-- > 0; /* void */ ) {
            const point = this.points[i];

            if (point.time <= from) {
                break;
            }

            addPoint(sum, point, 1);
        }

        return sum;
    }
}


function noPoint() {
    return { n: 0, bad: 0, seconds: 0,
             buckets: new Array(ENDS.length).fill(0) };
}


/* Of what was not called.  Nothing is added to it. */

const NO_POINT = Object.freeze(noPoint());

/* The numbers of what is new. */

const NOTHING = Object.freeze({ n: 0, bad: 0, times: {} });


function addPoint(sum, point, share) {
    sum.n += point.n * share;
    sum.bad += point.bad * share;

    for (let i = 0; i < ENDS.length; i++) {
        sum.buckets[i] += point.buckets[i] * share;
    }
}


/* The time that a part `q` of calls took at most; null: there are none. */

function quantile(buckets, q) {
    if (buckets === NO_POINT.buckets) {
        return null;
    }

    const all = buckets.reduce((a, b) => a + b, 0);
    let n = q * all;

    if (all === 0) {
        return null;
    }

    for (let i = 0; i < buckets.length; i++) {
        if (n <= buckets[i] && buckets[i] > 0) {
            const begin = i ? SECONDS[i - 1] : 0;

            return begin + (SECONDS[i] - begin) * n / buckets[i];
        }

        n -= buckets[i];
    }

    return SECONDS[SECONDS.length - 1];
}


class Past {
    constructor() {
        this.report = null;
        this.time = 0;              /* of the report, the server's */
        this.took = 0;              /* since the one before */
        this.polls = [];            /* { time, took } */
        this.methods = new Map();
        this.servers = new Map();
        this.all = new Series(["all"]);
        this.begun = false;
    }

    add(report) {
        const before = this.time;

        this.report = report;
        this.time = report.time;
        this.took = this.time - before;

        if (before !== 0 && this.time > before) {
            this.polls.push({ time: this.time, took: this.time - before });
        }

        while (this.polls.length
               && this.polls[0].time <= this.time - KEPT)
        {
            this.polls.shift();
        }

        const all = { n: 0, bad: 0, times: {} };

        if (!this.begun && report.history) {
            this.addTimes(report.history.times);
            this.all.addHistory(report.history, report.history.times);
        }

        for (const row of report.methods) {
            const numbers = countMethod(row);

            this.addRow(this.methods, [row.server, row.service, row.method],
                        row, numbers);
            addNumbers(all, numbers);
        }

        for (const row of report.upstreams) {
            this.addRow(this.servers, [row.upstream, row.server], row,
                        countServer(row));
        }

        this.all.add(all, this.time, this.took);
        this.begun = true;
    }

    addTimes(times) {
        for (let i = 1; i < times.length; i++) {
            this.polls.push({ time: times[i], took: times[i] - times[i - 1] });
        }
    }

    /* A row that is new since the last report was all zero in it. */

    addRow(map, names, row, numbers) {
        const key = names.join("\0");
        let series = map.get(key);

        if (series === undefined) {
            series = new Series(names);
            map.set(key, series);

            if (this.begun) {
                series.last = NOTHING;
            } else if (row.history) {
                series.addHistory(row.history, this.report.history.times);
            }
        }

        series.now = row;
        series.add(numbers, this.time, this.took);
    }

    /* Seconds of the last `window` that reports were made in. */

    covered(window) {
        return this.polls.filter((poll) => poll.time > this.time - window)
                         .reduce((sum, poll) => sum + poll.took, 0);
    }

    /* Seconds that charts show: as much as is known, of 1, 2 or 5 minutes. */

    span() {
        const known = this.polls.length ? this.time - this.polls[0].time : 0;

        return [60, 120].find((span) => known <= span) || KEPT;
    }

    /* The last of a series in so many parts; null: nothing is known. */

    parts(series, count) {
        const span = this.span();
        const width = span / count;
        const begin = Math.floor(this.time / width) * width - span + width;
        const parts = new Array(count).fill(null);

        /* what was between two reports is in all parts that they span */

        const spread = (end, took, add) => {
            let from = Math.max(end - took, begin);

            while (from < end) {
                const i = Math.floor((from - begin) / width + 1e-6);
                const to = Math.min(end, begin + (i + 1) * width);

                if (i >= count) {
                    break;
                }

                add(i, (to - from) / took);
                from = to;
            }
        };

        for (const poll of this.polls) {
            spread(poll.time, poll.took, (i, share) => {
                parts[i] = parts[i] || noPoint();
                parts[i].seconds += poll.took * share;
            });
        }

        for (const point of series.points) {
            spread(point.time, point.took, (i, share) => {
                addPoint(parts[i] = parts[i] || noPoint(), point, share);
            });
        }

        return parts;
    }
}


/* Numbers are { n, bad, times }: calls, failed ones, buckets of the report. */

function countMethod(row) {
    const calls = row.calls;
    const exceptions = row.exceptions;
    let n = 0;
    let bad = 0;

    for (const outcome in calls) {
        n += calls[outcome];
        bad += FINE.has(outcome) ? 0 : calls[outcome];
    }

    for (const type in exceptions) {
        n += exceptions[type];
        bad += exceptions[type];
    }

    return { n, bad, times: row.seconds.buckets };
}


function countServer(row) {
    const attempts = row.attempts;
    let n = 0;
    let bad = 0;

    for (const result in attempts) {
        n += attempts[result];
        bad += FINE_ATTEMPTS.has(result) ? 0 : attempts[result];
    }

    return { n, bad, times: row.seconds.buckets };
}


function addNumbers(sum, numbers) {
    sum.n += numbers.n;
    sum.bad += numbers.bad;

    for (const end in numbers.times) {
        sum.times[end] = (sum.times[end] || 0) + numbers.times[end];
    }
}
