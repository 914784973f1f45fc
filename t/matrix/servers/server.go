// Apache's Go server of Peer: TRANSPORT PROTOCOL PORT...
//
// PEERS_RECORD, and what is told: see t/peers/server.cpp.
package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"peers"
)

type handler struct {
	file *os.File
}

func (h *handler) record(text string) {
	if h.file != nil {
		if len(text) > 64 {
			text = text[:64]
		}

		h.file.WriteString(text + "\n")
	}
}

func (h *handler) Nothing(ctx context.Context) error {
	return nil
}

func (h *handler) EchoString(ctx context.Context, text string) (string, error) {
	h.record(text)
	return text, nil
}

func (h *handler) EchoAll(ctx context.Context, all *peers.All) (*peers.All,
	error) {
	return all, nil
}

func (h *handler) EchoList(ctx context.Context, numbers []int32) ([]int32,
	error) {
	return numbers, nil
}

func (h *handler) EchoMap(ctx context.Context,
	values map[string]*peers.Inner) (map[string]*peers.Inner, error) {
	return values, nil
}

func (h *handler) Refuse(ctx context.Context, code int32) (int32, error) {
	if code != 0 {
		return 0, &peers.Refused{
			Code: code, Reason: "refused " + strconv.Itoa(int(code))}
	}

	return 0, nil
}

func (h *handler) Fail(ctx context.Context) error {
	return errors.New("not declared")
}

func (h *handler) Tell(ctx context.Context, text string) error {
	h.record(text)

	if strings.HasPrefix(text, "sleep ") {
		ms, _ := strconv.Atoi(text[6:])
		time.Sleep(time.Duration(ms) * time.Millisecond)

	} else if text == "raise" {
		return errors.New("told to")
	}

	return nil
}

func (h *handler) Told(ctx context.Context, text string) (bool, error) {
	return false, nil
}

func (h *handler) Sleep(ctx context.Context, ms int32) (int32, error) {
	time.Sleep(time.Duration(ms) * time.Millisecond)
	return ms, nil
}

func serve(processor thrift.TProcessor, framing, proto, port string) {
	conf := &thrift.TConfiguration{}

	var transport thrift.TTransportFactory
	transport = thrift.NewTBufferedTransportFactory(8192)

	if framing == "framed" {
		transport = thrift.NewTFramedTransportFactoryConf(
			thrift.NewTTransportFactory(), conf)
	}

	var protocol thrift.TProtocolFactory
	protocol = thrift.NewTBinaryProtocolFactoryConf(conf)

	if proto == "compact" {
		protocol = thrift.NewTCompactProtocolFactoryConf(conf)
	}

	if framing == "header" {
		transport = thrift.NewTTransportFactory()
		protocol = thrift.NewTHeaderProtocolFactoryConf(conf)
	}

	socket, err := thrift.NewTServerSocket("127.0.0.1:" + port)

	if err != nil {
		panic(err)
	}

	panic(thrift.NewTSimpleServer4(processor, socket, transport,
		protocol).Serve())
}

func main() {
	h := &handler{}

	if name := os.Getenv("PEERS_RECORD"); name != "" {
		file, err := os.OpenFile(name,
			os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0644)

		if err != nil {
			panic(err)
		}

		h.file = file
	}

	peer := peers.NewPeerProcessor(h)
	processor := thrift.NewTMultiplexedProcessor()
	processor.RegisterDefault(peer)
	processor.RegisterProcessor("Peer", peer)

	var all sync.WaitGroup

	for _, port := range os.Args[3:] {
		all.Add(1)
		go serve(processor, os.Args[1], os.Args[2], port)
	}

	all.Wait()
}
