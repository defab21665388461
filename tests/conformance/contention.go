// Contention waits and has others wait in ways that the block and mutex profiles must name, and writes one of its own
// profiles for each line "PROFILE DEBUG PATH" on its standard input. It answers each line with one.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

type account struct {
	mutex   sync.Mutex
	balance int
}

// Inlined into its caller.
func (a *account) add(n int) { a.balance += n }

//go:noinline
func holdLong(a *account) {
	a.mutex.Lock()
	a.add(1)
	time.Sleep(time.Millisecond)
	a.mutex.Unlock()
}

func withDeferred[T any](lock sync.Locker, value T) T {
	lock.Lock()
	defer lock.Unlock()
	time.Sleep(time.Millisecond)
	return value
}

//go:noinline
func receive(values <-chan int) int { return <-values }

//go:noinline
func selectOne(a, b <-chan int) {
	select {
	case <-a:
	case <-b:
	}
}

func together(n int, work func()) {
	var group sync.WaitGroup
	for i := 0; i < n; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			work()
		}()
	}
	group.Wait()
}

func main() {
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(2)
	var a account
	var both sync.RWMutex
	together(8, func() {
		for i := 0; i < 10; i++ {
			holdLong(&a)
		}
	})
	together(8, func() {
		for i := 0; i < 10; i++ {
			withDeferred[int](&both, i)
		}
	})
	values := make(chan int)
	go func() {
		for i := 0; i < 20; i++ {
			time.Sleep(time.Millisecond)
			values <- i
		}
	}()
	for i := 0; i < 10; i++ {
		receive(values)
		selectOne(values, nil)
	}
	time.Sleep(10 * time.Millisecond)
	// From here on nothing waits, so that what is told stays the same.
	runtime.SetBlockProfileRate(0)
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var profile, path string
		var debug int
		if _, err := fmt.Sscan(lines.Text(), &profile, &debug, &path); err != nil {
			panic(err)
		}
		file, err := os.Create(path)
		if err != nil {
			panic(err)
		}
		if err := pprof.Lookup(profile).WriteTo(file, debug); err != nil {
			panic(err)
		}
		file.Close()
		fmt.Println("written")
	}
}
