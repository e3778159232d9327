package duckdb_test

import (
	"fmt"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

// fleet returns hourly records of a fleet of resources, in the order in which
// they would arrive: for n hours from the beginning of October 2026, all resources
// of each hour. Every third is tagged.
func fleet(client int64, resources, hours int) []costd.Record {
	types := []costd.Type{costd.Instance, costd.Volume, costd.FloatingIP, costd.AICluster, costd.LoadBalancer}
	begin := costd.NewDay(2026, time.October, 1).Time()
	size := decimal.FromInt(100)
	records := make([]costd.Record, 0, resources*hours)
	for hour := range hours {
		start := begin.Add(time.Duration(hour) * time.Hour)
		for i := range resources {
			r := costd.Record{Usage: costd.Usage{
				ID: fmt.Sprintf("%d-%d", i, hour), ClientID: client, ProjectID: int64(i % 5), RegionID: int64(i % 3),
				Type: types[i%len(types)], ResourceID: fmt.Sprintf("c0ffee00-0000-4000-8000-%012d", i),
				Metric: fmt.Sprintf("metric-%d", i%20), Start: start, End: start.Add(time.Hour),
				Flavor: fmt.Sprintf("flavor-%d", i%10), Name: fmt.Sprintf("resource number %d", i), Size: &size,
			}}
			if i%3 == 0 {
				r.Tags = map[string]string{"team": fmt.Sprintf("Team %d", i%7), "env": "Production"}
			}
			q, err := costd.NewQuantity(decimal.Fraction(60, 1))
			if err != nil {
				panic(err)
			}
			r.Parts = []costd.Part{{Day: costd.DayOf(start), Start: r.Start, End: r.End, Quantity: q}}
			records = append(records, r)
		}
	}
	return records
}

func load(b *testing.B, db *embedded.Store, records []costd.Record, batch int) {
	for len(records) > 0 {
		n := min(batch, len(records))
		if _, err := db.Write(b.Context(), records[:n]); err != nil {
			b.Fatal(err)
		}
		records = records[n:]
	}
}

// BenchmarkWrite writes 100,000 new records in batches of 5,000.
func BenchmarkWrite(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		records := fleet(int64(i), 500, 200)
		db := open(b, b.TempDir())
		b.StartTimer()
		load(b, db, records, 5000)
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkRewrite writes them again, which changes nothing.
func BenchmarkRewrite(b *testing.B) {
	db := open(b, b.TempDir())
	records := fleet(1, 500, 200)
	load(b, db, records, 5000)
	for b.Loop() {
		load(b, db, records, 5000)
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkWriteOne writes one record at a time.
func BenchmarkWriteOne(b *testing.B) {
	db := open(b, b.TempDir())
	records := fleet(1, 500, 200)
	load(b, db, records, 5000)
	for i := 0; b.Loop(); i++ {
		r := records[i%len(records)]
		r.ID = fmt.Sprint("one ", i)
		if _, err := db.Write(b.Context(), []costd.Record{r}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads a client-month of 216,000 hourly records of 300 resources,
// beside as many of another client.
func BenchmarkRead(b *testing.B) {
	db := open(b, b.TempDir())
	load(b, db, fleet(1001, 300, 720), 5000)
	load(b, db, fleet(1002, 300, 720), 5000)
	query := costd.Query{ClientID: 1001, Period: costd.NewMonth(2026, time.October).Period()}
	filtered, tagged := query, query
	filtered.Filter = &costd.Filter{Type: costd.Instance, Field: costd.FieldLastName, Values: []string{"resource number 5"}}
	tagged.Tags = &costd.TagFilter{Conditions: []costd.TagCondition{{Key: "team", Value: "team 3"}}}
	for name, q := range map[string]costd.Query{"All": query, "Filter": filtered, "Tags": tagged} {
		b.Run("Lines/"+name, func(b *testing.B) {
			for b.Loop() {
				if lines, err := db.Lines(b.Context(), q); err != nil || len(lines) == 0 {
					b.Fatal(lines, err)
				}
			}
		})
		b.Run("Resources/"+name, func(b *testing.B) {
			for b.Loop() {
				readPage(b, db, q, costd.Page{Limit: 10, OrderBy: []costd.SortKey{{By: costd.SortBillingValue}}})
			}
		})
	}
	b.Run("Resources/Export", func(b *testing.B) {
		for b.Loop() {
			readPage(b, db, query, costd.Page{})
		}
	})
}

// BenchmarkReadAfterWrite reads the lines of the same client-month each time that
// an hour of its resources has arrived, or that an hour was changed.
func BenchmarkReadAfterWrite(b *testing.B) {
	for _, replace := range []bool{false, true} {
		b.Run(map[bool]string{false: "New", true: "Replaced"}[replace], func(b *testing.B) {
			db := open(b, b.TempDir())
			records := fleet(1001, 300, 720)
			load(b, db, records, 5000)
			query := costd.Query{ClientID: 1001, Period: costd.NewMonth(2026, time.October).Period()}
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				hour := records[300*(n%720):][:300]
				for i := range hour {
					hour[i].Name = fmt.Sprint("renamed ", n/720)
					if !replace {
						hour[i].ID = fmt.Sprintf("again %d-%d", n, i)
					}
				}
				load(b, db, hour, 5000)
				b.StartTimer()
				if lines, err := db.Lines(b.Context(), query); err != nil || len(lines) == 0 {
					b.Fatal(lines, err)
				}
			}
		})
	}
}

func readPage(b *testing.B, db *embedded.Store, q costd.Query, p costd.Page) {
	count, rows, err := db.Resources(b.Context(), q, p)
	if err != nil || count == 0 {
		b.Fatal(count, err)
	}
	for _, err := range rows {
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWriteMany writes hour after hour of 120,000 resources in batches of 10,000,
// all of which are remembered.
func BenchmarkWriteMany(b *testing.B) {
	const clients, hours = 240, 4
	fleets := make([][]costd.Record, clients)
	for i := range fleets {
		fleets[i] = fleet(int64(i+1), 500, hours)
	}
	db := open(b, b.TempDir())
	hour := func(n int) []costd.Record {
		records := make([]costd.Record, 0, 500*clients)
		for i := range fleets {
			for _, r := range fleets[i][500*(n%hours) : 500*(n%hours+1)] {
				r.ID = fmt.Sprint(n, " ", r.ID)
				records = append(records, r)
			}
		}
		return records
	}
	load(b, db, hour(0), 10_000)
	for n := 1; b.Loop(); n++ {
		b.StopTimer()
		records := hour(n)
		b.StartTimer()
		load(b, db, records, 10_000)
	}
	b.ReportMetric(500*clients*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkWriteForgotten writes 64 records at a time of 300,000 resources, none of
// which is remembered.
func BenchmarkWriteForgotten(b *testing.B) {
	db := open(b, b.TempDir())
	for client := range int64(200) {
		load(b, db, fleet(1+client, 1500, 1), 5000)
	}
	duckdb.ForgetNumbers(db.DB)
	for i := 0; b.Loop(); i++ {
		records := make([]costd.Record, 0, 64)
		for n := range int64(64) {
			r := fleet(1+(n*97+int64(i))%200, 1, 1)[0]
			at := int(n*7919+int64(i)*104729) % 1500
			r.ResourceID, r.Metric = fmt.Sprintf("c0ffee00-0000-4000-8000-%012d", at), fmt.Sprintf("metric-%d", at%20)
			r.ID = fmt.Sprint("late ", i, n)
			records = append(records, r)
		}
		if _, err := db.Write(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadPeriod reads the lines and a page of one client over periods of several
// lengths, of 13 months with 216,000 hourly records each.
func BenchmarkReadPeriod(b *testing.B) {
	db := open(b, b.TempDir())
	for month := range 13 {
		records := fleet(1001, 300, 720)
		for i := range records {
			r := &records[i]
			r.Start, r.End = r.Start.AddDate(0, -month, 0), r.End.AddDate(0, -month, 0)
			r.Parts[0].Day, r.Parts[0].Start, r.Parts[0].End = costd.DayOf(r.Start), r.Start, r.End
		}
		load(b, db, records, 5000)
	}
	to := costd.NewDay(2026, time.October, 31)
	for _, days := range []costd.Day{30, 45, 366} {
		query := costd.Query{ClientID: 1001, Period: costd.Period{From: to - days, To: to}}
		b.Run(fmt.Sprintf("Lines/%d", days), func(b *testing.B) {
			for b.Loop() {
				if lines, err := db.Lines(b.Context(), query); err != nil || len(lines) == 0 {
					b.Fatal(lines, err)
				}
			}
		})
		b.Run(fmt.Sprintf("Page/%d", days), func(b *testing.B) {
			for b.Loop() {
				readPage(b, db, query, costd.Page{Limit: 10})
			}
		})
	}
}

// BenchmarkCorrectScattered corrects 100 records a batch, each of another client and day:
// of 40 clients with 30 days of 480 records.
func BenchmarkCorrectScattered(b *testing.B) {
	const clients, days, resources = 40, 30, 20
	db := open(b, b.TempDir())
	all := make([][]costd.Record, clients)
	for c := range all {
		all[c] = fleet(int64(c+1), resources, 24*days)
		load(b, db, all[c], 5000)
	}
	for n := 0; b.Loop(); n++ {
		batch := make([]costd.Record, 0, 100)
		for i := range 100 {
			day := (n*7 + i*11) % days
			r := all[i%clients][(day*24+n%24)*resources+i%resources]
			r.Name = fmt.Sprint("corrected ", n)
			batch = append(batch, r)
		}
		if n%10 == 0 {
			b.StopTimer()
			duckdb.ForgetDigests(db.DB) // as when there are more days than fit
			b.StartTimer()
		}
		load(b, db, batch, len(batch))
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "corrections/s")
}

// BenchmarkReadCold reads a month of 216,000 records that is rolled up and not in memory.
func BenchmarkReadCold(b *testing.B) {
	db := open(b, b.TempDir())
	load(b, db, fleet(1, 300, 720), 20_000)
	if _, err := db.RollUp(b.Context(), 0); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		db.Forget()
		if _, err := db.Lines(b.Context(), costd.Query{ClientID: 1, Period: october}); err != nil {
			b.Fatal(err)
		}
	}
}

// manyResources are records of a day each, of n resources on so many days.
func manyResources(n, days int) []costd.Record {
	begin := costd.NewDay(2026, time.October, 1).Time()
	records := make([]costd.Record, 0, n*days)
	quantity, err := costd.NewQuantity(decimal.Fraction(1440, 1))
	if err != nil {
		panic(err)
	}
	for day := range days {
		start := begin.AddDate(0, 0, day)
		for i := range n {
			r := costd.Record{Usage: costd.Usage{ID: fmt.Sprintf("%d-%d", i, day), ClientID: 1, ProjectID: int64(i % 50), RegionID: int64(i % 3),
				Type: costd.Instance, ResourceID: fmt.Sprintf("c0ffee00-0000-4000-8000-%012d", i), Metric: "m", Flavor: fmt.Sprint("flavor ", i%10),
				Name: fmt.Sprint("resource number ", i), Start: start, End: start.AddDate(0, 0, 1)}}
			r.Parts = []costd.Part{{Day: costd.DayOf(start), Start: r.Start, End: r.End, Quantity: quantity}}
			records = append(records, r)
		}
	}
	return records
}

// BenchmarkReadLarge reads a month of 50,000 resources: its lines, a page of ten rows, and all
// rows; from memory, for which it is just small enough by default, and from scans.
func BenchmarkReadLarge(b *testing.B) {
	for name, cache := range map[string]int64{"Memory": 0, "Scan": -1} {
		db, err := embedded.Open(b.Context(), embedded.Options{Path: b.TempDir(), CacheBytes: cache})
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		load(b, db, manyResources(50_000, 31), 50_000)
		if _, err := db.RollUp(b.Context(), 0); err != nil {
			b.Fatal(err)
		}
		q := costd.Query{ClientID: 1, Period: october}
		b.Run(name+"/Lines", func(b *testing.B) {
			for b.Loop() {
				if _, err := db.Lines(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/Page", func(b *testing.B) {
			for b.Loop() {
				readPage(b, db, q, costd.Page{Limit: 10})
			}
		})
		b.Run(name+"/Rows", func(b *testing.B) {
			for b.Loop() {
				readPage(b, db, q, costd.Page{})
			}
		})
	}
}
