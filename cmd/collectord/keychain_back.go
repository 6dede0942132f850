package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// wayBack is how the address at which a login ends comes to this process.
type wayBack struct {
	redirect string       // what the network is told
	listener net.Listener // nil: the address is pasted
	path     string       // of the redirect
}

// wayBack opens the listener, unless the address will be pasted.
func (l *login) wayBack(ctx context.Context) (wayBack, error) {
	b := wayBack{redirect: l.flags.redirect, path: "/"}
	if l.method.Redirect != "" {
		b.redirect = l.method.Redirect
		return b, nil
	}
	listen, err := l.listenAddress()
	if err != nil {
		return b, err
	}
	if b.redirect == "" {
		b.redirect = "http://" + listen + "/"
	}
	u, err := url.Parse(b.redirect)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return b, usage(errors.New("login: --redirect: an address such as http://" + loginListen + "/ is needed"))
	}
	b.path = u.Path
	if l.flags.paste || !isLoopback(u.Hostname()) && l.flags.listen == "" {
		return b, nil
	}
	if b.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", listen); err != nil {
		return b, fmt.Errorf("login: %w; name another address with --listen, or use --paste", err)
	}
	return b, nil
}

// listenAddress is where to wait: what --listen says, else the port of a redirect
// to this machine.
func (l *login) listenAddress() (string, error) {
	listen := l.flags.listen
	if listen == "" {
		listen = loginListen
		if u, err := url.Parse(l.flags.redirect); err == nil && u.Port() != "" && isLoopback(u.Hostname()) {
			listen = "127.0.0.1:" + u.Port()
		}
	}
	if host, _, err := net.SplitHostPort(listen); err != nil || !isLoopback(host) {
		return "", usage(errors.New("login: --listen: a loopback address such as " + loginListen + " is needed: whoever gets at the redirect gets the token"))
	}
	return listen, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// finish leads the person through the login and returns what it brought.
func (l *login) finish(ctx context.Context, session networks.LoginSession, back wayBack) (keychain.Fresh, error) {
	if back.listener != nil {
		defer func() { _ = back.listener.Close() }()
	}
	page := session.URL()
	if page == "" {
		return l.converse(ctx, session, "")
	}
	l.say("Open this page and agree; the redirect address is %s", back.redirect)
	_, _ = fmt.Fprintln(l.env.Stdout, page)
	if back.listener != nil {
		return l.listen(ctx, session, back)
	}
	for {
		address, err := l.question(ctx, &networks.Question{Prompt: "the address at which the browser ended", Secret: true})
		if err != nil {
			return keychain.Fresh{}, err
		}
		fresh, err := l.converse(ctx, session, address)
		if _, ok := l.terminal(); !ok || !errors.Is(err, networks.ErrOtherLogin) {
			return fresh, err
		}
		l.say("%v; paste that of this one", err)
	}
}

// converse finishes the session, with the person's answers to its questions.
func (l *login) converse(ctx context.Context, session networks.LoginSession, answer string) (keychain.Fresh, error) {
	for {
		fresh, err := session.Finish(ctx, answer)
		var q *networks.Question
		if !errors.As(err, &q) {
			return fresh, err
		}
		if answer, err = l.question(ctx, q); err != nil {
			return keychain.Fresh{}, err
		}
	}
}

// arrival is a request to the redirect address that waits for its page.
type arrival struct {
	address string
	said    chan<- string
}

const (
	pageDone   = "You are logged in. You can close this window."
	pageFailed = "The login failed; the terminal says why. You can close this window."
	pageOther  = "This is not the address of the login that waits here."
)

// listen waits for the redirect, or for its address at the terminal. A request that
// belongs to another login is answered so, and the wait goes on.
func (l *login) listen(ctx context.Context, session networks.LoginSession, back wayBack) (keychain.Fresh, error) {
	ctx, cancel := context.WithCancel(ctx)
	pasted := l.pasted(ctx)
	defer func() {
		cancel()
		for range pasted { // until the terminal has its echo back
		}
	}()
	arrivals := make(chan arrival)
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { arrive(ctx, w, r, back.path, arrivals) }),
		ReadHeaderTimeout: 10 * time.Second, WriteTimeout: loginPatience, MaxHeaderBytes: 64 << 10,
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(back.listener) // it ends when the server is shut down
	}()
	defer func() {
		goodbye, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer done()
		if server.Shutdown(goodbye) != nil { // a connection that says nothing
			_ = server.Close()
		}
		<-served
	}()
	lines := pasted
	for {
		var a arrival
		select {
		case <-ctx.Done():
			return keychain.Fresh{}, context.Cause(ctx)
		case a = <-arrivals:
		case address, ok := <-lines:
			if !ok {
				lines = nil
				continue
			}
			a = arrival{address, make(chan string, 1)}
		}
		fresh, err := l.converse(ctx, session, a.address)
		switch {
		case errors.Is(err, networks.ErrOtherLogin):
			l.say("%v; still waiting", err)
			a.said <- pageOther
			continue
		case err != nil:
			a.said <- pageFailed
		default:
			a.said <- pageDone
		}
		return fresh, err
	}
}

// pasted asks for the address at the terminal as well, if there is one. The channel
// is closed when nobody asks any more.
func (l *login) pasted(ctx context.Context) <-chan string {
	lines := make(chan string)
	tty, ok := l.terminal()
	if !ok {
		close(lines)
		return lines
	}
	go func() {
		defer close(lines)
		for {
			text, err := prompt{ctx, tty, l.env.Stderr}.ask("Or paste the address at which the browser ended: ", true)
			if err != nil || text == "" {
				return
			}
			select {
			case lines <- text:
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// arrive hands one request to the login and answers with what it says.
func arrive(ctx context.Context, w http.ResponseWriter, r *http.Request, path string, arrivals chan<- arrival) {
	for name, value := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'", "Connection": "close",
	} {
		w.Header().Set(name, value)
	}
	if r.Method != http.MethodGet || strings.TrimSuffix(r.URL.Path, "/") != strings.TrimSuffix(path, "/") || r.URL.RawQuery == "" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	said := make(chan string, 1)
	text := pageFailed
	select {
	case arrivals <- arrival{r.URL.RequestURI(), said}:
		select {
		case text = <-said:
		case <-ctx.Done():
			// What was said last may have come together with the end.
			select {
			case text = <-said:
			default:
			}
		}
	case <-ctx.Done():
	case <-r.Context().Done():
	}
	if text == pageOther {
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = fmt.Fprintf(w, "<!doctype html><html lang=en><title>collectord</title><p>%s</p></html>\n", text)
}

// askAtTerminal is how autocomplete asks the person in front of it, nil where nobody
// is there.
func askAtTerminal(env *environment) networks.Asker {
	l := &login{env: env, flags: &loginFlags{}}
	if _, ok := l.terminal(); !ok {
		return nil
	}
	turn := make(chan struct{}, 1) // several logins may have questions at once
	return func(ctx context.Context, q *networks.Question) (string, error) {
		select {
		case turn <- struct{}{}:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		defer func() { <-turn }()
		return l.question(ctx, q)
	}
}

// ask asks for one line: without echo, or with.
func (p prompt) ask(question string, secret bool) (string, error) {
	if secret {
		return p.secret(question)
	}
	_, _ = fmt.Fprint(p.out, question)
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := readLine(p.tty)
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		return l.text, l.err
	case <-p.ctx.Done():
		return "", errors.New("login: interrupted")
	}
}
