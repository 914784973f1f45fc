// Apache's clients for Node that stay:
// GENERATED TRANSPORT PROTOCOL PORT CONNECTIONS TAG
//
// What they do is in Stay.pm.

'use strict';

const path = require('path');
const thrift = require('thrift');

const [generated, framing, proto, port, connections, tag] =
    process.argv.slice(2);

const Newer = require(path.join(generated, 'Newer.js'));
const types = require(path.join(generated, 'peers_types.js'));


function say(...words) {
    process.stdout.write(words.join(' ') + '\n');
}


function pause(ms) {
    return new Promise((done) => setTimeout(done, ms));
}


class Stay {
    constructor(tag) {
        this.tag = tag;
        this.number = 0;
        this.ended = false;

        this.connection = thrift.createConnection('127.0.0.1', Number(port), {
            transport: framing === 'framed' ? thrift.TFramedTransport
                                            : thrift.TBufferedTransport,
            protocol: proto === 'compact' ? thrift.TCompactProtocol
                                          : thrift.TBinaryProtocol,
        });

        for (const event of ['error', 'close', 'timeout', 'reconnecting']) {
            this.connection.on(event, (e) => this.lost(event, e));
        }

        this.peer = thrift.createClient(Newer, this.connection);
    }

    lost(event, e) {
        if (!this.ended) {
            say('exception', this.tag, this.number, event, e);
            process.exit(1);
        }
    }

    check(method, got, want) {
        if (String(got) !== String(want)) {
            say('wrong', this.tag, this.number, method, got);
        }
    }

    // what it returned; null, and said, where the call failed

    async call(method, ...args) {
        try {
            return await this.peer[method](...args);

        } catch (e) {
            if (e instanceof types.Refused) {
                return e.reason;
            }

            if (!(e instanceof thrift.Thrift.TApplicationException)) {
                throw e;
            }

            say('failed', this.tag, this.number, method, Date.now(), e.type,
                e.message);

            return null;
        }
    }

    async same(method, arg, want) {
        const got = await this.call(method, arg);

        if (got !== null) {
            this.check(method, got, want);
        }
    }

    async fresh() {
        const got = await this.call('fresh', this.number);

        if (got === null) {
            return false;
        }

        const [word, generation, number] = got.split(' ');
        this.check('fresh', [/^\d+$/.test(generation), number],
                   [true, this.number]);

        return word === 'end';
    }

    async round() {
        const n = this.number;
        const text = `stay ${this.tag} ${n} ${'.'.repeat(n % 97)}`;

        await this.same('echoString', text, text);

        if (await this.fresh()) {
            return false;
        }

        switch (n % 4) {

        case 0:
            await this.same('echoList', [n, -n, 7], [n, -n, 7]);
            break;

        case 1:
            await this.same('refuse', n, `refused ${n}`);
            break;

        case 2:
            await this.same('sleep', 10, 10);
            break;

        default:
            this.peer.tell(`tell ${this.tag} ${n}`);
        }

        await pause(n % 5 * 5);

        return true;
    }

    async run() {
        try {
            this.number = 1;

            while (await this.round()) {
                this.number++;
            }

            say('end', this.tag, this.number);

        } catch (e) {
            say('exception', this.tag, this.number, e);
        }

        this.ended = true;
        this.connection.end();
    }
}


for (let i = 0; i < Number(connections); i++) {
    new Stay(`${tag}.${i}`).run();
}
