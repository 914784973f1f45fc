/* SPDX-License-Identifier: BSD-2-Clause */

// The examples with more behind them, called with Apache's C++ library:
//
//     gather TRANSPORT PROTOCOL PORT CITY COUNTRY
//     blocking TRANSPORT PROTOCOL PORT PINGPONG
//     waiting TRANSPORT PROTOCOL PORT
//
// The first two print the same as examples.py.  "waiting" has calls of
// PingPong's add() wait, each on a connection of its own, and measures its
// ping() meanwhile.

#include "client.hpp"

#include "Blocking.h"
#include "Gather.h"
#include "PingPong.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <poll.h>
#include <vector>

namespace {

const int WAITING = 100;
const int PINGS = 500;


template <typename Client>
struct Connection {
    Socket socket;
    Client client;

    Connection(const std::string &transport, const std::string &protocol,
        int port)
        : socket(open_socket(port)),
          client(make_protocol(socket, transport, protocol))
    {
    }

    bool has_answer()
    {
        pollfd pfd = { socket->getSocketFD(), POLLIN, 0 };

        return poll(&pfd, 1, 0) == 1;
    }
};


int gather(const std::string &transport, const std::string &protocol, int port,
    const std::string &city, const std::string &country)
{
    Connection<GatherClient> c(transport, protocol, port);
    Location location;
    std::vector<Report> reports;

    location.city = city;
    location.__set_country(country);

    try {
        c.client.temperatures(reports, location);

    } catch (const Nobody &e) {
        std::cout << "Nobody: " << e.message << "\n";
        return 0;
    }

    for (const Report &report : reports) {
        std::cout << report.upstream
                  << (report.__isset.failure ? " failed: " + report.failure
                                             : ": " + report.temperature)
                  << "\n";
    }

    return 0;
}


int64_t fnv1a(const std::string &data, int rounds)
{
    uint64_t value = 14695981039346656037u;

    for (int i = 0; i < rounds; i++) {
        for (unsigned char octet : data) {
            value = (value ^ octet) * 1099511628211u;
        }
    }

    return int64_t(value);
}


void checksum(BlockingClient &client, const std::string &data, int rounds)
{
    bool right = client.checksum(data, rounds) == fnv1a(data, rounds);

    std::cout << "checksum of " << data.size() << ", " << rounds << " rounds: "
              << (right ? "right" : "another") << "\n";
}


void too_much(const std::string &name, const std::function<void()> &call)
{
    try {
        call();
        std::cout << name << ": returned\n";

    } catch (const TooMuch &e) {
        std::cout << name << ": TooMuch " << e.most << "\n";
    }
}


// Whether quick() returns during a nap: that of a slow machine is long.

const char *beside_nap(Connection<BlockingClient> &nap,
    const std::function<void()> &quick)
{
    std::string text;

    for (int msec : { 200, 1000, 5000 }) {
        nap.client.send_nap(msec);
        quick();

        bool first = !nap.has_answer();

        nap.client.recv_nap(text);

        if (text != "slept " + std::to_string(msec) + "ms") {
            return "no such nap";
        }

        if (first) {
            return "yes";
        }
    }

    return "no";
}


int blocking(const std::string &transport, const std::string &protocol,
    int port, int pingpong)
{
    Connection<BlockingClient> nap(transport, protocol, port);
    Connection<BlockingClient> other(transport, protocol, port);
    Connection<PingPongClient> ping(transport, protocol, pingpong);
    std::string octets, text;

    for (int i = 0; i < 256; i++) {
        octets += char(i);
    }

    checksum(nap.client, "", 5);
    checksum(nap.client, "a", 1);
    checksum(nap.client, octets, 100);

    too_much("rounds", [&] { nap.client.checksum("x", 1000001); });
    too_much("milliseconds", [&] { nap.client.nap(text, 10001); });

    nap.client.nap(text, 1);
    std::cout << "nap: " << text << "\nping beside a nap: "
              << beside_nap(nap, [&] { ping.client.ping(text); })
              << "\nnap beside a nap: "
              << beside_nap(nap, [&] { other.client.nap(text, 1); }) << "\n";

    return 0;
}


// Milliseconds of each ping, sorted.

std::vector<double> measure(PingPongClient &client)
{
    typedef std::chrono::steady_clock Clock;

    std::vector<double> times;
    std::string text;

    for (int i = 0; i < PINGS; i++) {
        auto start = Clock::now();

        client.ping(text);

        std::chrono::duration<double, std::milli> time = Clock::now() - start;
        times.push_back(time.count());
    }

    std::sort(times.begin(), times.end());

    return times;
}


int waiting(const std::string &transport, const std::string &protocol,
    int port)
{
    typedef Connection<PingPongClient> PingPongConnection;

    PingPongConnection ping(transport, protocol, port);
    std::vector<std::unique_ptr<PingPongConnection>> adds;
    int right = 0;

    for (int i = 0; i < WAITING; i++) {
        adds.emplace_back(new PingPongConnection(transport, protocol, port));
    }

    for (int i = 0; i < WAITING; i++) {
        adds[i]->client.send_add(i, 1000);
    }

    std::vector<double> times = measure(ping.client);

    long left = std::count_if(adds.begin(), adds.end(),
        [](std::unique_ptr<PingPongConnection> &c) {
            return !c->has_answer();
        });

    for (int i = 0; i < WAITING; i++) {
        right += adds[i]->client.recv_add() == 1000 + i;
    }

    printf("waiting: %ld\nright: %d\np50: %.3f\np99: %.3f\nmost: %.3f\n",
           left, right, times[PINGS / 2], times[PINGS * 99 / 100],
           times.back());

    return 0;
}


int run(const std::vector<std::string> &arg)
{
    if (arg.size() == 7 && arg[1] == "gather") {
        return gather(arg[2], arg[3], std::stoi(arg[4]), arg[5], arg[6]);
    }

    if (arg.size() == 6 && arg[1] == "blocking") {
        return blocking(arg[2], arg[3], std::stoi(arg[4]), std::stoi(arg[5]));
    }

    if (arg.size() == 5 && arg[1] == "waiting") {
        return waiting(arg[2], arg[3], std::stoi(arg[4]));
    }

    return 2;
}

} // namespace


int main(int argc, char **argv)
{
    try {
        return run(std::vector<std::string>(argv, argv + argc));

    } catch (const std::exception &e) {
        std::cout << "failed: " << e.what() << "\n";
        return 1;
    }
}
