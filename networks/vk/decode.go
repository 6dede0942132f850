package vk

import (
	"bytes"
	"encoding/json"
	"strconv"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

// object is a user or a community as VK writes it: what we ask for of both.
type object struct {
	ID          networks.Count
	FirstName   string
	LastName    string
	Name        string
	ScreenName  string
	Domain      string
	Type        string
	Deactivated string
	IsClosed    networks.Count // 0 or 1 of a user, 0 to 2 of a community
	CanAccess   networks.Count
	Hidden      networks.Count
	Verified    networks.Count
	Followers   rest.Lenient
	Members     rest.Lenient

	unreadable bool // not an object, or a text in it is no string
}

// read sets the field called key. What VK documents as a number may come as 1, 1.0,
// "1" or true, and an odd value leaves its field unknown, so that one odd account
// spoils no answer.
func (o *object) read(key, value []byte) {
	switch string(key) {
	case "followers_count":
		o.Followers = lenient(value)
	case "members_count":
		o.Members = lenient(value)
	default:
		if c := o.number(key); c != nil {
			*c = number(value)
		} else if s := o.text(key); s != nil {
			o.readText(s, value)
		}
	}
}

func (o *object) number(key []byte) *networks.Count {
	switch string(key) {
	case "id":
		return &o.ID
	case "is_closed":
		return &o.IsClosed
	case "can_access_closed":
		return &o.CanAccess
	case "hidden":
		return &o.Hidden
	case "verified":
		return &o.Verified
	}
	return nil
}

func (o *object) text(key []byte) *string {
	switch string(key) {
	case "first_name":
		return &o.FirstName
	case "last_name":
		return &o.LastName
	case "name":
		return &o.Name
	case "screen_name":
		return &o.ScreenName
	case "domain":
		return &o.Domain
	case "type":
		return &o.Type
	case "deactivated":
		return &o.Deactivated
	}
	return nil
}

func (o *object) readText(to *string, value []byte) {
	if to == &o.Domain && o.ScreenName != "" && string(value) == `"`+o.ScreenName+`"` {
		o.Domain = o.ScreenName // nearly always: one string less to keep
		return
	}
	s, ok := unquote(value)
	if *to = s; !ok && string(value) != "null" {
		o.unreadable = true
	}
}

// is reports whether a field of 0 and 1, or false and true, says yes.
func is(c networks.Count) bool {
	n, _ := c.Get()
	return n > 0
}

func flag(c networks.Count) networks.Flag {
	n, known := c.Get()
	if !known {
		return networks.Unknown
	}
	return networks.FlagOf(n > 0)
}

// id is the account's number, 0 where it has none.
func (o *object) id() int64 {
	n, _ := o.ID.Get()
	return n
}

func lenient(value []byte) (l rest.Lenient) {
	if n, ok := digitsOf(value); ok { // nearly always
		l.Count = networks.Known(n)
		return l
	}
	_ = l.UnmarshalJSON(value) // never fails
	return l
}

func number(value []byte) networks.Count {
	switch string(value) {
	case "true":
		return networks.Known(1)
	case "false":
		return networks.Known(0)
	}
	return lenient(value).Count
}

// digitsOf reads a number of plain digits that fits.
func digitsOf(value []byte) (n int64, ok bool) {
	if len(value) == 0 || len(value) > 18 {
		return 0, false
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// objects reads users or communities: an array or, from groups.getById of version
// 5.199, an object with the array in it. ok is false where it is neither. Raw is
// valid JSON.
func objects(raw json.RawMessage) (list []object, ok bool) {
	if raw[0] == '{' {
		wrapped := raw
		raw = nil
		for key, value := range members(wrapped) {
			if string(key) == "groups" {
				raw = value
			}
		}
	}
	if len(raw) == 0 || raw[0] != '[' {
		return nil, false
	}
	list = make([]object, 0, bytes.Count(raw, []byte(`"id":`)))
	for element := range elements(raw) {
		list = append(list, object{})
		o := &list[len(list)-1]
		o.unreadable = element[0] != '{'
		for key, value := range members(element) {
			o.read(key, value)
		}
	}
	return list, true
}

// envelope is every answer of VK.
type envelope struct {
	response, error json.RawMessage
}

// open finds the parts of an answer, which is valid JSON.
func open(body []byte) (v envelope) {
	for key, value := range members(body) {
		switch string(key) {
		case "response":
			v.response = value
		case "error":
			v.error = value
		}
	}
	return v
}

// isSet reports whether a field of an envelope is there.
func isSet(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// idString is the id as the rest of the program has it.
func (o *object) idString() string { return strconv.FormatInt(o.id(), 10) }
