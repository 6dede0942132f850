package poll

import "fmt"

// Panic is why a request has no answer where the code of its network panicked: the
// cause of a *networks.Error.
type Panic struct {
	Value any    // what it panicked with
	Stack []byte // of the goroutine, as runtime/debug prints it
}

// Error tells the value alone: a stack is no text for a page.
func (p *Panic) Error() string { return fmt.Sprintf("BUG: panic: %v", p.Value) }
