// Storm starts and ends goroutines as fast as the machine allows, each of which grows its stack on its way, while the
// collector runs without pause. What each kind does stands in functions that begin with its name, so that whoever reads
// its stacks can be told when one is wrong. For each line on its standard input it prints how many goroutines it has
// started, how many of those have ended, how many stay, and how many more there can be at once.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	still    = 100
	spawners = 16
	atOnce   = 8 // of each spawner
	depth    = 60
)

var started, ended uint64

//go:noinline
func stillWait(c chan int) { <-c }

func stillEntry(c chan int) { stillWait(c) }

//go:noinline
func sendGrow(n int, c chan int) {
	var pad [128]byte
	pad[n%128] = byte(n)
	if n == 0 {
		c <- int(pad[0])
		return
	}
	sendGrow(n-1, c)
	runtime.KeepAlive(&pad)
}

func sendEntry(n int, c chan int) {
	sendGrow(n, c)
	atomic.AddUint64(&ended, 1)
}

func sendSpawn(n int) {
	for {
		c := make(chan int)
		atomic.AddUint64(&started, 1)
		go sendEntry(n, c)
		<-c
	}
}

//go:noinline
func napGrow(n int) {
	var pad [128]byte
	pad[n%128] = byte(n)
	if n == 0 {
		time.Sleep(time.Microsecond)
		return
	}
	napGrow(n - 1)
	runtime.KeepAlive(&pad)
}

func napEntry(n int, group *sync.WaitGroup) {
	napGrow(n)
	atomic.AddUint64(&ended, 1)
	group.Done()
}

func napSpawn(n int) {
	for {
		var group sync.WaitGroup
		for i := 0; i < atOnce; i++ {
			group.Add(1)
			atomic.AddUint64(&started, 1)
			go napEntry(n, &group)
		}
		group.Wait()
	}
}

//go:noinline
func lockGrow(n int, mutex *sync.Mutex) {
	var pad [128]byte
	pad[n%128] = byte(n)
	if n == 0 {
		mutex.Lock()
		runtime.Gosched()
		mutex.Unlock()
		return
	}
	lockGrow(n-1, mutex)
	runtime.KeepAlive(&pad)
}

func lockEntry(n int, mutex *sync.Mutex, group *sync.WaitGroup) {
	lockGrow(n, mutex)
	atomic.AddUint64(&ended, 1)
	group.Done()
}

func lockSpawn(n int) {
	var mutex sync.Mutex
	for {
		var group sync.WaitGroup
		for i := 0; i < atOnce; i++ {
			group.Add(1)
			atomic.AddUint64(&started, 1)
			go lockEntry(n, &mutex, &group)
		}
		group.Wait()
	}
}

// The shortest life that there is.
func briefEntry(group *sync.WaitGroup) {
	atomic.AddUint64(&ended, 1)
	group.Done()
}

func briefSpawn(int) {
	for {
		var group sync.WaitGroup
		for i := 0; i < atOnce; i++ {
			group.Add(1)
			atomic.AddUint64(&started, 1)
			go briefEntry(&group)
		}
		group.Wait()
	}
}

func gcSpawn() {
	for {
		runtime.GC()
	}
}

func main() {
	never := make(chan int)
	for i := 0; i < still; i++ {
		go stillEntry(never)
	}
	for i := 0; i < spawners; i++ {
		for _, spawn := range []func(int){sendSpawn, napSpawn, lockSpawn, briefSpawn} {
			go spawn(i * depth / spawners)
		}
	}
	go gcSpawn()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		// In this order nobody is counted as ended who is not yet counted as started.
		e := atomic.LoadUint64(&ended)
		s := atomic.LoadUint64(&started)
		fmt.Println(s, e, still+4*spawners+2, spawners*(1+3*atOnce))
	}
}
