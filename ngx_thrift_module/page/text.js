"use strict";

/*
 * Elements and text.  What comes from the server is put into the page as text
 * only: there is no function here that takes HTML, and the policy that the page
 * is sent with lets none be used.
 */

function element(tag, properties, ...children) {
    const node = document.createElement(tag);

    for (const [name, value] of Object.entries(properties || {})) {
        if (typeof value === "function") {
            node.addEventListener(name, value);
        } else if (value === true) {
            node.setAttribute(name, "");
        } else if (value !== false && value !== null && value !== undefined) {
            node.setAttribute(name, value);
        }
    }

    node.append(...children.filter((child) => child !== null
                                              && child !== undefined));

    return node;
}


function byId(id) {
    return document.getElementById(id);
}


/* Only if it is another one: selections and screen readers are left alone. */

function setText(node, text) {
    if (node.textContent !== text) {
        node.textContent = text;
    }
}


function setClass(node, name) {
    if (node.className !== name) {
        node.className = name;
    }
}


function setAttribute(node, name, value) {
    if (node.getAttribute(name) !== value) {
        node.setAttribute(name, value);
    }
}


/* Three digits: 0.012, 3.41, 120, 12.3k */

function showNumber(n) {
    for (const unit of ["", "k", "M", "G", "T"]) {
        if (n < 999.5) {
            return showDigits(n) + unit;
        }

        n /= 1000;
    }

    return showDigits(n) + "P";
}


function showDigits(n) {
    if (n === 0 || n >= 99.95) {
        return n.toFixed(0);
    }

    const text = n.toFixed(n >= 9.995 ? 1 : n >= 0.095 ? 2 : 3);

    return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "")
                              : text;
}


function showTime(seconds) {
    if (seconds === null) {
        return "\u2013";
    }

    if (seconds < 0.001) {
        return showDigits(seconds * 1e6) + " \u00b5s";
    }

    if (seconds < 0.9995) {
        return showDigits(seconds * 1000) + " ms";
    }

    return showDigits(seconds) + " s";
}


function showShare(part, all) {
    if (all === 0) {
        return "\u2013";
    }

    return showDigits(part * 100 / all) + " %";
}


function showBytes(n) {
    for (const unit of ["B", "kB", "MB", "GB", "TB"]) {
        if (n < 999.5) {
            return showDigits(n) + " " + unit;
        }

        n /= 1000;
    }

    return showDigits(n) + " PB";
}


/* The browser's own function for it takes long. */

function showClock(seconds) {
    const time = new Date(seconds * 1000);

    return [time.getHours(), time.getMinutes(), time.getSeconds()]
           .map((n) => String(n).padStart(2, "0")).join(":");
}
