package importtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/zip"

	"github.com/seed-a131a524/infobip-otp/internal/build/lambda"
)

// The two modules that a release tags: v1.2.3, and infra/v1.2.3.
const (
	rootModule = lambda.Module
	infra      = "infra"
	construct  = rootModule + "/" + infra
)

// release is this tree as a tagged version.
type release struct {
	version string
	modules map[string]published // by path
}

// published is what a proxy has of a module.
type published struct{ goMod, zip []byte }

// file is a file of the tree as git knows it: nothing that is ignored.
type file struct{ root, path string }

func (f file) Path() string                 { return f.path }
func (f file) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join(f.root, f.path)) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(f.root, f.path)) }

// stamped is the one file that a release changes: infra/go.mod requires the root module of its own
// version, as tools/release has it.
type stamped struct {
	file
	text []byte
}

func (s stamped) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(s.text)), nil }

func (s stamped) Lstat() (os.FileInfo, error) {
	info, err := s.file.Lstat()
	return sized{info, int64(len(s.text))}, err
}

type sized struct {
	os.FileInfo
	size int64
}

func (s sized) Size() int64 { return s.size }

// newRelease packs the working files below root as both modules. The version is the tree's own: Go
// keeps what it has once seen of a version for ever.
func newRelease(root string) (release, error) {
	files, err := sources(root)
	if err != nil {
		return release{}, fmt.Errorf("listing the tree: %w", err)
	}
	version, err := versionOf(root, files)
	if err != nil {
		return release{}, fmt.Errorf("naming a version: %w", err)
	}
	r := release{version: version, modules: map[string]published{}}
	for path, dir := range map[string]string{rootModule: "", construct: infra} {
		r.modules[path], err = pack(root, dir, module.Version{Path: path, Version: version}, files)
		if err != nil {
			return release{}, fmt.Errorf("packing %s: %w", path, err)
		}
	}
	return r, nil
}

// made are the folders of what tools and targets make, as .gitignore has them.
var made = []string{".git", ".tools", "dist", "cdk.out", ".aws-sam", "node_modules", "__pycache__", ".deploy", ".hypothesis"}

// sources lists the files of the tree, also of one that came without its git. A laptop's settings
// are none.
func sources(root string) ([]string, error) {
	var names []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(made, d.Name()):
			return fs.SkipDir
		case d.Type().IsRegular() && d.Name() != "deploy.env" && d.Name() != ".env":
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("walking the tree: %w", err)
	}
	return names, nil
}

// versionOf returns a prerelease of the version that infra/go.mod requires, named after the tree's
// content.
func versionOf(root string, files []string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, infra, "go.mod"))
	if err != nil {
		return "", err
	}
	parsed, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(parsed.Require, func(r *modfile.Require) bool { return r.Mod.Path == rootModule })
	if at < 0 {
		return "", fmt.Errorf("infra/go.mod does not require %s", rootModule)
	}
	next := parsed.Require[at].Mod.Version
	if semver.Canonical(next) != next || semver.Prerelease(next) != "" {
		return "", fmt.Errorf("infra/go.mod requires %s %s, which is no release: whoever imports the construct could not find it", rootModule, next)
	}
	sum := sha256.New()
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(content))
		sum.Write(content)
	}
	const distinct = 8 // bytes
	return next + "-tree." + "x" + hex.EncodeToString(sum.Sum(nil)[:distinct]), nil
}

// pack makes the module in a folder of the tree, as the go command makes it of a tag.
func pack(root, dir string, version module.Version, names []string) (published, error) {
	goMod, err := os.ReadFile(filepath.Join(root, dir, "go.mod"))
	if err != nil {
		return published{}, err
	}
	if dir == infra {
		goMod, err = stamp(goMod, version.Version)
		if err != nil {
			return published{}, err
		}
	}
	var files []zip.File
	for _, name := range names {
		inside, found := name, true
		if dir != "" {
			inside, found = strings.CutPrefix(name, dir+"/")
		}
		f := file{filepath.Join(root, dir), inside}
		switch {
		case !found:
		case inside == "go.mod":
			files = append(files, stamped{f, goMod})
		default:
			files = append(files, f)
		}
	}
	if dir != "" { // the go command gives a module below the root the root's licence
		files = append(files, file{root, "LICENSE"})
	}
	var packed bytes.Buffer
	err = zip.Create(&packed, version, files)
	if err != nil {
		return published{}, err
	}
	return published{goMod: goMod, zip: packed.Bytes()}, nil
}

// stamp does what tools/release does to infra/go.mod.
func stamp(goMod []byte, version string) ([]byte, error) {
	parsed, err := modfile.Parse("go.mod", goMod, nil)
	if err != nil {
		return nil, err
	}
	err = parsed.AddRequire(rootModule, version)
	if err != nil {
		return nil, err
	}
	return parsed.Format()
}

// ServeHTTP is the protocol of module proxies (https://go.dev/ref/mod#goproxy-protocol). What it
// does not have the go command looks for at the next proxy.
func (r release) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	path, asked, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/"), "/@")
	path, err := module.UnescapePath(path)
	have, there := r.modules[path]
	if err != nil || !there {
		http.NotFound(w, request)
		return
	}
	info, err := json.Marshal(map[string]any{"Version": r.version, "Time": time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer, there := map[string][]byte{
		"v/list":                   []byte(r.version + "\n"),
		"latest":                   info,
		"v/" + r.version + ".info": info,
		"v/" + r.version + ".mod":  have.goMod,
		"v/" + r.version + ".zip":  have.zip,
	}[asked]
	if !there {
		http.NotFound(w, request)
		return
	}
	_, _ = w.Write(answer) // who hangs up reads nothing
}
