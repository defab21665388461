package main

import (
	"sync"
	"time"
)

// Each function whose name begins with lockTwice ends up waiting for a lock that it has itself; each that begins with
// lockOther for one that somebody else has, though it has locked another.

type account struct {
	number int
	lock   sync.Mutex
	money  int
}

//go:noinline
func (a *account) add(n int) { a.lock.Lock(); defer a.lock.Unlock(); a.money += n }

type ledger struct {
	name     string
	settings sync.RWMutex
	other    sync.Mutex
	once     sync.Once
	first    *account
	lines    map[int]int
}

//go:noinline
func (l *ledger) write(i int) { l.settings.Lock(); l.lines[i]++; l.settings.Unlock() }

//go:noinline
func (l *ledger) read(i int) int { l.settings.RLock(); defer l.settings.RUnlock(); return l.lines[i] }

type counter struct {
	sync.Mutex
	n int
}

//go:noinline
func (c *counter) increase() { c.Lock(); c.n++; c.Unlock() }

func lockTwicePlain(a, _ *account, _ *ledger)    { a.lock.Lock(); a.add(1); a.lock.Unlock() }
func lockTwiceDeferred(a, _ *account, _ *ledger) { a.lock.Lock(); defer a.lock.Unlock(); a.add(1) }
func lockTwiceEmbedded(_, _ *account, _ *ledger) {
	c := &counter{}
	c.Lock()
	c.increase()
	c.Unlock()
}
func lockTwiceBehind(_, _ *account, l *ledger) {
	l.first.lock.Lock()
	l.first.add(1)
	l.first.lock.Unlock()
}
func lockTwiceHere(a, _ *account, _ *ledger) {
	a.lock.Lock()
	a.money++
	a.lock.Lock()
	a.money++
	a.lock.Unlock()
	a.lock.Unlock()
}
func lockTwiceWriting(_, _ *account, l *ledger) { l.settings.Lock(); l.write(1); l.settings.Unlock() }
func lockTwiceToRead(_, _ *account, l *ledger) {
	l.settings.Lock()
	defer l.settings.Unlock()
	l.lines[2] = l.read(1)
}
func lockTwiceToWrite(_, _ *account, l *ledger) {
	l.settings.RLock()
	defer l.settings.RUnlock()
	if l.lines[1] == 0 {
		l.write(1)
	}
}
func lockTwiceCaptured(_, _ *account, _ *ledger) {
	var lock sync.Mutex
	n := 0
	get := func() int { lock.Lock(); defer lock.Unlock(); return n }
	gets = append(gets, get)
	lock.Lock()
	n = gets[len(gets)-1]() + 1
	lock.Unlock()
}

var gets []func() int

// A sync.Once holds a lock while it runs what it was given.
func lockTwiceOnce(_, _ *account, l *ledger) {
	l.once.Do(func() { l.once.Do(func() { l.name = "once" }) })
}

func lockOtherAccount(a, b *account, _ *ledger) { a.lock.Lock(); b.add(1); a.lock.Unlock(); b.money++ }
func lockOtherDeferred(a, b *account, _ *ledger) {
	a.lock.Lock()
	defer a.lock.Unlock()
	b.add(1)
	b.money++
}
func lockOtherHere(a, b *account, _ *ledger) {
	a.lock.Lock()
	b.lock.Lock()
	a.money, b.money = b.money, a.money
	b.lock.Unlock()
	a.lock.Unlock()
}
func lockOtherOfStruct(_, _ *account, l *ledger) { l.other.Lock(); l.first.add(1); l.other.Unlock() }
func lockOtherUnlocked(_, b *account, _ *ledger) {
	b.money++
	b.add(1)
}

func lockOtherOfPackage(_, b *account, _ *ledger) {
	ofPackage.Lock()
	b.lock.Lock()
	b.money++
	b.lock.Unlock()
	ofPackage.Unlock()
}

var ofPackage sync.Mutex

// Each on locks of its own, of which that of the second account, and of the ledger's for the functions that lock another,
// are held by nobody who is still there.
func startLocking() {
	twice := []func(a, b *account, l *ledger){lockTwicePlain, lockTwiceDeferred, lockTwiceEmbedded, lockTwiceBehind,
		lockTwiceHere, lockTwiceWriting, lockTwiceToRead, lockTwiceToWrite, lockTwiceCaptured, lockTwiceOnce}
	other := []func(a, b *account, l *ledger){lockOtherAccount, lockOtherDeferred, lockOtherHere, lockOtherOfStruct,
		lockOtherUnlocked, lockOtherOfPackage}
	for i, f := range append(twice, other...) {
		a, b := &account{number: 1}, &account{number: 2}
		l := &ledger{lines: map[int]int{}, first: &account{number: 3}}
		if i >= len(twice) {
			b.lock.Lock()
			l.first.lock.Lock()
		}
		go func(f func(a, b *account, l *ledger)) { f(a, b, l) }(f)
		time.Sleep(time.Millisecond)
	}
}
