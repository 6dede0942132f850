package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
)

// Where SQLite finds no way to a row any more (the first page is gone, or a page
// above the rows), or passes over it, its page may still be whole. What follows looks at every page of
// the file and its log for itself, as
// https://www.sqlite.org/fileformat.html (read 2026-11-22) describes them. It needs
// no care: whatever it takes for a row is kept only if its CRC is right.

// usualPageSize is what SQLite gives to a new file, for one that does not say.
const usualPageSize = 4096

// scanPages calls f for every row that it finds in the pages of the database at
// path and of its log: its rowid and its columns, each an int64, a string or nil.
func scanPages(path string, f func(id int64, columns []any) error) error {
	size := pageSizeOf(path)
	// A frame of the log is a header of 24 bytes and a page; the log begins with
	// one of 32.
	for _, file := range []struct {
		name      string
		skip, gap int
	}{{path, 0, 0}, {path + "-wal", 32, 24}} {
		if err := scanFile(file.name, file.skip, file.gap, size, f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// pageSizeOf returns the page size as the first page has it, if that can be.
func pageSizeOf(path string) int {
	f, err := os.Open(path)
	if err != nil {
		return usualPageSize
	}
	defer func() { _ = f.Close() }() // only read
	var b [2]byte
	if _, err := f.ReadAt(b[:], 16); err != nil {
		return usualPageSize
	}
	n := int(binary.BigEndian.Uint16(b[:]))
	if n == 1 {
		n = 65_536
	}
	if n < 512 || n&(n-1) != 0 {
		return usualPageSize
	}
	return n
}

func scanFile(name string, skip, gap, size int, f func(int64, []any) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read
	r := bufio.NewReaderSize(file, 1<<20)
	if _, err := r.Discard(skip); err != nil {
		return nil //nolint:nilerr // a log that is shorter than its header holds nothing
	}
	page := make([]byte, size)
	for {
		if _, err := r.Discard(gap); err != nil {
			return nil //nolint:nilerr // the end, or a torn frame
		}
		n, err := io.ReadFull(r, page)
		clear(page[n:]) // a last page that was cut off
		if err := scanPage(page, f); err != nil {
			return err
		}
		if err != nil {
			return nil //nolint:nilerr // the end; of what cannot be read nothing can be saved
		}
	}
}

// scanPage tries a page as a leaf of a table: a header of 8 bytes, then the place of
// each row, two bytes. How many there are stands in the header, which may be what is
// broken, so whatever follows is tried for a place too.
func scanPage(page []byte, f func(int64, []any) error) error {
	for i := 8; i+2 <= len(page); i += 2 {
		at := int(binary.BigEndian.Uint16(page[i:]))
		if at < 8 || at >= len(page) {
			continue
		}
		if id, columns, ok := decodeCell(page[at:], len(page)); ok {
			if err := f(id, columns); err != nil {
				return err
			}
		}
	}
	return nil
}

// decodeCell reads a row: the length of what follows the rowid, the rowid, the
// length of the types, the types, the values. One that goes on on another page is
// left out.
func decodeCell(b []byte, pageSize int) (id int64, columns []any, ok bool) {
	length, n1 := varint(b)
	uid, n2 := varint(b[n1:])
	if n1 == 0 || n2 == 0 || length > uint64(pageSize-35) || uint64(len(b)-n1-n2) < length {
		return 0, nil, false
	}
	b = b[n1+n2:][:length]
	header, n := varint(b)
	if n == 0 || header > uint64(len(b)) || header < uint64(n) {
		return 0, nil, false
	}
	types, values := b[n:header], b[header:]
	for len(types) > 0 {
		kind, n := varint(types)
		if n == 0 {
			return 0, nil, false
		}
		types = types[n:]
		value, size, ok := decodeValue(kind, values)
		if !ok {
			return 0, nil, false
		}
		columns, values = append(columns, value), values[size:]
	}
	return int64(uid), columns, true
}

// decodeValue reads a value of the given serial type: 0 is null, 1 to 6 whole
// numbers of 1, 2, 3, 4, 6 and 8 bytes, 8 and 9 the numbers 0 and 1, odd ones from
// 13 on texts. There are no others in these tables.
func decodeValue(kind uint64, b []byte) (value any, size int, ok bool) {
	switch {
	case kind == 0:
		return nil, 0, true
	case kind <= 6:
		size = [...]int{0, 1, 2, 3, 4, 6, 8}[kind]
		if len(b) < size {
			return nil, 0, false
		}
		n := int64(int8(b[0])) // the sign is in the first byte
		for _, c := range b[1:size] {
			n = n<<8 | int64(c)
		}
		return n, size, true
	case kind == 8 || kind == 9:
		return int64(kind - 8), 0, true
	case kind >= 13 && kind%2 == 1 && (kind-13)/2 <= uint64(len(b)):
		size = int((kind - 13) / 2)
		return string(b[:size]), size, true
	}
	return nil, 0, false
}

// varint reads SQLite's variable-length number and returns its length, 0 if b ends
// before it does: seven bits a byte, the high ones first, eight in the ninth.
func varint(b []byte) (v uint64, n int) {
	for i, c := range b {
		if i == 8 {
			return v<<8 | uint64(c), 9
		}
		v = v<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
