/*
 * The explorer: services, methods and types of the gateways that the
 * configuration names, and a form for each method.  It is there only if there
 * is one.
 */

const JSON_TYPE = "application/json";

const explorer = {
    text: null,             /* what the server says of them, not read yet */
    methods: [],            /* of all gateways */
    chosen: null,
    forms: null,
    editor: null
};


/* The methods of a gateway's document, in the order of the definitions. */

function readMethods(gateway) {
    const methods = [];

    for (const [path, item] of Object.entries(gateway.openapi.paths)) {
        const [, service, method] = path.split("/");
        const post = item.post;
        const answer = post.responses["200"];

        methods.push({
            gateway,
            service,
            method,
            name: service + "." + method,
            doc: post.description || "",
            deprecated: post.deprecated === true,
            args: post.requestBody.content[JSON_TYPE].schema,
            oneway: answer === undefined,
            returns: answer ? answer.content[JSON_TYPE].schema
                            : { type: "null" },
            throws: readThrows(post.responses)
        });
    }

    return methods;
}


function readThrows(responses) {
    const declared = responses["422"];

    if (!declared) {
        return [];
    }

    return declared.content[JSON_TYPE].schema.oneOf.map(
                (one) => one.properties.exception.properties.value);
}


function signature(method) {
    const args = Object.entries(method.args.properties || {})
                       .map(([name, schema]) => typeName(schema) + " " + name);

    return (method.oneway ? "oneway " : "") + typeName(method.returns) + " "
           + method.method + "(" + args.join(", ") + ")"
           + (method.throws.length
              ? " throws (" + method.throws.map(typeName).join(", ") + ")"
              : "");
}


/* The definitions that a schema names, and those that they name. */

function typesOf(gateway, schemas) {
    const found = new Map();

    const look = (schema) => {
        if (!schema || typeof schema !== "object") {
            return;
        }

        if (schema.$ref) {
            const name = refName(schema.$ref);

            if (!found.has(name)) {
                found.set(name, gateway.openapi.components.schemas[name]);
                look(found.get(name));
            }
        }

        for (const [key, value] of Object.entries(schema)) {
            if (key !== "default") {
                look(value);
            }
        }
    };

    schemas.forEach(look);

    return found;
}


function showType(name, schema) {
    const kind = schema.enum ? "enum"
                 : schema.maxProperties === 1 ? "union"
                 : schema.properties || schema.type === "object"
                   && !schema.additionalProperties ? "struct" : "typedef";
    const rows = [];

    if (kind === "enum") {
        for (const item of schema.enum) {
            const number = (schema["x-thrift-numbers"] || {})[item];

            rows.push([item, number === undefined ? "" : "= " + number, ""]);
        }

    } else if (kind === "typedef") {
        rows.push([typeName(schema), "", ""]);

    } else {
        const required = new Set(schema.required || []);

        for (const [field, type] of Object.entries(schema.properties || {})) {
            rows.push([field, typeName(type)
                              + (required.has(field) ? ", required" : "")
                              + (type.default === undefined ? ""
                                 : " = " + JSON.stringify(type.default)),
                       type.description || ""]);
        }
    }

    return element("details", { "class": "type" },
        element("summary", null, kind + " " + name),
        schema.description ? element("p", { "class": "doc" },
                                     schema.description) : "",
        element("ul", null, ...rows.map(([field, type, doc]) =>
            element("li", null, element("code", null, field), " ",
                    element("span", { "class": "soft" }, type),
                    doc ? element("p", { "class": "doc soft" }, doc) : ""))));
}


/* What is copied */

function shellQuote(text) {
    return "'" + text.replaceAll("'", "'\\''") + "'";
}


function callUrl(method) {
    return method.gateway.path.replace(/\/$/, "") + "/"
           + encodeURIComponent(method.service) + "/"
           + encodeURIComponent(method.method);
}


function curlCommand(method, body) {
    return "curl -H 'Content-Type: application/json' -d " + shellQuote(body)
           + " " + shellQuote(location.origin + callUrl(method));
}


function nthriftCommand(method, body) {
    const file = method.gateway.openapi.info.title + ".thrift";

    return "nthrift call " + (method.gateway.address || "HOST:PORT") + " "
           + shellQuote(method.name) + " " + shellQuote(body) + " --idl "
           + shellQuote(file);
}


async function copy(text, button) {
    const before = button.textContent;

    try {
        await navigator.clipboard.writeText(text);
        setText(button, "Copied");
    } catch (error) {
        setText(button, "Not allowed");     /* without https, maybe */
    }

    setText(byId("copied"), text);
    byId("copied").hidden = false;
    setTimeout(() => setText(button, before), 1500);
}


/*
 * JSON on many lines, as it came: numbers keep all of their digits, which
 * JSON.parse() would not.
 */

function prettyJson(text) {
    const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)
                   || [];
    let indent = 0;
    let out = "";

    const line = () => "\n" + "  ".repeat(indent);

    tokens.forEach((token, i) => {
        const empty = (tokens[i + 1] === "}" || tokens[i + 1] === "]");

        switch (token) {

        case "{":
        case "[":
            indent += empty ? 0 : 1;
            out += token + (empty ? "" : line());
            break;

        case "}":
        case "]":
            if (tokens[i - 1] === "{" || tokens[i - 1] === "[") {
                out += token;
                break;
            }

            indent--;
            out += line() + token;
            break;

        case ",":
            out += token + line();
            break;

        case ":":
            out += ": ";
            break;

        default:
            out += token;
        }
    });

    return out;
}


/* Calls */

function answerKind(status, text) {
    if (status === 202) {
        return ["Sent", "good"];
    }

    let exception = null;

    try {
        exception = JSON.parse(text).exception;
    } catch (error) {
        /* nginx's own page */
    }

    if (status === 200) {
        return ["Result", "good"];
    }

    if (exception && exception.type !== "TApplicationException") {
        return ["Exception " + exception.type, "warn"];
    }

    return [exception ? (exception.name || "Exception " + exception.code)
                      : "Status " + status, "fail"];
}


async function call(method, button) {
    const body = byId("request").value;
    const begin = performance.now();
    let badge;
    let text;

    button.disabled = true;

    try {
        const response = await fetch(callUrl(method), {
            method: "POST",
            headers: { "Content-Type": JSON_TYPE },
            cache: "no-store",
            body
        });

        text = await response.text();
        badge = answerKind(response.status, text);
        setText(byId("took"), showTime((performance.now() - begin) / 1000)
                              + ", status " + response.status);

        text = (response.headers.get("Content-Type") || "")
               .startsWith(JSON_TYPE) ? prettyJson(text) : text;

    } catch (error) {
        badge = ["No answer", "fail"];
        text = error.message;
        setText(byId("took"), "");
    }

    button.disabled = false;

    byId("answer").hidden = false;
    setText(byId("kind"), badge[0]);
    setClass(byId("kind"), "badge " + badge[1]);
    setText(byId("reply"), text);
}


/* The request as the form has it; what is written by hand is sent as it is. */

function formChanged() {
    const problem = byId("problem");

    if (!explorer.editor || !problem) {
        return;
    }

    try {
        byId("request").value = JSON.stringify(explorer.editor.value(), null,
                                               2);
        setText(problem, "");

    } catch (error) {
        if (!(error instanceof Wrong)) {
            throw error;
        }

        const label = error.node.labels && error.node.labels[0];

        setText(problem, (label ? label.textContent + ": " : "")
                         + error.message);
    }
}


function showMethod(method) {
    const types = typesOf(method.gateway,
                          [method.args, method.returns, ...method.throws]);
    const run = element("button", {
        "type": "submit", "class": "main"
    }, "Call " + method.name);

    const copyButton = (text, command) => element("button", {
        "type": "button",
        "click": (event) => copy(command(method, compactBody()), event.target)
    }, text);

    explorer.chosen = method;
    explorer.forms = new Forms(method.gateway.openapi, formChanged);
    explorer.editor = explorer.forms.struct(method.args, true);

    byId("method").replaceChildren(
        element("h3", { "tabindex": "-1", "id": "h-method" }, method.name),
        method.deprecated ? element("span", { "class": "badge warn" },
                                    "deprecated") : "",
        element("p", null, element("code", null, signature(method))),
        method.doc ? element("p", { "class": "doc" }, method.doc) : "",
        ...[...types].map(([name, schema]) => showType(name, schema)),
        element("form", {
            "class": "card",
            "aria-label": "Arguments of " + method.name,
            "submit": (event) => {
                event.preventDefault();

                if (method.gateway.call) {
                    call(method, run);
                }
            }
        },
            Object.keys(method.args.properties || {}).length
                ? explorer.editor.node
                : element("p", { "class": "soft" }, "It has no arguments."),
            element("p", { "id": "problem", "class": "problem",
                           "role": "alert" }),
            element("label", { "for": "request" }, "Request, as JSON"),
            element("textarea", { "id": "request", "rows": "6",
                                  "spellcheck": "false" }),
            element("div", { "class": "tools" },
                    method.gateway.call ? run : null,
                    copyButton("Copy as curl", curlCommand),
                    copyButton("Copy as nthrift", nthriftCommand)),
            method.gateway.call ? null
                : element("p", { "class": "soft" }, "Calls cannot be tried"
                          + " here: \"thrift_explorer\" allows none."),
            element("pre", { "id": "copied", "hidden": true,
                             "aria-label": "What was copied",
                             "tabindex": "0" })),
        element("div", { "id": "answer", "class": "card", "hidden": true,
                         "role": "status" },
                element("p", null, element("span", { "id": "kind" }), " ",
                        element("span", { "id": "took", "class": "soft" })),
                element("pre", { "id": "reply", "tabindex": "0",
                                 "aria-label": "Answer" })));

    formChanged();
    byId("h-method").focus();
}


/* On one line, if it is JSON. */

function compactBody() {
    const body = byId("request").value;

    try {
        JSON.parse(body);
    } catch (error) {
        return body;
    }

    return prettyJson(body).replace(/\n */g, "");
}


function showMethods() {
    const text = byId("find-method").value.toLowerCase();
    const list = byId("method-list");
    const groups = new Map();

    for (const method of explorer.methods) {
        if (!text || method.name.toLowerCase().includes(text)) {
            const key = method.gateway.path + "\0" + method.service;

            if (!groups.has(key)) {
                groups.set(key, []);
            }

            groups.get(key).push(method);
        }
    }

    list.replaceChildren(...[...groups.values()].map((methods) =>
        element("div", null,
            element("h3", null, methods[0].service, " ",
                    element("span", { "class": "soft" },
                            "at " + methods[0].gateway.server)),
            element("ul", null, ...methods.slice(0, 500).map((method) =>
                element("li", null, element("button", {
                    "type": "button",
                    "class": "plain",
                    "aria-current": method === explorer.chosen ? "true" : null,
                    "click": () => {
                        showMethod(method);
                        showMethods();
                    }
                }, method.method)))))));
}


/*
 * One of the two parts of the page.  Of thousands of methods the services are a
 * long text, which is read when it is needed.
 */

function showTab(name) {
    if (name === "explorer" && explorer.text !== null) {
        explorer.methods = JSON.parse(explorer.text)
                               .gateways.flatMap(readMethods);
        explorer.text = null;
        showMethods();
    }

    for (const tab of ["traffic", "explorer"]) {
        byId(tab).hidden = (tab !== name);
        byId("tab-" + tab).setAttribute("aria-current",
                                        tab === name ? "page" : "false");
    }
}


async function startExplorer() {
    let text;

    try {
        const response = await fetch(location.pathname + "?format=services",
                                     { cache: "no-store" });

        if (!response.ok) {
            return;
        }

        text = await response.text();
    } catch (error) {
        return;             /* the state of the page says what is wrong */
    }

    if (!text.includes("\"openapi\"")) {
        return;             /* there is none */
    }

    explorer.text = text;

    byId("tabs").hidden = false;
    byId("find-method").addEventListener("input", showMethods);

    for (const tab of ["traffic", "explorer"]) {
        byId("tab-" + tab).addEventListener("click", () => {
            location.hash = (tab === "explorer") ? "#explorer" : "";
            showTab(tab);
        });
    }

    const showHash = () => showTab(location.hash === "#explorer" ? "explorer"
                                                                 : "traffic");

    window.addEventListener("hashchange", showHash);
    showHash();
}
