package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// documentation is where the packages have what is to be read.
const documentation = "usr/share/doc/collectord"

// fill makes the folder in which everything stands where the system will have it.
func (r *release) fill(ctx context.Context, stage, arch string) error {
	binary := filepath.Join(stage, "usr/bin/collectord")
	if err := r.compile(ctx, binary, arch); err != nil {
		return err
	}
	here := binary // what runs on this machine
	if arch != runtime.GOARCH {
		here = filepath.Join(stage, "here")
		if err := r.compile(ctx, here, runtime.GOARCH); err != nil {
			return err
		}
	}
	if err := r.pages(ctx, here, filepath.Join(stage, "usr/share/man/man1")); err != nil {
		return err
	}
	if err := completions(ctx, here, stage); err != nil {
		return err
	}
	if here != binary {
		if err := os.Remove(here); err != nil {
			return err
		}
	}
	for _, c := range [...]struct{ from, to string }{
		{"deploy/systemd/collectord.service", "usr/lib/systemd/system/collectord.service"},
		{"deploy/package/config.yaml", "etc/collectord/config.yaml"},
		{"README.md", documentation + "/README.md"},
		{"CHANGELOG.md", documentation + "/CHANGELOG.md"},
		{"config.example.yaml", documentation + "/config.example.yaml"},
		{"docs", documentation + "/docs"},
		{"deploy/grafana/dashboards", "usr/share/collectord/grafana/dashboards"},
		{"deploy/grafana/provisioning", "usr/share/collectord/grafana/provisioning"},
		{"deploy/prometheus/collectord.rules.yml", "usr/share/collectord/prometheus/collectord.rules.yml"},
	} {
		if err := place(c.from, filepath.Join(stage, filepath.FromSlash(c.to))); err != nil {
			return err
		}
	}
	return r.date(stage)
}

// compile builds the program: static, with no path of this machine in it.
func (r *release) compile(ctx context.Context, to, arch string) error {
	cmd := command(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+r.version, "-o", to, "./cmd/collectord")
	// Flags of the one who builds (-race, tags) have no place in what others install, not
	// even those of `go env -w`, which an empty GOFLAGS would let in. The commit has one.
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=auto", "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	_, err := output(cmd)
	return err
}

// pages makes the manual pages, compressed as systems have them.
func (r *release) pages(ctx context.Context, collectord, dir string) error {
	if _, err := output(command(ctx, collectord, "man", dir)); err != nil {
		return err
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(pages) == 0 {
		return errors.Join(err, errors.New("`collectord man` wrote no page"))
	}
	for _, name := range pages {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		packed, err := pack(text)
		if err != nil {
			return err
		}
		if err := put(name+".gz", packed); err != nil {
			return err
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// pack compresses a text, with neither name nor time in the result.
func pack(text []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}

// completions has the program write its completions to where the shells look. Zsh looks
// at two places: that of Debian and that of everybody else.
func completions(ctx context.Context, collectord, stage string) error {
	for _, c := range [...]struct{ shell, to string }{
		{"bash", "usr/share/bash-completion/completions/collectord"},
		{"zsh", "usr/share/zsh/vendor-completions/_collectord"},
		{"zsh", "usr/share/zsh/site-functions/_collectord"},
		{"fish", "usr/share/fish/vendor_completions.d/collectord.fish"},
	} {
		text, err := output(command(ctx, collectord, "completion", c.shell))
		if err != nil {
			return err
		}
		if err := put(filepath.Join(stage, filepath.FromSlash(c.to)), []byte(text+"\n")); err != nil {
			return err
		}
	}
	return nil
}

// place copies a file, or a folder with all in it but Go's tests.
func place(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		return put(to, text)
	}
	return within(from, func(root *os.Root, path string, entry fs.DirEntry) error {
		if entry.IsDir() || strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := root.ReadFile(path)
		if err != nil {
			return err
		}
		return put(filepath.Join(to, path), text)
	})
}

// within calls f for a folder and everything below, in order of names. What a link
// points to outside is never touched.
func within(dir string, f func(root *os.Root, path string, entry fs.DirEntry) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	err = fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return f(root, path, entry)
	})
	return errors.Join(err, root.Close())
}

// date gives everything below a folder the release's time, and modes that do not depend
// on the umask of whoever builds.
func (r *release) date(stage string) error {
	return within(stage, func(root *os.Root, path string, entry fs.DirEntry) error {
		mode := fs.FileMode(0o644)
		if entry.IsDir() || filepath.Base(filepath.Dir(path)) == "bin" {
			mode = 0o755
		}
		if err := root.Chmod(path, mode); err != nil {
			return err
		}
		return root.Chtimes(path, r.at, r.at)
	})
}

// tarball packs the stage below a folder of that name, all of it root's.
func (r *release) tarball(to, stage, top string) error {
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	err := within(stage, func(root *os.Root, path string, entry fs.DirEntry) error {
		info, err := entry.Info()
		if err != nil {
			return err
		}
		h, err := tar.FileInfoHeader(info, "")
		if err != nil {
			return err
		}
		h.Name = filepath.ToSlash(filepath.Join(top, path))
		if entry.IsDir() {
			h.Name += "/"
		}
		h.Uid, h.Gid, h.Uname, h.Gname, h.ModTime = 0, 0, "root", "root", r.at
		if err := w.WriteHeader(h); err != nil || entry.IsDir() {
			return err
		}
		text, err := root.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	})
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	packed, err := pack(plain.Bytes())
	if err != nil {
		return err
	}
	return put(to, packed)
}
