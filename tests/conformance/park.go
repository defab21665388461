// Park answers commands on its standard input, so that a test can compare what it sees from outside with what the
// runtime says of itself.
//
//	park N    parks N goroutines at each of the places below
//	churn N   starts N goroutines that come and go without end
//	count     prints runtime.NumGoroutine()
//	profile   prints the goroutine profile (debug=1), then "end"
//	traces    prints the traces of all goroutines (debug=2), then "end"
//	memory    collects garbage, then prints NumGC, PauseTotalNs, StackInuse, HeapAlloc, LastGC, GOMAXPROCS
//	timers N  sets N timers of each kind: for a call, a context's deadline, and a ticker that somebody receives from
//	contexts N  makes N contexts below the main function's and forgets all but how to cancel them; cancels N others
//	accept N  waits for clients of N sockets, and prints their descriptors
//	shapes N  parks N goroutines in functions that the compiler changes: generic, inlined, wrapped
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"time"
)

var (
	held    sync.Mutex
	readers sync.RWMutex
	group   sync.WaitGroup
	cond    = sync.NewCond(&sync.Mutex{})
)

func parkReceive()                  { c := make(chan int); <-c }
func parkSend()                     { c := make(chan int); c <- 1 }
func parkNil()                      { var c chan int; <-c }
func parkMutex()                    { held.Lock(); held.Unlock() }
func parkRead()                     { readers.RLock(); readers.RUnlock() }
func parkGroup()                    { group.Wait() }
func parkCond()                     { cond.L.Lock(); cond.Wait(); cond.L.Unlock() }
func parkEmpty()                    { select {} }
func parkSleep()                    { time.Sleep(time.Hour) }
func parkContext(c context.Context) { <-c.Done() }
func parkDeep(depth int) {
	if depth > 0 {
		parkDeep(depth - 1)
		return
	}
	parkReceive()
}

func parkSelect(c context.Context) {
	never := make(chan int)
	select {
	case <-c.Done():
	case <-never:
	}
}

func parkSyscall(fd int) {
	var b [1]byte
	_, _ = syscall.Read(fd, b[:])
}

func park(n int, ctx context.Context, fd int) {
	for i := 0; i < n; i++ {
		go parkReceive()
		go parkSend()
		go parkNil()
		go parkMutex()
		go parkRead()
		go parkGroup()
		go parkCond()
		go parkEmpty()
		go parkSleep()
		go parkContext(ctx)
		go parkSelect(ctx)
		go parkDeep(25)
	}
	go parkSyscall(fd)
}

func parkGeneric[T any](value T) { c := make(chan T); c <- value }

type sleeper interface{ sleep(int) }
type embedded struct{ c chan int }
type outer struct{ *embedded }

func (e *embedded) sleep(int) { <-e.c }

// Small enough to be inlined, twice.
func receive(c chan int)      { <-c }
func receiveTwice(c chan int) { receive(c); receive(c) }

func parkInlined()       { receiveTwice(make(chan int)) }
func parkLocked()        { runtime.LockOSThread(); parkReceive() }
func parkDefer()         { defer parkReceive() }
func parkArgument(n int) { parkReceive() }

// It has no frame of its own, so that whoever called it is found by its depth alone.
//
//go:noinline
func loadNothing(p *int) int { return *p }

func parkFault(p *int) {
	defer parkReceive()
	kept = append(kept, loadNothing(p))
}

func parkLabels(name string) {
	pprof.Do(context.Background(), pprof.Labels("handler", name, "k\"ey", "v\\alue"), func(context.Context) { parkReceive() })
}

func shapes(n int) {
	for i := 0; i < n; i++ {
		go parkGeneric(i)
		go parkGeneric("text")
		var s sleeper = outer{&embedded{make(chan int)}}
		go s.sleep(i)
		go outer{&embedded{make(chan int)}}.sleep(i)
		bound := s.sleep
		go bound(i)
		go parkInlined()
		go parkLocked()
		go parkDefer()
		go parkFault(nil)
		go parkArgument(i)
		go func(n int) { parkArgument(n) }(i)
		go parkLabels("a")
		go parkLabels("b")
	}
}

var kept []any

func expire() {}

func receiveTick(c <-chan time.Time) { <-c }

func timers(n int) {
	for i := 0; i < n; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		ticker := time.NewTicker(time.Hour)
		// From 1.23 on a ticker is set only while somebody receives from it.
		go receiveTick(ticker.C)
		stopped := time.AfterFunc(time.Hour, expire)
		stopped.Stop()
		kept = append(kept, ctx, cancel, ticker, stopped, time.AfterFunc(time.Hour, expire))
	}
}

type key struct{}

func contexts(n int, parent context.Context) {
	for i := 0; i < n; i++ {
		_, cancel := context.WithCancel(context.WithValue(parent, key{}, i))
		_, cancelled := context.WithCancel(parent)
		cancelled()
		kept = append(kept, cancel, cancelled)
	}
}

func accept(n int) {
	for i := 0; i < n; i++ {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		raw, err := listener.(*net.TCPListener).SyscallConn()
		if err != nil {
			panic(err)
		}
		_ = raw.Control(func(fd uintptr) { fmt.Print(fd, " ") })
		go func() { _, _ = listener.Accept() }()
	}
	fmt.Println()
}

func recurse(n int) int {
	if n == 0 {
		return 0
	}
	var pad [64]byte
	pad[n%64] = byte(n)
	return recurse(n-1) + int(pad[n%64])
}

func churn(n int) {
	for i := 0; i < n; i++ {
		go func(i int) {
			for {
				done := make(chan int)
				go func() { recurse(i % 200); done <- 1 }()
				<-done
			}
		}(i)
	}
}

var uncancelled []context.CancelFunc

func holdContext(ctx context.Context, answer chan int) {
	answer <- 1
	runtime.KeepAlive(ctx)
}

// Three goroutines for each of n contexts, of which every other one is cancelled.
func cancelled(n int) {
	type key struct{}
	for i := 0; i < n; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		timed, cancelTimed := context.WithTimeout(ctx, time.Hour)
		answer := make(chan int)
		go holdContext(ctx, answer)
		go holdContext(timed, answer)
		go holdContext(context.WithValue(timed, key{}, i), answer)
		if i%2 == 0 {
			cancel()
		} else {
			uncancelled = append(uncancelled, cancel)
		}
		uncancelled = append(uncancelled, cancelTimed)
	}
}

var shared [64]int

func writeShared(i int, done chan int) {
	shared[i]++
	done <- i
}

// Up to n data races, each on a variable of its own: of those that a build with a detector reports.
func race(n int) {
	done := make(chan int, 2*n)
	for i := 0; i < n; i++ {
		go writeShared(i, done)
		go writeShared(i, done)
	}
	for i := 0; i < 2*n; i++ {
		<-done
	}
}

func ofRuntime(f *runtime.Func) bool {
	return strings.HasPrefix(f.Name(), "runtime.") || strings.HasPrefix(f.Name(), "internal/runtime/")
}

// The address of a function of main, and of up to n instructions at which an inlined call between the runtime and others
// begins or has ended, with the innermost function there.
func inlined(n int) {
	const bytes = 1 << 21
	fmt.Printf("%d main.parkReceive\n", reflect.ValueOf(parkReceive).Pointer())
	entry := reflect.ValueOf(runtime.GC).Pointer()
	before := runtime.FuncForPC(entry)
	for pc := entry + 1; pc < entry+bytes && n > 0; pc++ {
		here := runtime.FuncForPC(pc)
		if here != nil && before != nil && here.Entry() == before.Entry() && ofRuntime(here) != ofRuntime(before) {
			fmt.Printf("%d %s\n", pc, here.Name())
			n--
		}
		before = here
	}
}

func main() {
	held.Lock()
	readers.Lock()
	group.Add(1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	fmt.Println(runtime.Version())
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		var command string
		var n int
		fmt.Sscan(input.Text(), &command, &n)
		switch command {
		case "park":
			park(n, ctx, pipe[0])
			fmt.Println("parked")
		case "shapes":
			shapes(n)
			fmt.Println("parked")
		case "timers":
			timers(n)
			fmt.Println("set")
		case "contexts":
			contexts(n, ctx)
			fmt.Println("made")
		case "cancelled":
			cancelled(n)
			fmt.Println("cancelled")
		case "locks":
			startLocking()
			fmt.Println("locked")
		case "race":
			race(n)
			fmt.Println("raced")
		case "accept":
			accept(n)
		case "churn":
			churn(n)
			fmt.Println("churning")
		case "count":
			fmt.Println(runtime.NumGoroutine())
		case "profile":
			_ = pprof.Lookup("goroutine").WriteTo(os.Stdout, 1)
			fmt.Println("end")
		case "memory":
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			fmt.Println(m.NumGC, m.PauseTotalNs, m.StackInuse, m.HeapAlloc, m.LastGC, runtime.GOMAXPROCS(0))
		case "inlined":
			inlined(n)
			fmt.Println("end")
		case "traces":
			_ = pprof.Lookup("goroutine").WriteTo(os.Stdout, 2)
			fmt.Println("end")
		}
	}
}
