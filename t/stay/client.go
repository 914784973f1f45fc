// Apache's Go clients that stay: TRANSPORT PROTOCOL PORT CONNECTIONS TAG
//
// What they do is in Stay.pm.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"peers"
)

var background = context.Background()

type stay struct {
	peer   *peers.Newer_Client
	tag    string
	number int32
}

func connect(framing, proto, port, tag string) (*stay, error) {
	conf := &thrift.TConfiguration{SocketTimeout: time.Minute}
	socket := thrift.NewTSocketConf("127.0.0.1:"+port, conf)

	var transport thrift.TTransport
	transport = thrift.NewTBufferedTransport(socket, 8192)

	if framing == "framed" {
		transport = thrift.NewTFramedTransportConf(socket, conf)
	}

	var protocol thrift.TProtocol
	protocol = thrift.NewTBinaryProtocolConf(transport, conf)

	if proto == "compact" {
		protocol = thrift.NewTCompactProtocolConf(transport, conf)
	}

	peer := peers.NewNewer_Client(thrift.NewTStandardClient(protocol,
		protocol))

	return &stay{peer: peer, tag: tag}, transport.Open()
}

func (s *stay) say(what string, words ...interface{}) {
	fmt.Print(what, " ", s.tag, " ", s.number, " ",
		fmt.Sprintln(words...))
}

func (s *stay) check(method string, got, want interface{}) {
	if !reflect.DeepEqual(got, want) {
		s.say("wrong", method, got)
	}
}

// Is there an answer; an exception that says that the call failed is said, any
// other error ends the client.

func (s *stay) answered(method string, err error) bool {
	if err == nil {
		return true
	}

	var failed thrift.TApplicationException

	if !errors.As(err, &failed) {
		panic(err)
	}

	s.say("failed", method, time.Now().UnixNano()/1000000,
		failed.TypeId(), failed.Error())

	return false
}

func (s *stay) echo() {
	text := fmt.Sprintf("stay %s %d %s", s.tag, s.number,
		strings.Repeat(".", int(s.number%97)))

	got, err := s.peer.EchoString(background, text)

	if s.answered("echoString", err) {
		s.check("echoString", got, text)
	}
}

func (s *stay) fresh() bool {
	got, err := s.peer.Fresh(background, s.number)

	if !s.answered("fresh", err) {
		return false
	}

	words := strings.Split(got, " ")
	_, err = strconv.Atoi(words[1])

	s.check("fresh", []interface{}{err, words[2]},
		[]interface{}{nil, strconv.Itoa(int(s.number))})

	return words[0] == "end"
}

func (s *stay) list() {
	numbers := []int32{s.number, -s.number, 7}
	got, err := s.peer.EchoList(background, numbers)

	if s.answered("echoList", err) {
		s.check("echoList", got, numbers)
	}
}

func (s *stay) refuse() {
	_, err := s.peer.Refuse(background, s.number)

	if refused, ok := err.(*peers.Refused); ok {
		s.check("refuse", refused.Code, s.number)

	} else if s.answered("refuse", err) {
		s.check("refuse", "nothing", "an exception")
	}
}

func (s *stay) sleep() {
	got, err := s.peer.Sleep(background, 10)

	if s.answered("sleep", err) {
		s.check("sleep", got, int32(10))
	}
}

func (s *stay) round() bool {
	s.echo()

	if s.fresh() {
		return false
	}

	switch s.number % 4 {
	case 0:
		s.list()
	case 1:
		s.refuse()
	case 2:
		s.sleep()
	default:
		s.answered("tell", s.peer.Tell(background,
			fmt.Sprintf("tell %s %d", s.tag, s.number)))
	}

	time.Sleep(time.Duration(s.number%5*5) * time.Millisecond)

	return true
}

func (s *stay) run() {
	defer func() {
		if e := recover(); e != nil {
			s.say("exception", e)
		}
	}()

	for s.number = 1; s.round(); s.number++ {
	}

	s.say("end")
}

func main() {
	n, _ := strconv.Atoi(os.Args[4])

	var all sync.WaitGroup

	for i := 0; i < n; i++ {
		s, err := connect(os.Args[1], os.Args[2], os.Args[3],
			os.Args[5]+"."+strconv.Itoa(i))

		if err != nil {
			panic(err)
		}

		all.Add(1)

		go func() {
			s.run()
			all.Done()
		}()
	}

	all.Wait()
}
