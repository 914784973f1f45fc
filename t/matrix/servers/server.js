// Apache's Node server of Peer: GENERATED TRANSPORT PROTOCOL PORT...
//
// PEERS_RECORD, and what is told: see t/peers/server.cpp.

'use strict';

const fs = require('fs');
const path = require('path');
const thrift = require('thrift');

const [generated, framing, proto, ...ports] = process.argv.slice(2);

const Peer = require(path.join(generated, 'Peer.js'));
const types = require(path.join(generated, 'peers_types.js'));

const file = process.env.PEERS_RECORD
    ? fs.openSync(process.env.PEERS_RECORD, 'a') : null;


function record(text) {
    if (file !== null) {
        fs.writeSync(file, String(text).slice(0, 64) + '\n');
    }
}


const handler = {
    nothing: (done) => done(null),
    echoAll: (all, done) => done(null, all),
    echoList: (numbers, done) => done(null, numbers),
    echoMap: (values, done) => done(null, values),
    fail: (done) => done(new Error('not declared')),
    told: (text, done) => done(null, false),
    sleep: (ms, done) => setTimeout(() => done(null, ms), ms),

    echoString: (text, done) => {
        record(text);
        done(null, text);
    },

    refuse: (code, done) => {
        if (code) {
            done(new types.Refused({ code, reason: 'refused ' + code }));
        } else {
            done(null, 0);
        }
    },

    tell: (text) => {
        record(text);

        if (text === 'raise') {
            throw new Error('told to');
        }
    },
};


for (const port of ports) {
    const server = thrift.createServer(Peer, handler, {
        transport: framing === 'framed' ? thrift.TFramedTransport
                                        : thrift.TBufferedTransport,
        protocol: proto === 'compact' ? thrift.TCompactProtocol
                                      : thrift.TBinaryProtocol,
    });

    server.on('error', () => {});
    server.listen(Number(port), '127.0.0.1');
}
