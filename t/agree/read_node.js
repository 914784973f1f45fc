// Apache's library for Node as a reader: see t/agree/run.  Its server keeps
// what a message lacks for later, and closes after any other error.
//
//     node read_node.js CORPUS OUT

const fs = require('fs');
const thrift = require('thrift');
const Svc = require('Svc.js');
const Underrun =
    require('thrift/lib/nodejs/lib/thrift/input_buffer_underrun_error.js');

const TAIL = Buffer.alloc(4096);
const PROTOCOLS = { binary: thrift.TBinaryProtocol,
                    compact: thrift.TCompactProtocol };

const processor = new Svc.Processor({ call: (body, done) => done(null, 7) });
const results = [];

function ended(error) {
    return error instanceof Underrun || error.name === 'InputBufferUnderrunError'
        || error.message === 'Invalid type: undefined';
}

for (const line of fs.readFileSync(process.argv[2], 'utf8').split('\n')) {
    if (line === '') {
        continue;
    }

    const [number, protocol, message] = line.split('\t');
    const bytes = Buffer.concat([Buffer.from(message, 'hex'), TAIL]);
    const transport = new thrift.TFramedTransport(bytes);
    const out = new thrift.TBufferedTransport(null, () => {});
    let what = 'on';

    try {
        processor.process(new PROTOCOLS[protocol](transport),
                          new PROTOCOLS[protocol](out));
    } catch (error) {
        what = ended(error) ? 'more' : 'closes';
    }

    results.push([number, what, transport.readPos].join('\t'));
}

fs.writeFileSync(process.argv[3], results.join('\n') + '\n');
