package main

import (
	"net"
	"sync"
	"time"
)

// Locks of a package: no stack holds their address.
var (
	registry    sync.Mutex
	registered  = map[string]int{}
	here, there sync.Mutex
	finished    = make(chan int)
	settings    sync.RWMutex
)

// readReply waits for a peer while it holds the lock.
func readReply(peer net.Conn) {
	registry.Lock()
	defer registry.Unlock()
	var b [1]byte
	_, _ = peer.Read(b[:])
}

func register(name string) {
	registry.Lock()
	defer registry.Unlock()
	registered[name]++
}

// hasRegistered has let go of the lock on each path before it waits.
func hasRegistered(name string, done chan int) {
	registry.Lock()
	if registered[name] > 1 {
		registry.Unlock()
		return
	}
	registered[name]++
	registry.Unlock()
	<-done
}

// registerAgain locks what its caller, which it is inlined into or not, has locked.
func registerAgain(name string) {
	registry.Lock()
	register(name)
	registry.Unlock()
}

func moveThere() {
	here.Lock()
	time.Sleep(100 * time.Millisecond)
	there.Lock()
	there.Unlock()
	here.Unlock()
}

func moveBack() {
	there.Lock()
	time.Sleep(100 * time.Millisecond)
	here.Lock()
	here.Unlock()
	there.Unlock()
}

func changeSettings(done chan int) {
	settings.Lock()
	<-done
	settings.Unlock()
}

func readSettings() {
	settings.RLock()
	settings.RUnlock()
}

// lockCase runs a case of locks that a package has.
func lockCase(name string) bool {
	const others = 20
	switch name {
	case "A29":
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		go hasRegistered("a", finished)
		time.Sleep(50 * time.Millisecond)
		peer, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			panic(err)
		}
		go readReply(peer)
		time.Sleep(50 * time.Millisecond)
		for i := 0; i < others; i++ {
			go register("b")
		}
	case "A29b":
		go registerAgain("a")
		time.Sleep(50 * time.Millisecond)
		for i := 0; i < others; i++ {
			go register("b")
		}
	case "A29c":
		go moveThere()
		go moveBack()
	case "A29d":
		go changeSettings(finished)
		time.Sleep(50 * time.Millisecond)
		for i := 0; i < others; i++ {
			go readSettings()
		}
	default:
		return false
	}
	return true
}
