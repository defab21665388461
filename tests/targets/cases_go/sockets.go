package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// C17: a daemon's own unix socket: each client's connection is taken over from the HTTP server and never closed.
func attachForEver() {
	path := fmt.Sprintf("@daemon-%d", os.Getpid())
	listener, err := net.Listen("unix", path)
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		connection, buffered, err := answer.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		go readAttached(buffered)
		go writeAttached(connection, make(chan []byte))
	}))
	for {
		client, err := net.Dial("unix", path)
		if err != nil {
			panic(err)
		}
		client.Write([]byte("POST /attach HTTP/1.1\r\nHost: daemon\r\n\r\n"))
		kept = append(kept, client)
		time.Sleep(100 * time.Millisecond)
	}
}

var kept []net.Conn

func readAttached(from *bufio.ReadWriter) { from.ReadByte() }

func writeAttached(to net.Conn, output chan []byte) {
	for bytes := range output {
		to.Write(bytes)
	}
}
