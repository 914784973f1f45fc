/*
 * Charts of a series over the last minutes, as SVG.  Each has its text beside
 * or in it: nothing is said by a line alone.
 */

const SVG = "http://www.w3.org/2000/svg";


function shape(tag, properties) {
    const node = document.createElementNS(SVG, tag);

    for (const [name, value] of Object.entries(properties)) {
        node.setAttribute(name, value);
    }

    return node;
}


/* A line through what is known; a dot, if that is all. */

function linePath(values, max, width, height) {
    const step = width / Math.max(1, values.length - 1);
    const points = [];

    values.forEach((value, i) => {
        if (value !== null) {
            points.push((i * step).toFixed(1) + " "
                        + (height - value / max * height).toFixed(1));
        }
    });

    if (points.length === 0) {
        return "";
    }

    return "M" + points.join("L") + (points.length === 1 ? "h0.1" : "");
}


function areaPath(values, max, width, height) {
    const step = width / Math.max(1, values.length - 1);
    const first = values.findIndex((value) => value !== null);
    const y = (value) => (height - (value || 0) / max * height).toFixed(1);

    if (first === -1) {
        return "";
    }

    return "M" + (first * step).toFixed(1) + " " + height
           + values.map((value, i) => "L" + (i * step).toFixed(1) + " "
                                      + y(value)).slice(first).join("")
           + "L" + width + " " + height + "Z";
}


/* A small one, of lines { name, values, area }; the last one is in front. */

class Spark {
    constructor() {
        this.node = shape("svg", { "class": "spark", "role": "img",
                                   "viewBox": "0 0 120 28",
                                   "preserveAspectRatio": "none" });
        this.shapes = [];
    }

    draw(label, lines) {
        const max = Math.max(...lines.flatMap((line) => line.values), 1e-9);
        const paths = [];

        for (const line of lines) {
            if (line.area) {
                paths.push([line.area, areaPath(line.values, max, 120, 28)]);
            }

            if (line.name) {
                paths.push(["line " + line.name,
                            linePath(line.values, max, 120, 28)]);
            }
        }

        setAttribute(this.node, "aria-label", label);

        while (this.shapes.length < paths.length) {
            const path = shape("path", {});

            this.shapes.push(path);
            this.node.append(path);
        }

        paths.forEach(([name, d], i) => {
            setAttribute(this.shapes[i], "class", name);
            setAttribute(this.shapes[i], "d", d);
        });
    }
}


/* A large one, with a scale. */

class Plot {
    constructor(title, lines, show) {
        this.lines = lines;
        this.show = show;
        this.title = title;

        this.svg = shape("svg", { "role": "img", "viewBox": "0 0 300 96",
                                  "preserveAspectRatio": "none" });
        this.max = element("span");
        this.half = element("span");
        this.ago = element("span");

        for (const y of [0, 48, 96]) {
            this.svg.append(shape("line", { "class": "rule", "x1": 0,
                                            "x2": 300, "y1": y, "y2": y }));
        }

        this.paths = lines.map((line) => {
            const path = shape("path", { "class": "line " + line.name });

            this.svg.append(path);

            return path;
        });

        this.node = element("figure", null,
            element("figcaption", null, title,
                    ...lines.flatMap((line) => [
                        element("span", { "class": "key " + line.name }),
                        line.text ])),
            element("div", { "class": "plot" },
                    element("div", { "class": "scale" }, this.max, this.half,
                            element("span", null, "0")),
                    this.svg,
                    element("div", { "class": "times" },
                            this.ago, element("span", null, "now"))));
    }

    draw(parts, span) {
        const values = this.lines.map((line) => parts.map(line.value));
        const max = niceMax(Math.max(...values.flat(), 0));

        setText(this.max, this.show(max));
        setText(this.half, this.show(max / 2));
        setText(this.ago, span / 60 + " min ago");

        values.forEach((list, i) => {
            setAttribute(this.paths[i], "d", linePath(list, max, 300, 96));
        });

        setAttribute(this.svg, "aria-label", this.title + ": "
            + this.lines.map((line, i) => line.text + " " + describe(values[i],
                                                        this.show)).join("; "));
    }
}


function describe(values, show) {
    const known = values.filter((value) => value !== null);

    if (known.length === 0) {
        return "nothing yet";
    }

    return "now " + show(known[known.length - 1]) + ", at most "
           + show(Math.max(...known));
}


/* The next of 1, 2, 5, 10, ... */

function niceMax(max) {
    if (max <= 0) {
        return 1;
    }

    const power = Math.pow(10, Math.floor(Math.log10(max)));

    return [1, 2, 5, 10].map((n) => n * power)
                        .find((n) => n >= max * 0.999) || max;
}


const rateOf = (part) => part && part.seconds ? part.n / part.seconds : null;
const failsOf = (part) => part && part.seconds ? part.bad / part.seconds : null;
const timeOf = (q) => (part) => part ? quantile(part.buckets, q) : null;
