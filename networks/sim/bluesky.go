package sim

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	blueskyNet   = "bluesky"
	blueskyLimit = 3000 // requests in blueskyWindow; announced, not enforced

	blueskyWindow = 5 * time.Minute
)

// Deactivated is the state of a Bluesky account that its owner switched off.
const Deactivated = "deactivated"

// BrokenHandle is the state of a Bluesky account whose handle does not point back
// to it. It answers with its counts, and with the handle "handle.invalid".
const BrokenHandle = "broken_handle"

// Bluesky simulates the public AppView on the accounts of the network "bluesky",
// whose IDs are DIDs: app.bsky.actor.getProfiles and app.bsky.actor.getProfile.
// It takes no token. Unknown, suspended and deactivated accounts are left out of
// getProfiles, and one malformed name refuses the whole request.
func Bluesky(w *World) http.Handler {
	b := blueskySim{w}
	return w.Handler(blueskyNet, blueskyMethod, b.answer)
}

func blueskyMethod(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/xrpc/") }

type blueskySim struct{ w *World }

func (b blueskySim) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	now := time.Now()
	rw.Header().Set("RateLimit-Limit", strconv.Itoa(blueskyLimit))
	rw.Header().Set("RateLimit-Remaining", strconv.Itoa(blueskyLimit-1))
	rw.Header().Set("RateLimit-Reset", strconv.FormatInt(now.Add(blueskyWindow).Unix(), 10))
	rw.Header().Set("RateLimit-Policy", "3000;w=300")
	method := blueskyMethod(r)
	switch {
	case !strings.HasPrefix(r.URL.Path, "/xrpc/"):
		return 0, blueskyRefuse(rw, http.StatusNotFound, "NotFound", "Not Found")
	case r.Method != http.MethodGet:
		return 0, blueskyRefuse(rw, http.StatusBadRequest, "InvalidRequest", "Incorrect HTTP method ("+r.Method+") expected GET")
	case r.Header.Get("Authorization") != "":
		return 0, blueskyRefuse(rw, http.StatusUnauthorized, "InvalidToken", "Token could not be verified")
	case method == "app.bsky.actor.getProfiles":
		return b.profiles(rw, r.URL.Query(), now)
	case method == "app.bsky.actor.getProfile":
		return b.profile(rw, r.URL.Query(), now)
	}
	return 0, blueskyRefuse(rw, http.StatusNotImplemented, "MethodNotImplemented", "Method Not Implemented")
}

func (b blueskySim) profiles(rw http.ResponseWriter, query url.Values, now time.Time) (int, string) {
	actors := query["actors"]
	switch {
	case len(query) != 1 || len(actors) == 0:
		return 0, blueskyRefuse(rw, http.StatusBadRequest, "InvalidRequest", `Error: Params must have the property "actors"`)
	case len(actors) > 25:
		return 0, blueskyRefuse(rw, http.StatusBadRequest, "InvalidRequest", "Error: actors must not have more than 25 elements")
	}
	list := []any{}
	var seen []string
	for i, actor := range actors {
		if !blueskyActor(actor) {
			return 0, blueskyRefuse(rw, http.StatusBadRequest, "InvalidRequest",
				"Error: actors/"+strconv.Itoa(i)+" must be a valid did or a handle")
		}
		a, ok := b.find(actor)
		if !ok || a.State == NotFound || a.State == Suspended || a.State == Deactivated || slices.Contains(seen, a.ID) {
			continue
		}
		seen = append(seen, a.ID)
		list = append(list, b.view(a, now))
	}
	JSON(rw, http.StatusOK, map[string]any{"profiles": list})
	return len(actors), ""
}

func (b blueskySim) profile(rw http.ResponseWriter, query url.Values, now time.Time) (int, string) {
	actor := query.Get("actor")
	switch {
	case len(query) != 1 || len(query["actor"]) != 1:
		return 0, blueskyRefuse(rw, http.StatusBadRequest, "InvalidRequest", `Error: Params must have the property "actor"`)
	case !blueskyActor(actor):
		return 0, blueskyRefuse(rw, http.StatusBadRequest, "InvalidRequest", "Error: actor must be a valid did or a handle")
	}
	a, ok := b.find(actor)
	switch {
	case !ok || a.State == NotFound:
		return 1, blueskyRefuse(rw, http.StatusBadRequest, "InvalidRequest", "Profile not found")
	case a.State == Suspended:
		return 1, blueskyRefuse(rw, http.StatusBadRequest, "AccountTakedown", "Account has been suspended")
	case a.State == Deactivated:
		return 1, blueskyRefuse(rw, http.StatusBadRequest, "AccountDeactivated", "Account is deactivated")
	}
	JSON(rw, http.StatusOK, b.view(a, now))
	return 1, ""
}

// find returns the account of a DID or a handle.
func (b blueskySim) find(actor string) (Account, bool) {
	if strings.HasPrefix(actor, "did:") {
		return b.w.ByID(blueskyNet, actor)
	}
	return b.w.ByHandle(blueskyNet, actor)
}

// view is a profileViewDetailed.
func (b blueskySim) view(a Account, now time.Time) map[string]any {
	handle := a.Handle
	if a.State == BrokenHandle {
		handle = "handle.invalid"
	}
	v := map[string]any{
		"did": a.ID, "handle": handle, "displayName": a.Name,
		"followersCount": b.w.Count(a, now), "followsCount": a.Following, "postsCount": a.Posts,
		"indexedAt": "2024-01-20T05:33:08.123Z", "createdAt": "2023-04-12T04:53:57.057Z",
		"labels": []any{}, "associated": map[string]any{"lists": 0, "feedgens": 0, "starterPacks": 0, "labeler": false},
	}
	if a.Verified {
		v["verification"] = map[string]any{"verifications": []any{}, "verifiedStatus": "valid", "trustedVerifierStatus": "none"}
	}
	return v
}

// blueskyActor reports whether s has the form of a handle or a DID (the lexicon's
// at-identifier).
func blueskyActor(s string) bool {
	if strings.HasPrefix(s, "did:") {
		return len(s) <= 2048 && regexp.MustCompile(`^did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]$`).MatchString(s)
	}
	labels := strings.Split(s, ".")
	label := regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)
	last := labels[len(labels)-1]
	return len(s) <= 253 && len(labels) > 1 && !slices.ContainsFunc(labels, func(l string) bool { return !label.MatchString(l) }) &&
		(last[0] < '0' || last[0] > '9')
}

func blueskyRefuse(rw http.ResponseWriter, status int, code, message string) string {
	JSON(rw, status, map[string]any{"error": code, "message": message})
	return code
}
