package facebook

import (
	"context"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/meta"
)

// slots are the forms of the slot fb.
func slots() []keychain.Format {
	return []keychain.Format{{
		Slot: "fb", Title: "Facebook token",
		Shapes: []keychain.Shape{
			{Kind: "access token", Bare: true},
			{Kind: "token and app", Required: []string{"access_token", "app_id", "app_secret"}},
		},
	}}
}

// access reads a token. The error says what is missing from it.
func access(op string, t keychain.Token) (meta.Access, *networks.Error) {
	a := meta.Access{Slot: t, Bearer: t.Bare()}
	if !t.IsBare() {
		a.Bearer, a.Secret = t.Get("access_token"), t.Get("app_secret")
	}
	if a.Bearer == "" || !t.IsBare() && (a.Secret == "" || t.Get("app_id") == "") {
		e := refused(op, networks.Unauthorized, "no usable token")
		e.Hint = "assign slot fb: a token, or {access_token, app_id, app_secret}"
		return meta.Access{}, e
	}
	return a, nil
}

// Check asks Meta what the token is: its kind, its scopes and its end. A token that
// came without its app may ask that of itself if its person has a part in the app;
// Meta refuses it otherwise, and the token is tried on its own name.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	const op = "me"
	a, e := access(op, token)
	if e != nil {
		return "", e
	}
	in, err := n.graph.Inspect(ctx, a, meta.Asker(token, a))
	if err == nil {
		return in.String(), nil
	}
	if !token.IsBare() || !meta.NotTold(err) {
		return "", mend(err)
	}
	who, err := n.me(ctx, token, a)
	if err != nil {
		return "", err
	}
	return "token of " + who + ", its end is not known without app_id and app_secret", nil
}
