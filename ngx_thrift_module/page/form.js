/*
 * Forms made from schemas, as the gateway's document has them: JSON Schema of
 * the plain JSON that Thrift's types are.  An editor is
 *
 *     { node, value() }      value(): JSON; it throws where it is wrong
 */

class Wrong extends Error {
    constructor(text, node) {
        super(text);
        this.node = node;
    }
}

let lastId = 0;

function newId() {
    return "f" + ++lastId;
}


class Forms {
    constructor(document, changed) {
        this.document = document;
        this.changed = changed;
    }

    /* What "$ref" stands for; a typedef may name another one. */

    resolve(schema) {
        let found = schema;

        for (let i = 0; found && found.$ref && i < 64; i++) {
            found = this.document.components.schemas[refName(found.$ref)];
        }

        return found || {};
    }

    editor(schema, id) {
        const real = this.resolve(schema);

        if (real.enum) {
            return this.choice(real.enum, id);
        }

        switch (real.type) {

        case "boolean":
            return this.choice(["true", "false"], id, (text) => text === "true");

        case "integer":
            return this.number(real, id);

        case "number":
            return this.double(id);

        case "string":
            return real.contentEncoding === "base64" ? this.binary(id)
                   : real.format === "int64" ? this.number(real, id)
                   : this.text(real, id);

        case "array":
            return this.list(real);

        case "object":
            return real.additionalProperties ? this.map(real)
                   : real.maxProperties === 1 ? this.union(real)
                   : this.struct(real);
        }

        return { node: element("span", null, "nothing"), value: () => null };
    }

    input(id, properties) {
        return element("input", Object.assign({
            "type": "text", "id": id, "autocomplete": "off",
            "spellcheck": "false", "input": () => this.changed()
        }, properties));
    }

    choice(names, id, read) {
        const node = element("select", { "id": id,
                                         "change": () => this.changed() },
                             ...names.map((name) => element("option", null,
                                                            name)));

        return { node, value: () => read ? read(node.value) : node.value };
    }

    text(schema, id) {
        const node = this.input(id, { "placeholder": schema.format || null });

        return { node, value: () => node.value };
    }

    /* Of more than 53 bits as text: the gateway takes both. */

    number(schema, id) {
        const node = this.input(id, { "inputmode": "numeric", "value": "0" });

        return {
            node,
            value: () => {
                const text = node.value.trim();

                if (!/^-?[0-9]+$/.test(text)) {
                    throw new Wrong("a whole number is expected", node);
                }

                const n = BigInt(text);
                const bits = schema.format === "int64" ? 64n
                             : schema.format === "int32" ? 32n
                             : BigInt(schema.maximum || 0) > 127n ? 16n : 8n;
                const half = 1n << (bits - 1n);

                if (n < -half || n >= half) {
                    throw new Wrong("it has more than " + bits + " bits", node);
                }

                return Number.isSafeInteger(Number(text)) ? Number(text)
                                                          : text;
            }
        };
    }

    double(id) {
        const node = this.input(id, { "inputmode": "decimal", "value": "0" });

        return {
            node,
            value: () => {
                const text = node.value.trim();

                if (["NaN", "Infinity", "-Infinity"].includes(text)) {
                    return text;
                }

                if (text === "" || Number.isNaN(Number(text))) {
                    throw new Wrong("a number is expected", node);
                }

                return Number(text);
            }
        };
    }

    binary(id) {
        const node = this.input(id, {});
        const kind = element("select", { "aria-label": "given as",
                                         "change": () => this.changed() },
                             element("option", { "value": "text" }, "text"),
                             element("option", { "value": "base64" },
                                     "base64"));

        return {
            node: element("span", { "class": "row" }, node, kind),
            value: () => kind.value === "text" ? { text: node.value }
                                               : node.value
        };
    }

    /* Parts that can be added and removed. */

    parts(what, create) {
        const list = element("ol", { "class": "parts" });
        const editors = [];
        const add = element("button", { "type": "button",
                                        "click": () => {
            const editor = create();
            const item = element("li", null, editor.node,
                element("button", {
                    "type": "button",
                    "aria-label": "Remove this " + what,
                    "click": () => {
                        editors.splice(editors.indexOf(editor), 1);
                        item.remove();
                        add.focus();
                        this.changed();
                    }
                }, "\u2715"));

            editors.push(editor);
            list.append(item);
            this.changed();
        } }, "Add " + what);

        return { node: element("div", null, list, add), editors };
    }

    list(schema) {
        const pairs = schema.items.prefixItems;
        const parts = this.parts(pairs ? "pair" : "element",
                                 () => pairs ? this.pair(pairs)
                                             : this.labelled(schema.items,
                                                             "element"));

        return { node: parts.node,
                 value: () => parts.editors.map((editor) => editor.value()) };
    }

    labelled(schema, label) {
        const id = newId();
        const editor = this.editor(schema, id);

        if (editor.node.id === id) {
            editor.node.setAttribute("aria-label", label);
        }

        return editor;
    }

    pair(schemas) {
        const key = this.labelled(schemas[0], "key");
        const value = this.labelled(schemas[1], "value");

        return { node: element("span", { "class": "row" }, key.node, "\u2192",
                               value.node),
                 value: () => [key.value(), value.value()] };
    }

    map(schema) {
        const keys = this.resolve(schema.propertyNames || {});
        const parts = this.parts("entry", () => {
            const id = newId();
            const key = keys.enum ? this.choice(keys.enum, id)
                                  : this.text({}, id);
            const value = this.labelled(schema.additionalProperties, "value");

            key.node.setAttribute("aria-label", "key");

            return { key, value,
                     node: element("span", { "class": "row" }, key.node,
                                   "\u2192", value.node) };
        });

        return {
            node: parts.node,
            value: () => {
                const map = {};

                for (const { key, value } of parts.editors) {
                    if (Object.hasOwn(map, key.value())) {
                        throw new Wrong("the key is there twice", key.node);
                    }

                    Object.defineProperty(map, key.value(), {
                        value: value.value(), enumerable: true
                    });
                }

                return map;
            }
        };
    }

    union(schema) {
        const names = Object.keys(schema.properties || {});
        const place = element("div");
        const id = newId();
        let editor = null;

        const choose = () => {
            const field = schema.properties[select.value];

            editor = this.labelled(field, select.value);
            place.replaceChildren(editor.node, docOf(field));
            this.changed();
        };

        const select = element("select", { "id": id, "change": choose,
                                           "aria-label": "field of the union" },
                               ...names.map((name) => element("option", null,
                                                              name)));

        if (names.length) {
            queueMicrotask(choose);
        }

        return {
            node: element("div", { "class": "union" }, select, place),
            value: () => editor ? { [select.value]: editor.value() } : {}
        };
    }

    /* Fields: those that are not required are left out unless they are chosen. */

    struct(schema, all) {
        const required = new Set(schema.required || []);
        const fields = Object.entries(schema.properties || {})
            .map(([name, field]) => this.field(name, field, required.has(name),
                                               all));

        return {
            node: element("div", { "class": "fields" },
                          ...fields.map((field) => field.node)),
            value: () => {
                const struct = {};

                for (const field of fields) {
                    if (field.given()) {
                        struct[field.name] = field.value();
                    }
                }

                return struct;
            }
        };
    }

    /* An editor is made when it is needed: types may contain themselves. */

    field(name, schema, required, given) {
        const id = newId();
        const place = element("div", { "class": "editor" });
        const has = !required && !(given && schema.default === undefined);
        let editor = null;

        const open = () => {
            editor = this.editor(schema, id);
            place.replaceChildren(editor.node);

            if (editor.node.id !== id) {
                editor.node.setAttribute("role", "group");
                editor.node.setAttribute("aria-label", name);
            }
        };

        const box = has || given ? element("input", {
            "type": "checkbox", "checked": !has, "aria-label": "give " + name,
            "change": () => {
                place.replaceChildren();
                editor = null;

                if (box.checked) {
                    open();
                }

                this.changed();
            }
        }) : null;

        if (!has) {
            open();
        }

        const note = typeName(schema)
                     + (schema.default === undefined ? ""
                        : " = " + JSON.stringify(schema.default))
                     + (required ? ", required" : "");

        return {
            name,
            node: element("div", { "class": "field" },
                          element("div", { "class": "label" }, box,
                                  element("label", { "for": id }, name),
                                  element("span", { "class": "soft" }, note)),
                          docOf(schema), place),
            given: () => editor !== null,
            value: () => editor.value()
        };
    }
}


function refName(ref) {
    return ref.replace("#/components/schemas/", "");
}


function docOf(schema) {
    return schema.description
           ? element("p", { "class": "doc soft" }, schema.description) : "";
}


/* As Thrift has it. */

function typeName(schema) {
    if (schema.$ref) {
        return refName(schema.$ref);
    }

    switch (schema.type) {

    case "boolean":
        return "bool";

    case "integer":
        return schema.format === "int64" ? "i64"
               : schema.format === "int32" ? "i32"
               : schema.maximum > 127 ? "i16" : "i8";

    case "number":
        return "double";

    case "string":
        return schema.contentEncoding ? "binary"
               : schema.format === "int64" ? "i64"
               : schema.format === "uuid" ? "uuid" : "string";

    case "null":
        return "void";

    case "array":
        return schema.items.prefixItems
               ? "map<" + schema.items.prefixItems.map(typeName).join(", ")
                 + ">"
               : (schema.uniqueItems ? "set<" : "list<")
                 + typeName(schema.items) + ">";

    case "object":
        if (schema.additionalProperties) {
            const keys = schema.propertyNames;

            return "map<" + (!keys ? "string"
                             : keys.$ref ? refName(keys.$ref) : "integer")
                   + ", " + typeName(schema.additionalProperties) + ">";
        }
    }

    return schema.type || "";
}
