package instagram

import (
	"context"
	"fmt"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/meta"
	"collectord/networks/internal/rest"
)

// slots are the forms of the slot ig.
func slots() []keychain.Format {
	return []keychain.Format{{
		Slot: "ig", Title: "Instagram token",
		Shapes: []keychain.Shape{
			{Kind: "Instagram Login", Bare: true},
			{Kind: "Business Discovery", Required: []string{"access_token", "ig_user_id"}, Optional: []string{"app_secret", "app_id"}},
		},
	}}
}

// access reads a token. The error says what is missing from it.
func access(op string, t keychain.Token) (meta.Access, *networks.Error) {
	a := meta.Access{Slot: t, Bearer: t.Bare()}
	if !t.IsBare() {
		a.Bearer, a.Secret = t.Get("access_token"), t.Get("app_secret")
	}
	if a.Bearer == "" || !t.IsBare() && t.Get("ig_user_id") == "" {
		e := refused(op, networks.Unauthorized, "no usable token")
		e.Hint = "assign slot ig: the token of Instagram Login, or {access_token, ig_user_id, app_secret}"
		return meta.Access{}, e
	}
	return a, nil
}

// Check asks for the token's own account, one call of its allowance either way. For
// Business Discovery it then asks Meta when the token ends, which not every token may
// know of itself: no answer to that is no failure.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	a, e := access(own, token)
	if e != nil {
		return "", e
	}
	if token.IsBare() {
		u, e := n.me(ctx, a)
		if e != nil {
			return "", e
		}
		return fmt.Sprintf("Instagram Login of @%s, reads this account alone", rest.Words(token, u.Username)), nil
	}
	u, err := n.asked(ctx, token, a)
	if err != nil {
		return "", err
	}
	proof := "without app_secret"
	if a.Secret != "" {
		proof = "requests are proved by app_secret"
	}
	report := fmt.Sprintf("Business Discovery as @%s, reads professional accounts; %s", rest.Words(token, u.Username), proof)
	if in, err := n.discovery.Inspect(ctx, a, meta.Asker(token, a)); err == nil {
		report += "; " + in.String()
	}
	return report, nil
}
