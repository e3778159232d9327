package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// maxImport bounds the files that are imported, in records.
const maxImport = 1_000_000

// importTimes is how fast a file is taken in, in records per second.
type importTimes struct {
	costd, duckdb []float64
}

// measureImports imports the beginning of the fleet from a CSV and from a Parquet
// file, each time into an empty store, and lets DuckDB copy the same files into a table of the same columns.
func measureImports(ctx context.Context, config *Config, p *plan) (csv, parquet importTimes, err error) {
	file := filepath.Join(config.Folder, "usage.csv")
	records, err := writeCSV(file, p.loaded(asCSV), min(p.Records, maxImport))
	if err != nil {
		return csv, parquet, err
	}
	packed := filepath.Join(config.Folder, "usage.parquet")
	if err := convert(ctx, config, file, packed); err != nil {
		return csv, parquet, err
	}
	defer os.Remove(file)
	defer os.Remove(packed)
	for range config.effort.imports {
		for _, turn := range []struct {
			file  string
			times *importTimes
		}{{file, &csv}, {packed, &parquet}} {
			config.say("importing %s ...", filepath.Base(turn.file))
			elapsed, err := timeImport(ctx, config, p, turn.file, records)
			if err != nil {
				return csv, parquet, err
			}
			turn.times.costd = append(turn.times.costd, float64(records)/elapsed.Seconds())
			if elapsed, err = timeCopy(ctx, config, turn.file, records); err != nil {
				return csv, parquet, err
			}
			turn.times.duckdb = append(turn.times.duckdb, float64(records)/elapsed.Seconds())
		}
	}
	return csv, parquet, nil
}

// convert makes a Parquet file of a CSV file.
func convert(ctx context.Context, config *Config, csv, parquet string) (err error) {
	db, err := openPlain(ctx, filepath.Join(config.Folder, "convert.duckdb"))
	if err != nil {
		return err
	}
	defer os.Remove(db.file)
	defer db.db.Close()
	return db.exec(ctx, "CREATE TABLE incoming ("+importColumns+")", copyInto("incoming", csv),
		fmt.Sprintf("COPY incoming TO '%s' (FORMAT parquet)", parquet))
}

// timeImport runs `costd import` against an empty server.
func timeImport(ctx context.Context, config *Config, p *plan, file string, records int64) (elapsed time.Duration, err error) {
	s, err := newSite(ctx, config, p, "import")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(s.data)
	cmd := exec.CommandContext(ctx, config.Costd)
	cmd.Args = []string{"costd", "import", "--url", s.server.URL, "--api-key-file", filepath.Join(s.data, "operator.key"), file}
	begin := time.Now()
	said, err := cmd.CombinedOutput()
	elapsed = time.Since(begin)
	if err != nil {
		s.server.Kill()
		return 0, fmt.Errorf("the import failed: %w\n%s", err, said)
	}
	result, err := s.operator(1).SendNDJSON(ctx, firstLine(p))
	if err == nil && result.Unchanged != 1 {
		err = fmt.Errorf("after the import of %d records the first is not there: %+v", records, result)
	}
	if stopped := s.stop(); err == nil {
		err = stopped
	}
	return elapsed, err
}

// firstLine returns the first record of the fleet.
func firstLine(p *plan) []byte {
	line, _ := p.loaded(asNDJSON).batch(nil, 1)
	return line
}

// timeCopy lets DuckDB copy the file into an empty table, durably.
func timeCopy(ctx context.Context, config *Config, file string, records int64) (elapsed time.Duration, err error) {
	db, err := openPlain(ctx, filepath.Join(config.Folder, "copy.duckdb"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(db.file)
	defer db.db.Close()
	statement := copyInto("incoming", file)
	if filepath.Ext(file) == ".parquet" {
		statement = fmt.Sprintf("COPY incoming FROM '%s'", file)
	}
	if err := db.exec(ctx, "CREATE TABLE incoming ("+importColumns+")"); err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := db.exec(ctx, statement); err != nil {
		return 0, err
	}
	elapsed = time.Since(begin)
	var n int64
	if err := db.db.QueryRowContext(ctx, "SELECT count(*) FROM incoming").Scan(&n); err != nil || n != records {
		return 0, fmt.Errorf("DuckDB copied %d of %d records: %w", n, records, err)
	}
	return elapsed, nil
}
