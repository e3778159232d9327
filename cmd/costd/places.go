package main

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"costd.dev/costd/client"
)

// A place is a region or project: its id, and the names it goes by.
type place struct {
	id    int64
	names []string
}

// regionIDs returns the ids of regions that are given by id or by name.
func regionIDs(ctx context.Context, c *client.Client, words []string) ([]int64, error) {
	return placeIDs("region", words, func() ([]place, error) {
		return gather(c.AllRegions(ctx, client.RegionsRequest{}), func(r client.Region) place {
			return place{r.ID, []string{r.DisplayName, r.KeystoneName, r.Slug}}
		})
	})
}

// projectIDs returns the ids of projects that are given by id or by name.
func projectIDs(ctx context.Context, c *client.Client, words []string) ([]int64, error) {
	return placeIDs("project", words, func() ([]place, error) {
		return gather(c.AllProjects(ctx, client.ProjectsRequest{IncludeDeleted: true}), func(p client.Project) place {
			return place{p.ID, []string{p.Name}}
		})
	})
}

func gather[T any](all iter.Seq2[T, error], placeOf func(T) place) (places []place, err error) {
	for one, err := range all {
		if err != nil {
			return nil, err
		}
		places = append(places, placeOf(one))
	}
	return places, nil
}

// placeIDs returns the ids that words mean. The list is asked for if one of them is a
// name: a number is always an id.
func placeIDs(flag string, words []string, list func() ([]place, error)) (ids []int64, err error) {
	var places []place
	for _, word := range words {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			if places == nil {
				if places, err = list(); err != nil {
					return nil, err
				}
			}
			if id, err = placeID(flag, word, places); err != nil {
				return nil, err
			}
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// placeID returns the id of the only place with this name. Upper and lower case are the
// same.
func placeID(flag, word string, places []place) (int64, error) {
	var found, names []string
	var id int64
	for _, p := range places {
		names = append(names, p.names[0])
		if p.isCalled(word) {
			id = p.id
			found = append(found, strconv.FormatInt(id, 10))
		}
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("--%s: there is no %s %q%s", flag, flag, word, suggestion(word, names))
	case 1:
		return id, nil
	}
	return 0, fmt.Errorf("--%s: several are called %q; name one by id: %s", flag, word, strings.Join(found, ", "))
}

func (p place) isCalled(word string) bool {
	for _, name := range p.names {
		if strings.EqualFold(name, word) {
			return true
		}
	}
	return false
}
