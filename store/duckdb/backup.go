package duckdb

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb/files"
)

// A backup is backupMagic, the length of the database file in 8 bytes, the highest
// first, the file, and the SHA-256 of all that.
const backupMagic = "costd backup of a duckdb store, form 1\n"

// copyPattern is what the copies that Backup makes in the folder are called.
const copyPattern = "backup-*.tmp"

var _ costd.Maintainer = (*DB)(nil)

// Backup implements costd.Maintainer. While writes wait it moves the write-ahead log
// into the database and copies the file, within the folder, which therefore needs
// as much space again; then it sends the copy to w.
func (db *DB) Backup(ctx context.Context, w io.Writer) (err error) {
	defer costd.Wrap(&err, "duckdb.Backup")
	file, err := db.copyDatabase(ctx)
	if err != nil {
		return storeError(err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	sum := sha256.New()
	both := io.MultiWriter(w, sum)
	if _, err := io.WriteString(both, backupMagic); err != nil {
		return err
	}
	if err := binary.Write(both, binary.BigEndian, info.Size()); err != nil {
		return err
	}
	if _, err := io.Copy(both, contextReader{ctx, file}); err != nil {
		return storeError(err)
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

// How long a backup waits for reads that are older than the last write, and how long
// between two tries. Far more than reads take; who waits for a backup waits for its
// bytes longer.
const (
	backupPatience = 30 * time.Second
	backupPause    = 100 * time.Millisecond
)

// copyDatabase is tryCopy, and tries again for a while if reads are in its way.
func (db *DB) copyDatabase(ctx context.Context) (file *os.File, err error) {
	for end := time.Now().Add(backupPatience); ; {
		if file, err = db.tryCopy(ctx); !heldUp(err) || time.Now().After(end) {
			return file, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(backupPause):
		}
	}
}

// tryCopy returns a copy of the database file as of now, open at its beginning.
func (db *DB) tryCopy(ctx context.Context) (file *os.File, err error) {
	if err := db.acquire(ctx); err != nil {
		return nil, err
	}
	defer db.giveBack()
	if err := db.own(); err != nil {
		return nil, err
	}
	if err := db.moveLogSurely(ctx); err != nil {
		return nil, unavailable(err, "the write-ahead log cannot be moved into the database; see the server's log")
	}
	if n := db.checkpoints.logSize(); n > 0 {
		return nil, unavailable(fmt.Errorf("%d bytes are left", n), "the write-ahead log could not be moved into the database; try again")
	}
	original, err := os.Open(filepath.Join(db.options.Path, DatabaseFile))
	if err != nil {
		return nil, files.Error(err)
	}
	defer original.Close()
	if file, err = os.CreateTemp(db.options.Path, copyPattern); err != nil {
		return nil, files.Error(err)
	}
	if _, err = io.Copy(file, contextReader{ctx, original}); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(files.Error(err), file.Close(), os.Remove(file.Name()))
	}
	return file, nil
}

// removeCopies removes what a backup left that did not come to its end. The caller
// holds the folder's lock.
func removeCopies(folder string) {
	copies, _ := filepath.Glob(filepath.Join(folder, copyPattern))
	for _, name := range copies {
		os.Remove(name) // what stays takes space, and does no harm
	}
}

// A contextReader reads until the context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// restoreFolder is where, in the folder, a backup becomes a database.
const restoreFolder = "restore.tmp"

// Restore makes a store of a backup in a folder that has none. When it returns an
// error, nothing is left of it; if it is cut off, there is no store: the database gets its name last, once it
// is whole, on disk, and was opened. It returns Invalid for what is no whole backup
// and for a folder that has a store, and Unavailable for one that is in use.
func Restore(ctx context.Context, r io.Reader, folder string) (err error) {
	defer costd.Wrap(&err, "duckdb.Restore")
	if r, err = wantBackup(r); err != nil {
		return err
	}
	missing := files.Missing(folder)
	if folder, err = files.Prepare(folder); err == nil {
		err = restoreLocked(ctx, r, folder)
	}
	if err != nil {
		files.RemoveEmpty(missing)
	}
	return err
}

// restoreLocked makes the database of a backup in a folder that nobody else may use
// until it is there.
func restoreLocked(ctx context.Context, r io.Reader, folder string) (err error) {
	lock, err := files.LockFolder(folder)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			lock.Undo()
		}
		err = errors.Join(err, lock.Release())
	}()
	for _, name := range []string{DatabaseFile, DatabaseFile + ".wal"} {
		if _, err := os.Lstat(filepath.Join(folder, name)); !errors.Is(err, os.ErrNotExist) {
			return costd.InvalidField("data", "there is a store in the folder %s; name another one, or move it away", folder)
		}
	}
	if err := os.Remove(filepath.Join(folder, files.MarkFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return files.Error(err) // it is of a database that is gone
	}
	temporary := filepath.Join(folder, restoreFolder)
	if err := errors.Join(os.RemoveAll(temporary), os.Mkdir(temporary, 0o700)); err != nil {
		return files.Error(err)
	}
	defer os.RemoveAll(temporary)
	if err := restoreInto(ctx, r, temporary); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(temporary, DatabaseFile), filepath.Join(folder, DatabaseFile)); err != nil {
		return files.Error(err)
	}
	return files.Sync(folder)
}

// restoreInto writes the database of a backup into the folder and verifies it.
func restoreInto(ctx context.Context, r io.Reader, folder string) error {
	path := filepath.Join(folder, DatabaseFile)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return files.Error(err)
	}
	err = readBackup(contextReader{ctx, r}, file)
	if closing := file.Close(); err == nil && closing != nil {
		err = files.Error(closing)
	}
	if err != nil {
		return storeError(err)
	}
	db, err := Open(ctx, Options{Path: folder})
	if err != nil {
		return err
	}
	if err := errors.Join(db.Check(ctx), db.Close()); err != nil {
		return err
	}
	if size, err := files.Size(path + files.LogSuffix); err != nil || size > 0 {
		return errors.Join(err, unavailable(nil, "the restored database could not be written whole; is the disk full?"))
	}
	return files.Sync(path)
}

// wantBackup returns a reader of the same, if it begins as backups do, so that nothing
// is made for what is none.
func wantBackup(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(r)
	if magic, err := buffered.Peek(len(backupMagic)); err != nil || string(magic) != backupMagic {
		return nil, readError(err, "this is no backup; name a file that `costd backup` wrote")
	}
	return buffered, nil
}

// readBackup writes the database that the backup r holds to the file.
func readBackup(r io.Reader, file io.Writer) error {
	sum := sha256.New()
	both := io.TeeReader(r, sum)
	if _, err := io.CopyN(io.Discard, both, int64(len(backupMagic))); err != nil { // wantBackup has judged it
		return readError(err, "the backup is cut short")
	}
	var size int64
	if err := binary.Read(both, binary.BigEndian, &size); err != nil || size < 0 {
		return readError(err, "the backup is cut short")
	}
	written := &failingWriter{w: file}
	if _, err := io.CopyN(written, both, size); err != nil {
		if written.err != nil {
			return files.Error(written.err)
		}
		return readError(err, "the backup is cut short")
	}
	want, got := sum.Sum(nil), make([]byte, sha256.Size)
	if _, err := io.ReadFull(r, got); err != nil {
		return readError(err, "the backup is cut short")
	}
	if string(got) != string(want) {
		return costd.InvalidField("backup", "the backup is damaged: its sum does not agree")
	}
	if n, err := io.ReadFull(r, make([]byte, 1)); n > 0 {
		return costd.InvalidField("backup", "something follows the end of the backup; is it two files in one?")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// readError returns what err from reading a backup means: Invalid if the backup has
// ended, or err itself.
func readError(err error, message string) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return costd.InvalidField("backup", "%s", message)
	}
	return err
}

// A failingWriter remembers its error, to be told from one of the reader.
type failingWriter struct {
	w   io.Writer
	err error
}

func (f *failingWriter) Write(p []byte) (n int, err error) {
	n, err = f.w.Write(p)
	f.err = err
	return n, err
}
