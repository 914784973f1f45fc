/*
 * What the browser does with the page of 10,000 methods: t/page/many starts it.
 * Times are those of the page's own thread on a processor: what else runs on
 * the machine does not count.
 *
 * usage: node many.mjs URL FILE      "ok - NAME", "not ok - NAME"
 */

import { readFileSync } from "node:fs";

const npm = new URL("../../build/page/npm/", import.meta.url);
const { default: puppeteer } = await import(
    new URL("node_modules/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js",
            npm));

const [url, file] = process.argv.slice(2);

const VIEWS = 5;                /* the least of them counts */
const MOST = 300;               /* milliseconds */

const browser = await puppeteer.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
});


/* Milliseconds of what was traced. */

function used() {
    const events = JSON.parse(readFileSync(file, "utf8")).traceEvents;
    const threads = new Set(events
        .filter((event) => event.name === "thread_name"
                           && event.args.name === "CrRendererMain")
        .map((event) => event.pid + " " + event.tid));

    return events.filter((event) => event.name.endsWith("::RunTask")
                                    && threads.has(event.pid + " "
                                                   + event.tid))
                 .reduce((sum, event) => sum + (event.tdur || 0), 0) / 1000;
}


async function view(hash, selector, n) {
    const page = await browser.newPage();

    await page.tracing.start({ path: file, categories: ["toplevel"] });
    await page.goto(url + hash, { waitUntil: "domcontentloaded" });
    await page.waitForFunction(
        (selector, n) => document.querySelectorAll(selector).length >= n,
        { polling: "mutation", timeout: 60000 }, selector, n);
    await page.tracing.stop();
    await page.close();

    return used();
}


async function views(name, hash, selector, n) {
    const times = [];

    for (let i = 0; i < VIEWS; i++) {
        times.push(await view(hash, selector, n));
    }

    const least = Math.min(...times);

    console.log((least > 0 && least < MOST ? "ok - " : "not ok - ") + name);
    console.log(name + ": " + times.map((ms) => ms.toFixed(0)).join(", ")
                + " ms");
}


await views("traffic", "", "#method-table tbody tr", 50);
await views("explorer", "#explorer", "#method-list button", 500);

await browser.close();

console.log("done");
