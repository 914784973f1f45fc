// The calls of the page: with Apache's library for browsers, whose generated
// code is global, through thrift_door; and with the client that was generated
// from the gateway's document.  A line for each.

import { client } from './api/client.gen';
import * as api from './api/sdk.gen';

const out = document.getElementById('out');

function say(name, value) {
    out.textContent += name + ': ' + JSON.stringify(value) + '\n';
}


// a call that throws says what

function caught(name, call) {
    try {
        say(name, call());
    } catch (e) {
        say(name, [e.constructor.name, e.code, e.reason || e.message]);
    }
}


function connect(Client, path) {
    return new Client(new Thrift.Protocol(new Thrift.TXHRTransport(path)));
}


function apache() {
    const weather = connect(WeatherServiceClient, '/weather');
    const peer = connect(NewerClient, '/peers');
    const text = 'Grüße, 世界 "\\\n';

    caught('ping', () => weather.ping());
    caught('getTemperature', () => weather.getTemperature(
        new Location({ city: 'Oslo' })).includes('Oslo'));
    caught('echoString', () => peer.echoString(text) === text);
    caught('echoList', () => peer.echoList([0, 1, -1, 2147483647]));
    caught('echoMap', () => peer.echoMap({ a: new Inner({ id: 1 }) }).a.id);
    caught('refuse 0', () => peer.refuse(0));
    caught('refuse 7', () => peer.refuse(7));
    caught('fail', () => peer.fail());
    caught('fresh', () => peer.fresh(3));
    caught('tell', () => peer.tell('a page') === undefined);

    return new Promise((done) => peer.echoString('later', (value) => {
        say('asynchronous', value);
        done();
    }));
}


async function generated(prefix, base, calls) {
    client.setConfig({ baseUrl: base });

    for (const [name, body] of calls) {
        const { data, error, response } = await api[name]({ body });

        say(name, [response.status, data === undefined ? error : data]);
    }
}


(async () => {
    try {
        await apache();
        await generated('api', '/api', [
            ['weatherServicePing'],
            ['myServiceDoSomething', { data: { name: 'a', active: true } }],
            ['myServiceCheckStatus'],
            ['peerEchoString', { text: 'Grüße' }],
            ['peerEchoList', { numbers: [1, -2] }],
            ['peerRefuse', { code: 7 }],
            ['peerRefuse', { code: 'x' }],
        ]);
    } catch (e) {
        say('exception', String(e));
    }

    say('end', true);
})();
