/*
 * Tables whose rows stay while their numbers change.  A column is
 *
 *     { id, text, label, value(data), cell(td), show(cell, data) }
 *
 * value: what is sorted by, largest first; without it one cannot.  The rows
 * are not put in another order under a pointer or the keyboard.
 */

class Table {
    constructor(caption, columns, options) {
        this.columns = columns;
        this.options = options;
        this.sort = columns.find((column) => column.id === options.sort);
        this.rows = new Map();
        this.limit = options.limit || 50;

        this.body = element("tbody", { "role": "rowgroup" });
        this.heads = columns.map((column) => this.head(column));
        this.none = element("p", { "class": "none" }, options.none);
        this.more = element("button", { "type": "button", "class": "more",
                                        "hidden": true,
                                        "click": () => this.showMore() });
        this.table = element("table", { "role": "table" },
            element("caption", { "class": "hidden" }, caption),
            element("thead", { "role": "rowgroup" },
                    element("tr", { "role": "row" }, ...this.heads)),
            this.body);
        this.node = element("div", null, this.table, this.none, this.more);
        this.showSort();
    }

    head(column) {
        const head = element("th", { "scope": "col", "role": "columnheader",
                                     "class": column.left ? "left" : null });

        if (!column.value) {
            head.append(column.text);
            return head;
        }

        head.append(element("button", {
            "type": "button",
            "click": () => {
                this.sort = column;
                this.showSort();
                this.update(this.list, true);
            }
        }, column.text));

        return head;
    }

    showSort() {
        this.columns.forEach((column, i) => {
            if (column === this.sort) {
                this.heads[i].setAttribute("aria-sort", column.ascending
                                           ? "ascending" : "descending");
            } else {
                this.heads[i].removeAttribute("aria-sort");
            }
        });
    }

    showMore() {
        this.limit += 200;
        this.update(this.list, true);
    }

    /* data: { key, ... } of all rows */

    update(list, force) {
        this.list = list;

        const quiet = !force && (this.body.matches(":hover")
                                 || this.body.contains(document.activeElement));
        const sorted = quiet ? this.inPlace(list) : this.sorted(list);
        const shown = sorted.slice(0, this.limit);
        const keys = new Set(shown.map((data) => data.key));

        for (const [key, row] of this.rows) {
            if (!keys.has(key)) {
                row.remove();
                this.rows.delete(key);
            }
        }

        const nodes = [];

        shown.forEach((data, i) => {
            let row = this.rows.get(data.key);

            if (row === undefined) {
                row = new Row(this, data.key);
                this.rows.set(data.key, row);
            }

            row.index = i;
            row.update(data);
            nodes.push(row.node, ...(row.detail ? [row.detail] : []));
        });

        this.order(nodes);
        this.table.hidden = list.length === 0;
        this.none.hidden = list.length !== 0;
        this.more.hidden = sorted.length <= this.limit;
        setText(this.more, "Show more of " + sorted.length);
    }

    /* A node is moved only if it has to be: one that is moved loses its focus. */

    order(nodes) {
        let next = this.body.firstChild;

        for (const node of nodes) {
            if (node === next) {
                next = next.nextSibling;
            } else {
                this.body.insertBefore(node, next);
            }
        }
    }

    sorted(list) {
        if (!this.sort) {
            return list;
        }

        const value = this.sort.value;
        const sign = this.sort.ascending ? 1 : -1;

        return list.map((data) => [value(data), data])
                   .sort((a, b) => a[0] < b[0] ? -sign : a[0] > b[0] ? sign : 0)
                   .map((pair) => pair[1]);
    }

    inPlace(list) {
        const known = list.filter((data) => this.rows.has(data.key));
        const place = new Map([...this.rows.values()]
                              .sort((a, b) => a.index - b.index)
                              .map((row, i) => [row.key, i]));

        known.sort((a, b) => place.get(a.key) - place.get(b.key));

        return known.concat(this.sorted(list.filter(
                                    (data) => !this.rows.has(data.key))));
    }
}


class Row {
    constructor(table, key) {
        this.table = table;
        this.key = key;
        this.index = -1;
        this.detail = null;
        this.cells = table.columns.map((column) => this.cell(column));
        this.node = element("tr", { "role": "row" },
                            ...this.cells.map((cell) => cell.node));
    }

    cell(column) {
        const cell = {
            node: element("td", { "role": "cell",
                                  "class": column.name || "number",
                                  "data-label": column.label || null }),
            row: this
        };

        if (column.cell) {
            column.cell(cell);
        }

        return cell;
    }

    update(data) {
        this.data = data;
        this.table.columns.forEach((column, i) => {
            column.show(this.cells[i], data);
        });

        if (this.detail) {
            this.table.options.detail.show(this.detailParts, data);
        }
    }

    remove() {
        this.node.remove();

        if (this.detail) {
            this.detail.remove();
        }
    }

    /* Opens the details, or closes them. */

    toggle(button) {
        const options = this.table.options.detail;

        if (this.detail) {
            this.detail.remove();
            this.detail = null;
            button.setAttribute("aria-expanded", "false");
            return;
        }

        this.detailParts = options.create(this.data);
        this.detail = element("tr", { "role": "row" },
            element("td", { "role": "cell", "class": "detail",
                            "colspan": this.table.columns.length },
                    this.detailParts.node));
        this.node.after(this.detail);
        button.setAttribute("aria-expanded", "true");
        options.show(this.detailParts, this.data);
    }
}


/* A cell that is nothing but text, red where it is bad. */

function textColumn(id, text, show, options) {
    return Object.assign({
        id,
        text,
        label: text,
        show: (cell, data) => {
            const [value, bad] = [].concat(show(data));

            setText(cell.node, value);
            cell.node.classList.toggle("bad", Boolean(bad));
        }
    }, options);
}


function sparkColumn(id, text, draw) {
    return {
        id,
        text,
        label: text,
        cell: (cell) => {
            cell.spark = new Spark();
            cell.node.append(cell.spark.node);
        },
        show: (cell, data) => draw(cell.spark, data)
    };
}
