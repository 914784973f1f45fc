"""The client that was generated for Python: its package "client", URL.

A line for each call: what came, as its types print it.
"""

import sys

from client import Client
from client.api.my_service import (my_service_check_status,
                                   my_service_do_something)
from client.api.peer import (peer_echo_all, peer_echo_map, peer_refuse,
                             peer_tell)
from client.api.weather_service import (weather_service_get_temperature,
                                        weather_service_ping)
from client.models import (All, Color, Inner, MyData, MyServiceDoSomethingBody,
                           PeerEchoAllBody, PeerEchoMapBody,
                           PeerEchoMapBodyValues, PeerRefuseBody,
                           PeerTellBody, WeatherServiceGetTemperatureBody)
from client.models import Location


def sorted_sets(everything):
    values = everything.to_dict()
    values["members"] = sorted(values["members"])

    return values


def main():
    api = Client(base_url=sys.argv[1])

    def call(method, body=None):
        options = {} if body is None else {"body": body}
        response = method.sync_detailed(client=api, **options)

        return int(response.status_code), response.parsed

    print("ping", *call(weather_service_ping))

    status, text = call(
        weather_service_get_temperature,
        WeatherServiceGetTemperatureBody(location=Location(city="Oslo")))
    print("getTemperature", status, "Oslo" in text)

    print("doSomething", *call(
        my_service_do_something,
        MyServiceDoSomethingBody(data=MyData(name="a", age=3, active=True))))
    print("checkStatus", *call(my_service_check_status))

    everything = All(
        yes=True, tiny=-128, small=-32768, middle=-2147483648,
        large=-(2 ** 53), real=-0.1, text="Grüße", bytes_="AP8=",
        color=Color.GREEN, inner=Inner(id=-1, name="in"), numbers=[0, -1],
        words=["", "x"], members=[-1, 5], flags=[True, False], far=False)
    status, got = call(peer_echo_all, PeerEchoAllBody(all_=everything))
    print("echoAll", status, sorted_sets(got) == sorted_sets(everything))

    values = PeerEchoMapBodyValues.from_dict({"a": {"id": 1}})
    status, got = call(peer_echo_map, PeerEchoMapBody(values=values))
    print("echoMap", status, got.to_dict())

    print("refuse 0", *call(peer_refuse, PeerRefuseBody(code=0)))

    status, got = call(peer_refuse, PeerRefuseBody(code=7))
    print("refuse 7", status, got.to_dict())

    status, got = call(peer_tell, PeerTellBody(text="a generated client"))
    print("tell", status, got)


if __name__ == "__main__":
    main()
