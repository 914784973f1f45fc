/*
 * The page: asks for the report again and again, and shows what has changed.
 */

const PARTS = 30;           /* points of a chart */

const view = {
    history: new Past(),
    window: 60,             /* seconds that numbers are of */
    paused: false,
    timer: null,
    reports: 0,
    failed: 0,              /* reports in a row that could not be had */
    sections: []            /* functions that show a report */
};


/* What a row of a table shows: all of a series over the window. */

function measure(key, series) {
    const history = view.history;
    const sum = series.sum(history.time - view.window);
    const seconds = sum.n ? history.covered(view.window) : 0;
    let parts = null;

    return {
        key,
        series,
        row: series.now,
        sum,
        rate: seconds ? sum.n / seconds : 0,
        p50: quantile(sum.buckets, 0.5),
        p90: quantile(sum.buckets, 0.9),
        p99: quantile(sum.buckets, 0.99),
        parts: () => parts || (parts = history.parts(series, PARTS))
    };
}


const numberColumns = [
    textColumn("rate", "Calls/s", (data) => showNumber(data.rate),
               { value: (data) => data.rate }),
    sparkColumn("rates", "Calls/s so far", (spark, data) => {
        const parts = data.parts();
        const rates = parts.map(rateOf);

        spark.draw("Calls per second: " + describe(rates, showNumber), [
            { name: "p90", area: "area", values: rates },
            { area: "fails-area", values: parts.map(failsOf) }
        ]);
    }),
    textColumn("fails", "Failed",
               (data) => [showShare(data.sum.bad, data.sum.n),
                          data.sum.bad > 0],
               { value: (data) => data.sum.n ? data.sum.bad / data.sum.n
                                             : -1 }),
    textColumn("p50", "p50", (data) => showTime(data.p50),
               { value: (data) => data.p50 || 0 }),
    textColumn("p90", "p90", (data) => showTime(data.p90),
               { value: (data) => data.p90 || 0 }),
    textColumn("p99", "p99", (data) => showTime(data.p99),
               { value: (data) => data.p99 || 0 }),
    sparkColumn("times", "p99 so far", (spark, data) => {
        const times = data.parts().map(timeOf(0.99));

        spark.draw("p99: " + describe(times, showTime),
                   [{ name: "p99", values: times }]);
    })
];


/* A name that opens the details of its row. */

function nameColumn(text, first, second, value) {
    return {
        id: "name",
        text,
        left: true,
        name: "name",
        ascending: true,
        value,
        cell: (cell) => {
            cell.button = element("button", {
                "type": "button",
                "class": "plain",
                "aria-expanded": "false",
                "click": () => cell.row.toggle(cell.button)
            });
            cell.where = element("span", { "class": "where" });
            cell.node.append(cell.button, cell.where);
        },
        show: (cell, data) => {
            setText(cell.button, first(data));
            setText(cell.where, second(data));
        }
    };
}


/* "-" is what names are counted under that are in no definition. */

function methodName(names) {
    if (names[1] === "-" && names[2] === "-") {
        return "calls of no service";
    }

    return names[1] + "." + (names[2] === "-" ? "(other methods)" : names[2]);
}


/* Large charts, and numbers. */

const detail = {
    create: () => {
        const parts = {
            rate: new Plot("Calls per second",
                           [{ name: "p90", text: "all", value: rateOf },
                            { name: "fails", text: "failed",
                              value: failsOf }], showNumber),
            time: new Plot("Time",
                           [{ name: "p50", text: "p50", value: timeOf(0.5) },
                            { name: "p90", text: "p90", value: timeOf(0.9) },
                            { name: "p99", text: "p99", value: timeOf(0.99) }],
                           showTime),
            counts: element("dl", { "class": "counts" })
        };

        parts.node = element("div", { "class": "charts" }, parts.rate.node,
                             parts.time.node, parts.counts);

        return parts;
    },

    show: (parts, data) => {
        const points = data.parts();

        parts.rate.draw(points, view.history.span());
        parts.time.draw(points, view.history.span());
        showCounts(parts.counts, data.row);
    }
};


/* All that the row has counted since the zone is there. */

function showCounts(list, row) {
    const counts = [];

    for (const what of ["calls", "exceptions", "attempts"]) {
        for (const [name, n] of Object.entries(row[what] || {})) {
            if (n) {
                counts.push([what === "exceptions" ? "exception " + name
                                  : name.replaceAll("_", " "), String(n)]);
            }
        }
    }

    counts.push(["received", showBytes(row.received_bytes)],
                ["sent", showBytes(row.sent_bytes)],
                ["in flight", String(row.in_flight)]);

    if (row.connections) {
        counts.push(["connections opened", String(row.connections.opened)],
                    ["used again", String(row.connections.reused)],
                    ["closed", String(row.connections.closed)]);

        for (const [why, n] of Object.entries(row.connections.closed_for)) {
            if (n) {
                counts.push(["closed: " + why.replaceAll("_", " "),
                             String(n)]);
            }
        }

        counts.push(["waiting now", String(row.waiting)],
                    ["time waited", showTime(row.wait_seconds)],
                    ["hedges", String(row.hedges)],
                    ["translated", String(row.translated)]);
    }

    while (list.children.length > 2 * counts.length) {
        list.lastChild.remove();
    }

    counts.forEach(([name, value], i) => {
        if (list.children.length <= 2 * i) {
            list.append(element("dt"), element("dd"));
        }

        setText(list.children[2 * i], name);
        setText(list.children[2 * i + 1], value);
    });
}


/* Methods */

function methodSection() {
    const table = new Table("Methods, their rates, failures and times", [
        nameColumn("Method", (data) => methodName(data.series.names),
                   (data) => "at " + data.series.names[0],
                   (data) => data.series.names.join("\0")),
        ...numberColumns,
        textColumn("flight", "In flight",
                   (data) => String(data.row.in_flight),
                   { value: (data) => data.row.in_flight })
    ], { sort: "p99", none: "No calls yet.", detail });

    const filter = byId("filter");

    byId("method-table").append(table.node);
    filter.addEventListener("input", () => show(true));

    return (force) => {
        const text = filter.value.toLowerCase();
        const list = [];

        for (const [key, series] of view.history.methods) {
            if (text && !series.names.join(".").toLowerCase().includes(text)) {
                continue;
            }

            list.push(measure(key, series));
        }

        table.update(list, force);
    };
}


/* Upstreams: a table of servers each, slow ones first */

function serverColumns() {
    return [
        nameColumn("Server",
                   (data) => data.series.names[1] === "-"
                             ? "(no server, or not known)"
                             : data.series.names[1],
                   () => "", (data) => data.series.names[1]),
        {
            id: "state",
            text: "State",
            label: "State",
            name: "left",
            left: true,
            cell: (cell) => {
                cell.badge = element("span", { "class": "badge" });
                cell.node.append(cell.badge);
            },
            show: (cell, data) => {
                cell.badge.hidden = !data.state;
                setText(cell.badge, data.state);
                setClass(cell.badge, "badge " + data.state);
            }
        },
        ...numberColumns,
        textColumn("pool", "Busy / idle",
                   (data) => {
                       const c = data.row.connections;

                       return Math.max(0, c.open - c.idle) + " / " + c.idle;
                   },
                   { value: (data) => data.row.connections.open }),
        textColumn("waits", "Waited",
                   (data) => String(data.row.waits),
                   { value: (data) => data.row.waits }),
        textColumn("retries", "Retries",
                   (data) => String(data.row.retries),
                   { value: (data) => data.row.retries })
    ];
}


const NO_ROW = {
    attempts: {}, seconds: { sum: 0, buckets: {} }, in_flight: 0,
    sent_bytes: 0, received_bytes: 0, retries: 0, hedges: 0, translated: 0,
    waiting: 0, waits: 0, wait_seconds: 0, connections: { open: 0, idle: 0, opened: 0,
                                              reused: 0, closed: 0,
                                              closed_for: {} }
};


/* The servers of the configuration, and those that were used. */

function serversByUpstream() {
    const { report, servers } = view.history;
    const groups = new Map();
    const states = new Map();

    for (const server of report.servers) {
        states.set(server.upstream + "\0" + server.server, server.state);
    }

    const add = (key, series) => {
        const name = series.names[0];

        if (!groups.has(name)) {
            groups.set(name, []);
        }

        const data = measure(key, series);

        data.row = data.row || NO_ROW;
        data.state = states.get(key) || "";
        groups.get(name).push(data);
    };

    for (const [key, series] of servers) {
        add(key, series);
    }

    for (const key of states.keys()) {
        if (!servers.has(key)) {
            add(key, new Series(key.split("\0")));
        }
    }

    return groups;
}


function upstreamName(name) {
    return name === "-" ? "(addresses that variables name)" : name;
}


function upstreamSection() {
    const place = byId("upstreams");
    const tables = new Map();
    const none = element("p", { "class": "none" }, "No upstream yet.");

    place.append(none);

    return (force) => {
        const groups = serversByUpstream();

        none.hidden = groups.size !== 0;

        for (const [name, group] of tables) {
            if (!groups.has(name)) {
                group.node.remove();
                tables.delete(name);
            }
        }

        for (const name of [...groups.keys()].sort()) {
            let group = tables.get(name);

            if (group === undefined) {
                group = { table: new Table("Servers of " + upstreamName(name),
                                           serverColumns(),
                                           { sort: "p99", none: "",
                                             detail }) };
                group.node = element("div", { "class": "group" },
                                     element("h3", null, upstreamName(name)),
                                     group.table.node);
                tables.set(name, group);
                place.append(group.node);
            }

            group.table.update(groups.get(name), force);
        }
    };
}


/* The latest calls that have failed, the newest first */

function failureSection() {
    const table = new Table("The latest calls that have failed", [
        textColumn("time", "Time", (data) => showClock(data.failure.time),
                   { left: true, name: "left" }),
        {
            id: "name",
            text: "Method",
            left: true,
            name: "name",
            cell: (cell) => {
                cell.method = element("span");
                cell.where = element("span", { "class": "where" });
                cell.node.append(cell.method, cell.where);
            },
            show: (cell, { failure }) => {
                setText(cell.method, methodName([failure.server,
                                                 failure.service,
                                                 failure.method]));
                setText(cell.where, "at " + failure.server);
            }
        },
        {
            id: "why",
            text: "Reason",
            left: true,
            name: "wide",
            cell: (cell) => {
                cell.badge = element("span", { "class": "badge fail" });
                cell.text = element("span");
                cell.said = element("span", { "class": "where said" });
                cell.id = element("span", { "class": "where" });
                cell.node.append(cell.badge, " ", cell.text, cell.said,
                                 cell.id);
            },
            show: (cell, { failure }) => {
                setText(cell.badge, failure.outcome === "exception"
                                    ? failure.exception
                                    : failure.outcome.replaceAll("_", " "));
                setText(cell.text, failure.text);
                setText(cell.said, failure.arguments);
                setText(cell.id, failure.call_id && "id " + failure.call_id);
            }
        },
        textColumn("server", "Server",
                   (data) => data.failure.upstream_server || "\u2013"),
        textColumn("took", "After", (data) => showTime(data.failure.seconds))
    ], { limit: 10, none: "No call has failed." });

    byId("failures").append(table.node);

    return (force) => {
        table.update(view.history.report.failures.map((failure) => ({
            key: String(failure.number),
            failure
        })), force);
    };
}


/* Tiles */

class Tile {
    constructor(name, spark) {
        this.value = element("div", { "class": "value" });
        this.note = element("div", { "class": "note" });
        this.spark = spark ? new Spark() : null;
        this.node = element("div", { "class": "tile" },
                            element("div", { "class": "name" }, name),
                            this.value, this.note,
                            this.spark && this.spark.node);
    }

    set(value, note, bad) {
        setText(this.value, value);
        setText(this.note, note);
        this.node.classList.toggle("bad", Boolean(bad));
    }
}


function summarySection() {
    const rate = new Tile("Calls per second", true);
    const fails = new Tile("Failed", true);
    const time = new Tile("Time, p99", true);
    const flight = new Tile("In flight", false);
    const servers = new Tile("Servers up", false);

    byId("summary").append(...[rate, fails, time, flight, servers]
                              .map((tile) => tile.node));

    return () => {
        const { report, all } = view.history;
        const data = measure("all", all);
        const parts = data.parts();
        const rates = parts.map(rateOf);
        const bad = parts.map(failsOf);
        const times = parts.map(timeOf(0.99));
        const up = report.servers.filter((server) => server.state === "up");
        const used = report.servers.filter((server) => server.state !== "down");

        rate.set(showNumber(data.rate), "", false);
        rate.spark.draw("Calls per second: " + describe(rates, showNumber),
                        [{ name: "p90", area: "area", values: rates }]);

        fails.set(showShare(data.sum.bad, data.sum.n),
                  data.sum.bad + " of " + data.sum.n, data.sum.bad > 0);
        fails.spark.draw("Failed calls per second: "
                         + describe(bad, showNumber),
                         [{ area: "fails-area", values: bad }]);

        time.set(showTime(data.p99), "p50 " + showTime(data.p50) + ", p90 "
                                     + showTime(data.p90), false);
        time.spark.draw("p99: " + describe(times, showTime),
                        [{ name: "p99", values: times }]);

        flight.set(String(report.methods.reduce((n, row) => n + row.in_flight,
                                                0)),
                   report.workers + (report.workers === 1 ? " worker"
                                                          : " workers"));

        servers.set(report.servers.length ? up.length + " of "
                                            + report.servers.length : "\u2013",
                    used.length < report.servers.length
                        ? (report.servers.length - used.length) + " down"
                          + " in the configuration" : "",
                    up.length < used.length);
    };
}


/* What an operator should look at first */

function noticeSection() {
    const list = byId("notices");

    return () => {
        const { report } = view.history;
        const notices = [];

        for (const server of report.servers) {
            if (server.state === "unavail") {
                notices.push(["bad", "Server " + server.server + " of upstream "
                              + server.upstream + " has failed, and gets no"
                              + " calls for a while (max_fails)."]);
            }

            if (server.state === "unhealthy") {
                notices.push(["bad", "Server " + server.server + " of upstream "
                              + server.upstream + " fails its health checks,"
                              + " and gets no calls."]);
            }
        }

        if (report.zone.full) {
            notices.push(["warn", "The zone " + report.zone.name + " is full:"
                          + " names that are not in it are counted together."
                          + " Give thrift_status_zone more than "
                          + showBytes(report.zone.size) + "."]);
        }

        while (list.children.length > notices.length) {
            list.lastChild.remove();
        }

        notices.forEach(([kind, text], i) => {
            if (list.children.length <= i) {
                list.append(element("li"));
            }

            setClass(list.children[i], kind);
            setText(list.children[i], text);
        });
    };
}


/* Reports */

function show(force) {
    if (view.history.report === null) {
        return;
    }

    setText(byId("zone"), "in zone " + view.history.report.zone.name);

    for (const section of view.sections) {
        section(force);
    }
}


function showState(text, lost) {
    const state = byId("state");

    setText(state, text);
    setClass(state, lost ? "lost" : "");
}


async function poll() {
    const begin = performance.now();
    let size = 0;

    try {
        const response = await fetch(location.pathname + "?format=json"
                                     + (view.history.begun ? "" : "&history=1"),
                                     { cache: "no-store" });

        if (!response.ok) {
            throw new Error("status " + response.status);
        }

        const text = await response.text();

        size = text.length;
        view.history.add(JSON.parse(text));

        view.reports++;

        if (view.failed || view.reports === 1) {
            showState("", false);
        }

        view.failed = 0;
        show(false);

    } catch (error) {
        view.failed++;
        showState("No report: " + error.message + ". What is shown is of "
                  + (view.history.time ? showClock(view.history.time)
                                       : "nothing") + ".", true);
    }

    next(begin, size);
}


/*
 * Twice as often while there is little to see; a page with many methods takes
 * a tenth of the time at most.
 */

function next(begin, size) {
    const took = performance.now() - begin;
    const usual = view.reports < 5 ? 1000 : 2000;

    view.timer = setTimeout(poll, view.failed ? 5000
                            : Math.max(usual, 10 * took, size / 200));
}


function pause(button) {
    view.paused = !view.paused;
    button.setAttribute("aria-pressed", String(view.paused));

    if (view.paused) {
        clearTimeout(view.timer);
        showState("Paused at " + showClock(Date.now() / 1000) + ".", false);

    } else {
        showState("", false);
        poll();
    }
}


/* Themes */

function setTheme(theme) {
    if (theme === "auto") {
        document.documentElement.removeAttribute("data-theme");
    } else {
        document.documentElement.setAttribute("data-theme", theme);
    }

    setText(byId("theme"), "Theme: " + theme);
}


function savedTheme() {
    try {
        return localStorage.getItem("theme");
    } catch (error) {
        return null;            /* it is not allowed here */
    }
}


function saveTheme(theme) {
    try {
        localStorage.setItem("theme", theme);
    } catch (error) {
        /* then it is asked for again */
    }
}


function startTheme() {
    const themes = ["auto", "light", "dark"];
    let i = Math.max(0, themes.indexOf(savedTheme()));

    setTheme(themes[i]);

    byId("theme").addEventListener("click", () => {
        i = (i + 1) % themes.length;
        setTheme(themes[i]);
        saveTheme(themes[i]);
    });
}


function start() {
    startTheme();

    view.sections.push(noticeSection(), summarySection(), methodSection(),
                       upstreamSection(), failureSection());

    byId("window").addEventListener("change", (event) => {
        view.window = Number(event.target.value);
        show(true);
    });

    byId("pause").addEventListener("click", (event) => pause(event.target));

    if (location.hash === "#explorer") {
        startExplorer();
        poll();

    } else {
        poll().then(startExplorer);
    }
}


start();
