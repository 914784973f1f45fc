// Apache's library for Go as a reader: see t/agree/run.  Its server ends a
// connection unless process says that all is well, or that the method is not
// known.
//
//	read_go CORPUS OUT
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/apache/thrift/lib/go/thrift"

	"agree/agree"
)

const tail = 4096

type handler struct{}

func (handler) Call(context.Context, *agree.Body) (int32, error) {
	return 7, nil
}

func protocol(name string, t thrift.TTransport) thrift.TProtocol {
	conf := &thrift.TConfiguration{}

	if name == "binary" {
		return thrift.NewTBinaryProtocolConf(t, conf)
	}

	return thrift.NewTCompactProtocolConf(t, conf)
}

func ended(err error) bool {
	var te thrift.TTransportException

	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		(errors.As(err, &te) && te.TypeId() == thrift.END_OF_FILE)
}

func process(p thrift.TProcessor, name string, in thrift.TTransport) (what string) {
	defer func() {
		if recover() != nil {
			what = "closes"
		}
	}()

	var te thrift.TApplicationException

	out := thrift.NewTMemoryBuffer()
	ok, err := p.Process(context.Background(), protocol(name, in),
		protocol(name, out))

	switch {
	case ok, errors.As(err, &te) &&
		te.TypeId() == thrift.UNKNOWN_METHOD:
		return "on"
	case ended(err):
		return "more"
	default:
		return "closes"
	}
}

func main() {
	corpus, _ := os.Open(os.Args[1])
	results, _ := os.Create(os.Args[2])
	defer results.Close()

	processor := agree.NewSvcProcessor(handler{})

	lines := bufio.NewScanner(corpus)
	lines.Buffer(make([]byte, 1<<20), 1<<20)

	for lines.Scan() {
		column := strings.Split(lines.Text(), "\t")
		bytes, _ := hex.DecodeString(column[2])
		bytes = append(bytes, make([]byte, tail)...)

		in := thrift.NewTMemoryBuffer()
		in.Write(bytes)

		what := process(processor, column[1], in)

		fmt.Fprintf(results, "%s\t%s\t%d\n", column[0], what,
			len(bytes)-in.Len())
	}
}
