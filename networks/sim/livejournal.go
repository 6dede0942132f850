package sim

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const livejournalNet = "livejournal"

// LiveJournal simulates /misc/fdata.bml on the accounts of the network "livejournal",
// whose Handle has underscores and no hyphens. It takes no token. A person has Followers
// readers and reads Following; any other Type is a community with Followers readers and
// Following members, which answers to comm=1 alone.
func LiveJournal(w *World) http.Handler {
	x := &livejournal{w}
	return w.Handler(livejournalNet, func(*http.Request) string { return "fdata" }, x.answer)
}

type livejournal struct{ w *World }

func (x *livejournal) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	q := r.URL.Query()
	comm := q.Get("comm") == "1"
	a, known := x.w.ByHandle(livejournalNet, q.Get("user"))
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	switch {
	case r.URL.Path != "/misc/fdata.bml":
		return livejournalPage(rw, http.StatusNotFound, "Page Not Found")
	case r.Method != http.MethodGet || r.UserAgent() == "" || strings.HasPrefix(r.UserAgent(), "Go-http-client"):
		return livejournalPage(rw, http.StatusForbidden, "Bot Policy")
	case len(q["user"]) != 1 || len(q) > 2 || q.Has("comm") != comm || len(q) == 2 && !comm:
		return livejournalRefuse(rw, "bogus 'user' argument")
	case !known || a.State == NotFound:
		return livejournalRefuse(rw, "invalid user")
	case a.State == Suspended:
		return livejournalRefuse(rw, "user is not active")
	case !isPerson(a) && !comm:
		return livejournalRefuse(rw, "not a person")
	}
	x.lists(rw, a, comm)
	return 1, ""
}

// lists writes whom the account reads and who reads it.
func (x *livejournal) lists(rw http.ResponseWriter, a Account, comm bool) {
	kind := ""
	if comm {
		kind = "P"
	}
	out := bufio.NewWriter(rw)
	_, _ = out.WriteString("# Note: Polite data miners cache on their end.  Impolite ones get banned.\n")
	if !isPerson(a) {
		_, _ = fmt.Fprintf(out, "# Note: %s is a community account\n", a.Handle)
	}
	for i := range a.Following {
		_, _ = out.WriteString(kind + "> friend_" + strconv.FormatInt(i, 10) + "\n")
	}
	for i := range x.w.Count(a, time.Now()) {
		_, _ = out.WriteString(kind + "< reader_" + strconv.FormatInt(i, 10) + "\n")
	}
	if comm && isPerson(a) {
		_, _ = out.WriteString("C> some_community\nC< other_community\n")
	}
	_ = out.Flush() // the client may be gone; a simulator has nobody to tell
}

func livejournalRefuse(rw http.ResponseWriter, words string) (int, string) {
	_, _ = fmt.Fprintf(rw, "! %s\n", words) // the client may be gone
	return 0, words
}

func livejournalPage(rw http.ResponseWriter, status int, title string) (int, string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = fmt.Fprintf(rw, "<!DOCTYPE html><html><head><title>%s</title></head></html>\n", title) // the client may be gone
	return 0, strconv.Itoa(status)
}
