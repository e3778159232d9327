package duckdb

// ForgetNumbers makes the store remember next to no numbers from one batch to the
// next, so that it has to look them up.
func ForgetNumbers(db *DB) {
	db.writing <- struct{}{}
	db.dictionary.limit = -1
	<-db.writing
}
