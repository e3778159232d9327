package costd

// StoreStats are figures of a store for those who run it. A store that can tell
// them has the method
//
//	Stats(ctx context.Context) (StoreStats, error)
//
// which is cheap enough to be called every few seconds. A figure that it does not
// know is 0.
type StoreStats struct {
	Records    int64 // usage records kept now
	DiskBytes  int64 // size of all files
	CacheBytes int64 // memory held by answers and sums that are kept ready
	Refreshes  int64 // times since the start that such sums were made anew
}
