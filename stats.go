package costd

// StoreStats are figures of a store for those who run it. A store that can tell
// them has the method
//
//	Stats(ctx context.Context) (StoreStats, error)
//
// which is cheap enough to be called every few seconds. A figure that it does not
// know is 0.
type StoreStats struct {
	Parts          int64 // of usage records that are kept now; a record has one for each UTC day
	DiskBytes      int64 // size of all files
	AggregateBytes int64 // memory of the sums by client and month that reports are answered from
	Refreshes      int64 // days of such sums, since the start, that were read or made again
}
