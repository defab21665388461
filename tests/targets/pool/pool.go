// Package pool is a library as many firms have one: it runs what it is given, and waits in its caller's name.
package pool

// Submit runs work on a goroutine of its own.
//
//go:noinline
func Submit(work func()) { go run(work) }

//go:noinline
func run(work func()) { work() }

// Receive waits for a value.
//
//go:noinline
func Receive(values <-chan int) int { return <-values }
