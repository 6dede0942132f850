//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// streamID is what $JOURNAL_STREAM says of a file, DEVICE:INODE; "" of anything else.
func streamID(w io.Writer) string {
	f, ok := w.(*os.File)
	if !ok {
		return ""
	}
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
}
