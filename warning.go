package costd

// A WarningKind says what a warning about usage is about.
type WarningKind string

// The kinds of warnings.
const (
	// WarningDimension: the record lacks the field that tells lines of its type apart.
	WarningDimension WarningKind = "dimension"
	// WarningRegion: the catalog does not have the region.
	WarningRegion WarningKind = "region"
	// WarningProject: the catalog does not have the project.
	WarningProject WarningKind = "project"
	// WarningForeignProject: the catalog has the project for another client.
	WarningForeignProject WarningKind = "foreign_project"
	// WarningFuture: the record starts more than a day in the future.
	WarningFuture WarningKind = "future"
)

// A Warning counts the records of one request that were taken though there is most
// likely a mistake of one kind in them.
type Warning struct {
	Kind    WarningKind `json:"kind"`
	Count   int         `json:"count"`   // of records, above 0
	Example Example     `json:"example"` // the first of them
	Message string      `json:"message"` // what is wrong with the example: the field and the remedy
}

// An Example is one of the records that a warning counts.
type Example struct {
	Index int    `json:"index"` // of the record in the request, from 0
	ID    string `json:"id"`
}

// AddWarning adds w to a list that has each kind once. The example and the message
// stay those of the warning that came first.
func AddWarning(list []Warning, w Warning) []Warning {
	for i := range list {
		if list[i].Kind == w.Kind {
			list[i].Count += w.Count
			return list
		}
	}
	return append(list, w)
}
