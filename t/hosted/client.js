// Apache's client for Node: PINGPONG WEATHER MYSERVICE FAULTS ALL
//
// The arguments are ports; on that of ALL services are called by their names,
// through the Multiplexer.

"use strict";

const Int64 = require("node-int64");
const thrift = require("thrift");

const Faults = require("Faults");
const MyService = require("MyService");
const Newer = require("Newer");
const PingPong = require("PingPong");
const WeatherService = require("WeatherService");
const faults = require("faults_types");
const { MyData } = require("myservice_types");
const { NewerItem } = require("faults_newer_types");
const { Location } = require("weather_types");

const TRANSPORTS = { buffered: thrift.TBufferedTransport,
                     framed: thrift.TFramedTransport };
const PROTOCOLS = { binary: thrift.TBinaryProtocol,
                    compact: thrift.TCompactProtocol };


// 64 bits as they are on the wire: high half, low half.

function int64(high, low) {
    const octets = Buffer.alloc(8);

    octets.writeUInt32BE(high, 0);
    octets.writeUInt32BE(low, 4);

    return new Int64(octets);
}


function decimal(value) {
    return value.buffer.readBigInt64BE(value.offset).toString();
}


// Something to compare: numbers of 64 bits and bytes as strings.

function flat(value) {
    return JSON.stringify(value, function (key, plain) {
        const v = this[key];

        return v instanceof Int64 ? decimal(v)
             : Buffer.isBuffer(v) ? v.toString("hex") : plain;
    });
}


function word(value) {
    return value === true ? "yes" : value === false ? "no"
         : value === undefined || value === null ? "nothing"
         : value instanceof Int64 ? decimal(value) : value;
}


async function say(name, call) {
    let text;

    try {
        text = word(await call());
    } catch (e) {
        text = e instanceof faults.Refused
             ? `${e.name} ${e.code} ${e.reason}`
             : `${e.constructor.name} ${e.type} ${e.message}`;
    }

    console.log(`${name}: ${text}`);
}


async function runPingPong(client) {
    await say("ping", () => client.ping());
    await say("add", () => client.add(-7, int64(0x200000, 8)));
}


async function runWeather(client) {
    const paris = new Location({ city: "Paris", country: "France" });
    const oslo = new Location({ city: "Oslo" });

    await say("weather ping", () => client.ping());
    await say("in France", () => client.getTemperature(paris));
    await say("anywhere", () => client.getTemperature(oslo));
}


async function runMyService(client) {
    for (const active of [true, false]) {
        const data = new MyData({ name: "Grüße", age: 33, active });

        await say("do", () => client.doSomething(data));
        await say("status", () => client.checkStatus());
    }
}


function everything() {
    const inner = new faults.Inner({ id: -1, name: "in" });

    return new faults.Everything({
        yes: true, tiny: -128, small: -32768, middle: -2147483648,
        large: int64(0xffdfffff, 0xffffffff), real: -0.1, text: "Grüße",
        octets: Buffer.from("0001feff", "hex"), color: faults.Color.GREEN,
        inner, numbers: [0, 1, -1, 2147483647], words: ["", "x"],
        members: [int64(0xffffffff, 0xffffffff), int64(0, 0), int64(256, 0)],
        counts: { a: -2 },
        nested: { 7: [inner, new faults.Inner({ id: 300 })] },
        flags: [true, false, true], either: new faults.Either({ word: "or" }),
        far: false
    });
}


// The library reads a bool of a list as false in compact, whoever sends it.

function readable(value, protocol) {
    return protocol !== "compact" ? value
           : { ...value, flags: value.flags.map(() => false) };
}


async function echo(client, value, protocol) {
    const got = flat(await client.echo(value));

    return got === flat(readable(value, protocol)) ? "the same" : got;
}


async function runFaults(client, newer, protocol) {
    const value = everything();
    const text = `told ${process.pid}`;

    await say("refuse 0", () => client.refuse(0));
    await say("refuse 7", () => client.refuse(7));
    await say("fail", () => client.fail("so"));
    await say("fresh", () => newer.fresh(3));
    await say("changed", () => newer.twice("two"));
    await say("required", () => newer.weigh(new NewerItem({ name: "light" })));
    await say("twice", () => client.twice(-21));
    await say("describe", () => client.describe(value));
    await say("echo", () => echo(client, value, protocol));

    // of a oneway the promise is never kept

    client.tell(text);
    await say("tell", () => undefined);
    await say("told", async () => await client.told() === text);
    await say("told again", () => client.told());
}


async function run(clients, protocol) {
    await runPingPong(clients[0]);
    await runWeather(clients[1]);
    await runMyService(clients[2]);
    await runFaults(clients[3], clients[4], protocol);
}


function connect(transport, protocol, port) {
    const connection = thrift.createConnection("127.0.0.1", port, {
        transport: TRANSPORTS[transport], protocol: PROTOCOLS[protocol],
        timeout: 60000
    });

    connection.on("error", (e) => console.log(`connection: ${e}`));

    return connection;
}


async function plain(transport, protocol, ports) {
    const services = [PingPong, WeatherService, MyService, Faults, Newer];
    const connections = [...ports, ports[3]].map(
        (port) => connect(transport, protocol, port));

    const clients = services.map(
        (service, i) => thrift.createClient(service, connections[i]));

    await run(clients, protocol);

    connections.forEach((connection) => connection.end());
}


// A connection has one client of a name: another one has that of Newer.

async function multiplexed(transport, protocol, port) {
    const all = connect(transport, protocol, port);
    const other = connect(transport, protocol, port);
    const multiplexer = new thrift.Multiplexer();
    const services = { PingPong, WeatherService, MyService, Faults };

    const clients = Object.keys(services).map(
        (name) => multiplexer.createClient(name, services[name], all));
    const newer = new thrift.Multiplexer().createClient("Faults", Newer,
                                                        other);
    const nope = multiplexer.createClient("Nope", Faults, all);

    await run([...clients, newer], protocol);
    await say("nope", () => nope.refuse(0));

    all.end();
    other.end();
}


async function main() {
    const ports = process.argv.slice(2).map(Number);

    for (const transport of Object.keys(TRANSPORTS)) {
        for (const protocol of Object.keys(PROTOCOLS)) {
            console.log(`== ${transport} ${protocol}`);
            await plain(transport, protocol, ports.slice(0, 4));
            console.log(`== ${transport} ${protocol} multiplexed`);
            await multiplexed(transport, protocol, ports[4]);
        }
    }
}


main();
