package status

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// compressFrom is how many bytes the first part of an answer must have to be worth it.
// Pages and JSON come in one part.
const compressFrom = 1 << 10

// compressed sends answers that are text as gzip to those who take it. One that brings
// an encoding of its own, as /metrics does, stays as it is.
func compressed(next http.Handler) http.Handler {
	pool := &sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a good one
		return z
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if !takesGzip(r.Header.Values("Accept-Encoding")) {
			next.ServeHTTP(w, r)
			return
		}
		c := &compressor{ResponseWriter: w, pool: pool}
		defer c.close()
		next.ServeHTTP(c, r)
	})
}

// takesGzip reads Accept-Encoding headers: a quality of 0 is a no.
func takesGzip(headers []string) bool {
	takes := false
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		name, parameters, _ := strings.Cut(part, ";")
		if name = strings.ToLower(strings.TrimSpace(name)); name != "gzip" && name != "*" {
			continue
		}
		quality, found := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(parameters), " ", ""), "q=")
		q, err := strconv.ParseFloat(quality, 64)
		takes = !found || err == nil && q > 0
		if name == "gzip" {
			break // it says more than the star
		}
	}
	return takes
}

// compressor holds the status back until the first part of the body tells whether
// compressing it is worth it.
type compressor struct {
	http.ResponseWriter
	pool    *sync.Pool
	code    int // 0 before WriteHeader
	decided bool
	z       *gzip.Writer // nil for an answer that is sent as it is
}

// WriteHeader remembers the status; the first of several counts.
func (c *compressor) WriteHeader(code int) {
	if c.code == 0 {
		c.code = code
	}
}

// Write sends a part of the body, the header before the first.
func (c *compressor) Write(p []byte) (int, error) {
	if !c.decided {
		c.decide(len(p))
	}
	if c.z != nil {
		return c.z.Write(p)
	}
	return c.ResponseWriter.Write(p)
}

// decide looks at the length of the first part of the body and sends the header.
func (c *compressor) decide(length int) {
	c.decided = true
	if c.code == 0 {
		c.code = http.StatusOK
	}
	h := c.Header()
	if length >= compressFrom && h.Get("Content-Encoding") == "" && isText(h.Get("Content-Type")) {
		h.Set("Content-Encoding", "gzip")
		h.Del("Content-Length")
		c.z, _ = c.pool.Get().(*gzip.Writer)
		c.z.Reset(c.ResponseWriter)
	}
	c.ResponseWriter.WriteHeader(c.code)
}

// isText reports whether a content type is one of those that this package sends and
// that become smaller.
func isText(contentType string) bool {
	return strings.HasPrefix(contentType, "text/") || contentType == "application/json" || contentType == "image/svg+xml"
}

// close sends what is held back.
func (c *compressor) close() {
	if !c.decided && c.code != 0 {
		c.decide(0)
	}
	if c.z != nil {
		_ = c.z.Close() // an error is a reader who went away
		c.pool.Put(c.z)
	}
}
