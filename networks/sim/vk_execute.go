package sim

import (
	"net/http"
	"regexp"
)

// execute runs what little of VKScript is asked for: an object of calls that have
// no parameters. Who the token belongs to is what they return.
func (v *vkSim) execute(r *http.Request) (any, *vkRefusal) {
	_, kind := v.w.Token("vk", vkToken(r))
	if len(kind) < 2 {
		return nil, vkError(28, "Application authorization failed: method is unavailable with service token.")
	}
	script := regexp.MustCompile(`^return \{(.*)\};$`).FindStringSubmatch(r.Form.Get("code"))
	if script == nil {
		return nil, vkError(12, "Unable to compile code")
	}
	calls := regexp.MustCompile(`"(\w+)": API\.([\w.]+)\(\)`).FindAllStringSubmatch(script[1], -1)
	result := make(map[string]any)
	fields := map[string]bool{"screen_name": true}
	for _, c := range calls {
		var list any = false // what a call that failed leaves
		if a, ok := v.w.ByID("vk", kind[1], "person", ""); ok && kind[0] == "user" && c[2] == "users.get" {
			list = []any{v.user(a, fields)}
		}
		if a, ok := v.w.ByID("vk", kind[1], "page", "group", "event"); ok && kind[0] == "community" && c[2] == "groups.getById" {
			list = map[string]any{"groups": []any{v.group(a, fields)}, "profiles": []any{}}
		}
		result[c[1]] = list
	}
	return result, nil
}
