/* SPDX-License-Identifier: BSD-2-Clause */

// Apache's C++ client: PINGPONG WEATHER MYSERVICE FAULTS ALL
//
// The arguments are ports; on that of ALL services are called by their names,
// through TMultiplexedProtocol.

#include "client.hpp"

#include "Faults.h"
#include "MyService.h"
#include "Newer.h"
#include "PingPong.h"
#include "WeatherService.h"

#include <thrift/TApplicationException.h>
#include <thrift/protocol/TMultiplexedProtocol.h>

#include <cxxabi.h>
#include <iostream>
#include <unistd.h>
#include <vector>

using namespace apache::thrift;

namespace {

std::string type_name(const std::exception &e)
{
    char *name = abi::__cxa_demangle(typeid(e).name(), nullptr, nullptr,
                                     nullptr);
    std::string text(name);
    free(name);

    return text;
}


template <typename Call>
void say(const std::string &name, const Call &call)
{
    std::cout << name << ": ";

    try {
        std::cout << call();

    } catch (const Refused &e) {
        std::cout << type_name(e) << " " << e.code << " " << e.reason;

    } catch (const TApplicationException &e) {
        std::cout << type_name(e) << " " << e.getType() << " " << e.what();

    } catch (const std::exception &e) {
        std::cout << type_name(e) << " " << e.what();
    }

    std::cout << "\n";
}


// A method that returns nothing, or its result in a reference, as one that
// returns a text.

template <typename Call>
void say_void(const std::string &name, const Call &call)
{
    say(name, [&] { call(); return "nothing"; });
}


template <typename Call>
void say_text(const std::string &name, const Call &call)
{
    say(name, [&] { std::string text; call(text); return text; });
}


const char *yes(bool value)
{
    return value ? "yes" : "no";
}


void run_pingpong(PingPongClient client)
{
    say_text("ping", [&](std::string &text) { client.ping(text); });
    say("add", [&] { return client.add(-7, (int64_t(1) << 53) + 8); });
}


void run_weather(WeatherServiceClient client)
{
    Location paris, oslo;

    paris.city = "Paris";
    paris.__set_country("France");
    oslo.city = "Oslo";

    say("weather ping", [&] { return yes(client.ping()); });
    say_text("in France", [&](std::string &text) {
        client.getTemperature(text, paris);
    });
    say_text("anywhere", [&](std::string &text) {
        client.getTemperature(text, oslo);
    });
}


void run_myservice(MyServiceClient client)
{
    MyData data;

    data.name = "Gr\xc3\xbc\xc3\x9f" "e";
    data.age = 33;

    for (bool active : { true, false }) {
        data.active = active;

        say_void("do", [&] { client.doSomething(data); });
        say("status", [&] { return yes(client.checkStatus()); });
    }
}


Everything everything()
{
    Everything e;
    Inner second;

    e.inner.id = -1;
    e.inner.__set_name("in");
    second.id = 300;

    e.yes = true;
    e.tiny = -128;
    e.small = -32768;
    e.middle = INT32_MIN;
    e.large = -(int64_t(1) << 53) - 1;
    e.real = -0.1;
    e.text = "Gr\xc3\xbc\xc3\x9f" "e";
    e.octets.assign("\x00\x01\xfe\xff", 4);
    e.color = Color::GREEN;
    e.numbers = { 0, 1, -1, INT32_MAX };
    e.words = { "", "x" };
    e.members = { -1, 0, int64_t(1) << 40 };
    e.counts = { { "a", -2 } };
    e.nested = { { 7, { e.inner, second } } };
    e.flags = { true, false, true };
    e.either.__set_word("or");
    e.far = false;

    return e;
}


void run_values(FaultsClient &client)
{
    Everything value = everything();

    say_text("describe", [&](std::string &text) {
        client.describe(text, value);
    });
    say("echo", [&] {
        Everything got;

        client.echo(got, value);

        return got == value ? "the same" : "another";
    });
}


void run_faults(FaultsClient client, NewerClient newer)
{
    NewerItem light;
    std::string news = "told " + std::to_string(getpid());

    light.__set_name("light");

    say("refuse 0", [&] { return client.refuse(0); });
    say("refuse 7", [&] { return client.refuse(7); });
    say("fail", [&] { return client.fail("so"); });
    say_text("fresh", [&](std::string &text) { newer.fresh(text, 3); });
    say("changed", [&] { return newer.twice("two"); });
    say("required", [&] { return newer.weigh(light); });
    say("twice", [&] { return client.twice(-21); });

    run_values(client);

    say_void("tell", [&] { client.tell(news); });
    say("told", [&] {
        std::string text;

        client.told(text);

        return yes(text == news);
    });
    say_text("told again", [&](std::string &text) { client.told(text); });
}


void plain(const std::string &transport, const std::string &protocol,
    const std::vector<int> &ports)
{
    std::vector<Protocol> p;

    for (int port : ports) {
        p.push_back(make_protocol(open_socket(port), transport, protocol));
    }

    run_pingpong(PingPongClient(p[0]));
    run_weather(WeatherServiceClient(p[1]));
    run_myservice(MyServiceClient(p[2]));
    run_faults(FaultsClient(p[3]), NewerClient(p[3]));
}


void multiplexed(const std::string &transport, const std::string &protocol,
    int port)
{
    Protocol all = make_protocol(open_socket(port), transport, protocol);

    auto named = [&](const std::string &name) {
        return std::make_shared<protocol::TMultiplexedProtocol>(all, name);
    };

    run_pingpong(PingPongClient(named("PingPong")));
    run_weather(WeatherServiceClient(named("WeatherService")));
    run_myservice(MyServiceClient(named("MyService")));
    run_faults(FaultsClient(named("Faults")), NewerClient(named("Faults")));

    FaultsClient nope(named("Nope"));
    say("nope", [&] { return nope.refuse(0); });
}

} // namespace


int main(int argc, char **argv)
{
    std::vector<int> ports;

    for (int i = 1; i < argc; i++) {
        ports.push_back(std::stoi(argv[i]));
    }

    if (ports.size() != 5) {
        return 2;
    }

    std::vector<int> one_each(ports.begin(), ports.begin() + 4);

    for (const char *transport : { "buffered", "framed" }) {
        for (const char *protocol : { "binary", "compact", "json" }) {
            std::cout << "== " << transport << " " << protocol << "\n";
            plain(transport, protocol, one_each);

            std::cout << "== " << transport << " " << protocol
                      << " multiplexed\n";
            multiplexed(transport, protocol, ports[4]);
        }
    }
}
