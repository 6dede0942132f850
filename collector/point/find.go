package point

// MeasurementOf returns the measurement of what Series wrote, "" for anything else. It
// looks at the beginning alone.
func MeasurementOf(series string) string {
	measurement, _, _ := cutBare(series, ',')
	if plain(measurement) {
		return measurement
	}
	measurement, _, _ = ParseSeries(series) // no series has no measurement
	return measurement
}

// TagOf returns the value of one tag of what Series wrote, "" where there is none. It is
// for who looks at a great many series and needs one tag or two of each.
func TagOf(series, key string) string {
	_, rest, more := cutBare(series, ',')
	for more {
		var tag string
		tag, rest, more = cutBare(rest, ',')
		if len(tag) <= len(key) || tag[len(key)] != '=' || tag[:len(key)] != key {
			continue
		}
		if value, ok := unescape(tag[len(key)+1:]); ok {
			return value
		}
		_, tags, err := ParseSeries(series) // it has something in it that needs a second look
		if err != nil {
			return ""
		}
		return Point{Tags: tags}.Tag(key)
	}
	return ""
}
