package gcore

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"costd.dev/costd"
)

// The calls that clients make around reports. costd keeps little of what they
// show; DIVERGENCES.md lists the values that are constant here.

// unknownTime stands where the contract wants a time that costd does not keep.
const unknownTime = "1970-01-01T00:00:00Z"

// unknownCountry stands for a country that the catalog does not say: two letters that
// ISO 3166 gives to no country, as the contract wants two letters.
const unknownCountry = "ZZ"

// projects answers with the client's projects, those of the key for a project key.
func (h *Handler) projects(c *call) error {
	p := parseParams(c.URL.RawQuery, "limit", "offset", "order_by", "name", "include_deleted")
	rows, defaultID, err := h.visibleProjects(c)
	if err != nil {
		return err
	}
	name := p.optional("name")
	rows = slices.DeleteFunc(rows, func(project costd.Project) bool { return name != nil && project.Name != *name })
	p.flag("include_deleted", false) // nothing is ever deleted
	field, descending := p.order("created_at.asc", "created_at", "name")
	sortRows(rows, field == "name", descending,
		func(project costd.Project) string { return project.Name }, func(project costd.Project) int64 { return project.ID })
	shown := page(p, rows)
	if err := p.err(); err != nil {
		return err
	}
	writeList(c.answer, len(rows), shown, func(b []byte, project costd.Project) []byte {
		return appendProject(b, project, project.ID == defaultID)
	})
	return nil
}

// visibleProjects returns the projects that the key sees, ordered by id, and the id of
// the client's default one.
func (h *Handler) visibleProjects(c *call) (rows []costd.Project, defaultID int64, err error) {
	only, err := h.allowedProjects(c.Context(), c.principal, costd.Period{}, nil)
	if err != nil {
		return nil, 0, err
	}
	all, err := h.Reports.Projects(c.Context(), c.principal.ClientID, nil)
	if err != nil {
		return nil, 0, err
	}
	defaultID = math.MaxInt64
	for _, project := range all {
		defaultID = min(defaultID, project.ID)
	}
	return slices.DeleteFunc(all, func(project costd.Project) bool {
		return only != nil && !slices.Contains(only, project.ID)
	}), defaultID, nil
}

// project answers with one project. One that the key may not see is answered like one
// that does not exist, so that nobody learns which ids others have.
func (h *Handler) project(c *call) error {
	if err := parseParams(c.URL.RawQuery).err(); err != nil {
		return err
	}
	rows, defaultID, err := h.visibleProjects(c)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rows, func(project costd.Project) bool { return strconv.FormatInt(project.ID, 10) == c.PathValue("id") })
	if i < 0 {
		return costd.Errorf(costd.NotFound, "there is no project %s for this key; GET /cloud/v1/projects lists those it sees", shorten(c.PathValue("id")))
	}
	c.answer.contentType("application/json")
	c.answer.b = append(appendProject(c.answer.b, rows[i], rows[i].ID == defaultID), '\n')
	return nil
}

func appendProject(b []byte, p costd.Project, isDefault bool) []byte {
	b = appendInt(append(b, '{'), "id", p.ID)
	b = appendInt(b, "client_id", p.ClientID)
	b = appendText(b, "created_at", unknownTime)
	b = appendNull(b, "deleted_at")
	b = appendNull(b, "description")
	b = appendBool(b, "is_default", isDefault)
	b = appendText(b, "name", p.Name)
	b = appendText(b, "state", "ACTIVE")
	b = appendNull(b, "task_id")
	return append(b, '}')
}

// regions answers with all regions.
func (h *Handler) regions(c *call) error {
	p := parseParams(c.URL.RawQuery, "limit", "offset", "order_by", "display_name", "product", "show_volume_types")
	all, err := h.Reports.Regions(c.Context())
	if err != nil {
		return err
	}
	name := p.optional("display_name")
	rows := slices.DeleteFunc(slices.Clone(all), func(r costd.Region) bool {
		return name != nil && !strings.EqualFold(r.Name, *name)
	})
	p.flag("show_volume_types", false)
	if product := p.optional("product"); product != nil { // every region may have every product
		p.choice("product", *product, []string{"containers", "inference"})
	}
	field, descending := p.order("created_at.asc", "created_at", "display_name")
	sortRows(rows, field == "display_name", descending,
		func(r costd.Region) string { return r.Name }, func(r costd.Region) int64 { return r.ID })
	shown := page(p, rows)
	if err := p.err(); err != nil {
		return err
	}
	writeList(c.answer, len(rows), shown, appendRegion)
	return nil
}

// region answers with one region.
func (h *Handler) region(c *call) error {
	p := parseParams(c.URL.RawQuery, "show_volume_types")
	p.flag("show_volume_types", false)
	if err := p.err(); err != nil {
		return err
	}
	all, err := h.Reports.Regions(c.Context())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(r costd.Region) bool { return strconv.FormatInt(r.ID, 10) == c.PathValue("id") })
	if i < 0 {
		return costd.Errorf(costd.NotFound, "there is no region %s; GET /cloud/v1/regions lists them", shorten(c.PathValue("id")))
	}
	c.answer.contentType("application/json")
	c.answer.b = append(appendRegion(c.answer.b, all[i]), '\n')
	return nil
}

func appendRegion(b []byte, r costd.Region) []byte {
	b = appendInt(append(b, '{'), "id", r.ID)
	b = appendText(b, "display_name", r.Name)
	b = appendText(b, "keystone_name", r.Name)
	b = appendInt(b, "keystone_id", r.ID)
	b = appendText(b, "slug", slug(r.Name))
	b = appendText(b, "state", "ACTIVE")
	b = appendText(b, "access_level", "core")
	b = appendText(b, "endpoint_type", "public")
	b = appendText(b, "country", cmp.Or(r.Country, unknownCountry))
	b = appendText(b, "vlan_physical_network", "")
	b = appendText(b, "created_at", unknownTime)
	b = appendText(b, "created_on", unknownTime)
	for _, capability := range []string{"has_ai", "has_ai_gpu", "has_baremetal", "has_basic_vm", "has_dbaas",
		"has_ddos", "has_k8s", "has_kvm", "has_sfs"} {
		b = appendBool(b, capability, true)
	}
	for _, unknown := range []string{"available_volume_types", "coordinates", "ddos_endpoint_id", "external_network_id",
		"file_share_types", "metrics_database_id", "task_id", "zone"} {
		b = appendNull(b, unknown)
	}
	return append(b, '}')
}

// slug makes "luxembourg-2" of "Luxembourg-2".
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, "-")
}

// me answers with the client itself, which is how clients check a key.
func (h *Handler) me(c *call) error {
	p := parseParams(c.URL.RawQuery)
	if err := p.err(); err != nil {
		return err
	}
	client, err := h.Reports.Client(c.Context(), c.principal.ClientID)
	if err != nil {
		return err
	}
	c.answer.contentType("application/json")
	c.answer.b = append(appendClient(c.answer.b, client), '\n')
	return nil
}

func appendClient(b []byte, client costd.Client) []byte {
	b = appendInt(append(b, '{'), "id", client.ID)
	b = appendText(b, "bill_type", "common")
	b = append(appendKey(b, "capabilities"), `["CLOUD"]`...)
	b = appendText(b, "companyName", client.Name)
	b = appendInt(b, "currentUser", 0)
	b = appendBool(b, "deleted", false)
	b = appendText(b, "email", "")
	b = append(appendKey(b, "freeFeatures"), `{"CLOUD":[]}`...)
	b = appendBool(b, "has_active_admin", true)
	b = appendBool(b, "is_test", false)
	b = appendText(b, "name", client.Name)
	b = append(appendKey(b, "paidFeatures"), `{"CLOUD":[]}`...)
	b = append(appendKey(b, "serviceStatuses"), `{"CLOUD":{"enabled":true,"status":"active"}}`...)
	b = appendText(b, "status", "active")
	b = append(appendKey(b, "users"), `[]`...)
	return append(b, '}')
}

// sortRows orders rows by name or else by id, which is the order in which they
// came; ids break ties.
func sortRows[T any](rows []T, byName, descending bool, name func(T) string, id func(T) int64) {
	slices.SortFunc(rows, func(a, b T) int {
		order := cmp.Compare(id(a), id(b))
		if byName {
			order = cmp.Or(cmp.Compare(name(a), name(b)), order)
		}
		if descending {
			return -order
		}
		return order
	})
}

// writeList writes {count, results}.
func writeList[T any](a *answer, count int, rows []T, appendRow func([]byte, T) []byte) {
	a.contentType("application/json")
	a.beginCount(count)
	a.text(`"results":[`)
	for i, row := range rows {
		a.comma(i)
		a.b = appendRow(a.b, row)
	}
	a.text("]}\n")
}
