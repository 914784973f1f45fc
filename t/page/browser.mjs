/*
 * What the browser does: t/page/browser starts it.
 *
 * usage: node browser.mjs URL DIRECTORY      "ok - NAME", "not ok - NAME"
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const npm = new URL("../../build/page/npm/", import.meta.url);
const require = createRequire(new URL("package.json", npm));
const { default: puppeteer } = await import(
    new URL("node_modules/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js",
            npm));
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [url, shots] = process.argv.slice(2);
const HARM = "\"><img src=x onerror=\"window.hacked=1\">";


function ok(good, name, ...notes) {
    console.log((good ? "ok - " : "not ok - ") + name);

    if (!good) {
        notes.forEach((note) => console.log("# " + JSON.stringify(note)));
    }
}


function is(got, wanted, name) {
    ok(JSON.stringify(got) === JSON.stringify(wanted), name, { got, wanted });
}


function like(text, re, name) {
    ok(re.test(text), name, text);
}


const browser = await puppeteer.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
});
const page = await browser.newPage();
const errors = [];
const requests = new Set();

page.on("pageerror", (error) => errors.push(error.message));
page.on("console", (message) => {
    if (message.type() === "error") {
        errors.push(message.text());
    }
});
page.on("request", (request) => requests.add(request.url()));

/* Its own policy does not let axe-core in: that is put there by the protocol. */

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const text = (selector) => page.$eval(selector, (node) => node.innerText);


async function until(code, name, ...args) {
    try {
        await page.waitForFunction(code, { timeout: 40000, polling: 100 },
                                   ...args);
        ok(true, name);
    } catch (error) {
        ok(false, name, error.message);
    }
}


async function accessible(name) {
    await page.evaluate(axe);

    const found = await page.evaluate(async () => {
        const results = await axe.run(document, {
            resultTypes: ["violations"]
        });

        return results.violations.map(({ id, impact, nodes }) => ({
            id, impact, nodes: nodes.slice(0, 3).map((node) => node.html)
        }));
    });

    is(found.filter(({ impact }) => impact !== "minor"), [],
       name + ": axe-core");
}


/* Both themes and three widths of what is shown. */

async function views(name) {
    for (const theme of ["light", "dark"]) {
        await page.emulateMediaFeatures([
            { name: "prefers-color-scheme", value: theme }
        ]);

        for (const width of [1280, 768, 360]) {
            await page.setViewport({ width, height: 900 });
            await wait(150);

            const wide = await page.evaluate(
                () => document.documentElement.scrollWidth);

            ok(wide <= width, `${name}, ${theme}, ${width}: fits`, wide);

            await page.screenshot({ path: `${shots}/${name}-${theme}-${width}`
                                          + ".png" });

            if (width !== 768) {
                await accessible(`${name}, ${theme}, ${width}`);
            }
        }
    }

    await page.setViewport({ width: 1280, height: 900 });
}


/* Numbers */

async function traffic() {
    await page.goto(url + "/thrift");

    await until(() => document.querySelectorAll("#method-table tbody tr")
                      .length >= 7, "methods");
    await until(() => [...document.querySelectorAll("#failures .badge")]
                      .some((badge) => badge.innerText === "timed out"),
                "failures");
    await until(() => document.querySelector(".tile .value").innerText > 0,
                "calls per second");
    await wait(5000);

    const row = (name) => page.$$eval("#method-table tbody tr", (rows, name) => {
        const found = rows.find((row) =>
            row.querySelector("button").innerText === name);

        return found ? [...found.children].map((cell) => cell.innerText) : null;
    }, name);

    const get = await row("Users.get");

    ok(get && Number(get[1]) > 1, "rate", get);
    is(get[3], "0 %", "none of them fails");
    like(get[6], /^[\d.]+ m?s$/, "p99");

    is((await row("Users.late"))[3], "100 %", "all of them fail");
    ok(await row("Users." + HARM) !== null, "a name that would do harm");
    ok(await row("Users.(other methods)") !== null, "names of clients");

    /* the slowest first */

    const times = await page.$$eval("#method-table tbody tr", (rows) =>
        rows.map((row) => row.children[6].innerText)
            .map((time) => parseFloat(time)
                           * (/\u00b5s$/.test(time) ? 1e-6
                              : /ms$/.test(time) ? 1e-3 : 1)));

    is(times, [...times].sort((a, b) => b - a), "the slowest first");

    like(await text("#notices"), /upstream orders has failed/,
         "a server that has failed");
    like(await text("#upstreams"), /unavail/, "its state");
    like(await text("#failures"), /not today/, "a reason");
    ok((await text("#failures")).includes(HARM), "a text that would do harm",
       await text("#failures"));
    ok((await text("#failures")).includes(JSON.stringify({ how: HARM })),
       "arguments that would do harm", await text("#failures"));

    await views("traffic");
}


/* By the keyboard: details, another order, a filter, another theme, a pause. */

async function keyboard() {
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("Tab");

    is(await page.evaluate(() => document.activeElement.className), "skip",
       "the first stop skips what is above");

    const open = await page.$("#method-table tbody button");

    await open.focus();
    await page.keyboard.press("Enter");

    is(await page.$eval("#method-table tbody button",
                        (button) => button.getAttribute("aria-expanded")),
       "true", "details are open");
    like(await text("#method-table td.detail"), /Calls per second/,
         "details");
    like(await page.$eval("#method-table td.detail svg",
                          (svg) => svg.getAttribute("aria-label")),
         /^Calls per second: all now \S+, at most \S+; failed /,
         "what a chart says");

    await wait(2500);

    ok(await page.evaluate(() => document.activeElement.getAttribute(
                                     "aria-expanded") === "true"),
       "the focus stays while numbers change");

    await page.screenshot({ path: `${shots}/details.png` });
    await page.keyboard.press("Enter");

    await page.focus("#method-table thead th:nth-child(2) button");
    await page.keyboard.press("Enter");

    is(await page.$eval("#method-table thead th:nth-child(2)",
                        (head) => head.getAttribute("aria-sort")),
       "descending", "another order");

    await page.type("#filter", "users.get");

    is(await page.$$eval("#method-table tbody tr", (rows) => rows.length), 1,
       "a filter");

    await page.focus("#theme");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");

    is(await page.$eval("html", (html) => html.dataset.theme), "dark",
       "a theme of one's own");

    await page.focus("#pause");
    await page.keyboard.press("Enter");
    like(await text("#state"), /^Paused at /, "paused");
    await page.keyboard.press("Enter");
}


/* The explorer */

async function choose(name) {
    await page.evaluate((name) => {
        const [service, method] = name.split(".");
        const group = [...document.querySelectorAll("#method-list > div")]
            .find((group) => group.querySelector("h3").innerText
                             .startsWith(service + " at hosted"));

        [...group.querySelectorAll("button")]
            .find((button) => button.innerText === method).click();
    }, name);
}


async function field(name) {
    const id = await page.$$eval("#method .field > .label > label",
        (labels, name) => labels.find((label) => label.innerText === name)
                                .htmlFor, name);

    return page.$("#" + id);
}


async function give(name) {
    await page.click(`#method input[aria-label="give ${name}"]`);
}


async function fill(handle, value) {
    await handle.click({ count: 3 });
    await page.keyboard.type(value);
}


async function press(within, label) {
    const button = await page.evaluateHandle((within, label) =>
        [...document.querySelectorAll(within + " button")]
            .find((button) => button.innerText === label), within, label);

    await button.click();
}


async function call() {
    await page.evaluate(() => {
        document.getElementById("reply").textContent = "";
        document.getElementById("kind").textContent = "";
    });
    await page.click("#method form .main");
    await page.waitForFunction(
        () => document.getElementById("kind").textContent !== "",
        { timeout: 20000 });

    return [await text("#kind"), await text("#reply")];
}


async function explorer() {
    await page.goto(url + "/thrift#explorer");
    await until(() => document.querySelectorAll("#method-list button").length
                      > 5, "services");

    await choose("PingPong.ping");
    is(await call(), ["Result", "\"pong\""], "PingPong.ping");

    await choose("PingPong.add");
    like(await text("#method"), /The sum, after a while\./, "its comment");
    await fill(await field("a"), "2147483647");
    await fill(await field("b"), "9007199254740993");
    is(await call(), ["Result", "9007201402224640"],
       "PingPong.add: all digits");
    like(await text("#took"), /^[\d.]+ m?s, status 200$/, "its time");

    await fill(await field("a"), "2147483648");
    is(await text("#problem"), "a: it has more than 32 bits",
       "what is wrong with a value");

    await choose("WeatherService.getTemperature");
    await fill(await field("city"), "Berlin");
    is(await call(), ["Result", "\"14 C in Berlin, None\""],
       "a struct, without an optional field");
    await give("country");
    await fill(await field("country"), "Germany");
    is(await call(), ["Result", "\"14 C in Berlin, Germany\""], "with it");

    await choose("Shop.find");
    await fill(await field("what"), "hat");

    const [kind, value] = await call();

    is(kind, "Exception NotFound", "a declared exception");
    is(JSON.parse(value).exception.value, { what: "hat", code: 404 },
       "its value");

    await store();

    await choose("Shop.fail");
    await fill(await field("how"), HARM);
    is((await call())[0], "INTERNAL_ERROR", "another exception");

    await commands();
    await looking();
}


/* A union, maps, an enum. */

async function store() {
    await choose("Shop.store");
    await fill(await field("name"), HARM);
    await give("color");
    await (await field("color")).select("GREEN");

    await give("id");
    await page.select("#method .union select", "name");
    await fill(await page.$("#method .union input"), "cup");

    await give("counts");
    await press("#method", "Add entry");
    await page.select("#method .parts select[aria-label=key]", "GREEN");
    await fill(await page.$("#method .parts input[aria-label=value]"), "7");

    await give("labels");
    await press("#method", "Add pair");
    await (await page.$$("#method .parts select[aria-label=key]"))[1]
        .select("true");
    await fill((await page.$$("#method .parts input[aria-label=value]"))[1],
               "here");

    const [kind, value] = await call();

    is(kind, "Result", "a union and maps");
    is(JSON.parse(value), { name: HARM, color: "GREEN", id: { name: "cup" },
                            counts: { GREEN: 7 },
                            labels: [[true, "here"]] }, "are as given");

    await views("explorer");
}


async function commands() {
    const copied = (name) => page.waitForFunction(
        (name) => document.getElementById("copied").textContent
                          .startsWith(name), { timeout: 20000 }, name);

    await choose("PingPong.add");
    await press("#method", "Copy as curl");
    await copied("curl");
    is(await text("#copied"), "curl -H 'Content-Type: application/json' -d "
       + "'{\"a\": 0,\"b\": 0}' '" + url + "/api/PingPong/add'", "curl");
    await press("#method", "Copy as nthrift");
    await copied("nthrift");
    like(await text("#copied"),
         /^nthrift call 127\.0\.0\.1:\d+ 'PingPong\.add' '\{"a": 0,"b": 0\}' --idl 'pingpong\.thrift'$/,
         "nthrift");
}


/* Where calls are not allowed, and where there is no explorer. */

async function looking() {
    await page.evaluate(() =>
        [...document.querySelectorAll("#method-list > div")]
            .find((group) => group.querySelector("h3").innerText
                             .includes("at closed"))
            .querySelector("button").click());

    is(await page.$("#method form .main"), null, "no button");
    like(await text("#method"), /Calls cannot be tried here/, "says why");

    /* a chart of a minute has parts of two seconds: more than ten are known */

    await until(async () => {
        const response = await fetch(location.pathname
                                     + "?format=json&history=1");
        const report = await response.json();
        const times = report.history ? report.history.times : [ 0 ];

        return times.at(-1) - times[0] > 25;
    }, "time goes by");

    await page.goto(url + "/plain");
    await until(() => document.querySelectorAll("#method-table tbody tr")
                      .length > 3, "another page");

    const past = await page.evaluate(() => ({
        reports: view.reports,
        known: view.history.parts(view.history.all, 30)
                           .filter((part) => part && part.n).length,
        drawn: document.querySelector("#summary svg path").getAttribute("d")
                       .split("L").length
    }));

    ok(past.reports < 4 && past.known > 10 && past.drawn > 10,
       "charts of the time before", past);
    is(await page.$eval("#tabs", (tabs) => tabs.hidden), true,
       "without an explorer");
}


await traffic();
await keyboard();
await explorer();

is(await page.evaluate(() => window.hacked === undefined), true,
   "nothing that came was run");
is([...requests].filter((one) => !one.startsWith(url)
                                 && !one.startsWith("data:")), [],
   "nothing was asked for elsewhere");
is(errors.filter((error) => !/status of 4|status of 5/.test(error)), [],
   "no errors");

await browser.close();

console.log("done");
