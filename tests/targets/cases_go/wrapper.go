package main

import "proctor.example/targets/pool"

// Through a library that starts goroutines for others, and waits for them.
//
//go:noinline
func fanOut(values chan int) {
	pool.Submit(func() {
		pool.Receive(values)
	})
}
