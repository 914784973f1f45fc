// SPDX-License-Identifier: BSD-2-Clause

// Reads lines of traces as the receiver "otlpjsonfile" of OpenTelemetry's
// collector does, and writes what it has understood.

package main

import (
	"bufio"
	"fmt"
	"os"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

const lineSize = 4 * 1024 * 1024

func main() {
	reader := &ptrace.JSONUnmarshaler{}
	writer := &ptrace.JSONMarshaler{}

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineSize)

	for lines.Scan() {
		traces, err := reader.UnmarshalTraces(lines.Bytes())
		if err != nil {
			die(err)
		}

		text, err := writer.MarshalTraces(traces)
		if err != nil {
			die(err)
		}

		fmt.Println(string(text))
	}

	if err := lines.Err(); err != nil {
		die(err)
	}
}

func die(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
