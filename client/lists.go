package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// Where the lists are.
const (
	projectsPath = "/cloud/v1/projects"
	regionsPath  = "/cloud/v1/regions"
	accountPath  = "/iam/clients/me"
)

// A List is a page of a list.
type List[T any] struct {
	Count   int `json:"count"` // over all pages
	Results []T `json:"results"`
}

// A Project is a part of a client that resources belong to.
type Project struct {
	ID          int64     `json:"id"`
	ClientID    int64     `json:"client_id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	State       string    `json:"state"` // such as "ACTIVE"
	IsDefault   bool      `json:"is_default"`
	CreatedAt   time.Time `json:"created_at"`
	DeletedAt   time.Time `json:"deleted_at"` // zero if it is not deleted
}

// UnmarshalJSON reads times without a zone, as the hosted service writes them, too.
func (p *Project) UnmarshalJSON(text []byte) error {
	type plain Project
	wire := struct {
		*plain
		CreatedAt zonelessTime `json:"created_at"`
		DeletedAt zonelessTime `json:"deleted_at"`
	}{plain: (*plain)(p)}
	err := json.Unmarshal(text, &wire)
	p.CreatedAt, p.DeletedAt = wire.CreatedAt.Time, wire.DeletedAt.Time
	return err
}

// A ProjectsRequest selects projects. Its zero value asks for all of them.
type ProjectsRequest struct {
	Name           string // equal to it
	IncludeDeleted bool
	OrderBy        ProjectOrder
	Limit          int // of a page: 100 by default, of sequences over all pages 1000
	Offset         int
}

// A ProjectOrder is what projects are ordered by.
type ProjectOrder string

// The orders of projects.
const (
	OrderProjectsCreatedAsc  ProjectOrder = "created_at.asc" // the default
	OrderProjectsCreatedDesc ProjectOrder = "created_at.desc"
	OrderProjectsNameAsc     ProjectOrder = "name.asc"
	OrderProjectsNameDesc    ProjectOrder = "name.desc"
)

// Projects returns a page of the projects that the key can see.
func (c *Client) Projects(ctx context.Context, request ProjectsRequest) (*List[Project], error) {
	q := query{}
	q.text("name", request.Name)
	q.flag("include_deleted", request.IncludeDeleted)
	q.text("order_by", string(request.OrderBy))
	q.page(request.Limit, request.Offset)
	return get[List[Project]](ctx, c, projectsPath, q)
}

// AllProjects yields the projects of all pages. An error ends the sequence.
func (c *Client) AllProjects(ctx context.Context, request ProjectsRequest) iter.Seq2[Project, error] {
	fillLimit(&request.Limit)
	window := (*List[Project]).window
	return rowsOf(pages(request.Offset, window, func(offset int) (*List[Project], error) {
		page := request
		page.Offset = offset
		return c.Projects(ctx, page)
	}), window)
}

// A Region is a place where resources are.
type Region struct {
	ID                   int64     `json:"id"`
	DisplayName          string    `json:"display_name"`
	KeystoneName         string    `json:"keystone_name"`
	KeystoneID           int64     `json:"keystone_id"`
	Slug                 string    `json:"slug"`
	State                string    `json:"state"` // such as "ACTIVE"
	AccessLevel          string    `json:"access_level"`
	EndpointType         string    `json:"endpoint_type"`
	Country              string    `json:"country"`
	Zone                 string    `json:"zone"`
	CreatedAt            time.Time `json:"created_at"`
	HasAI                bool      `json:"has_ai"`
	HasAIGPU             bool      `json:"has_ai_gpu"`
	HasBaremetal         bool      `json:"has_baremetal"`
	HasBasicVM           bool      `json:"has_basic_vm"`
	HasDBaaS             bool      `json:"has_dbaas"`
	HasDDoS              bool      `json:"has_ddos"`
	HasK8s               bool      `json:"has_k8s"`
	HasKVM               bool      `json:"has_kvm"`
	HasSFS               bool      `json:"has_sfs"`
	AvailableVolumeTypes []string  `json:"available_volume_types"`
	FileShareTypes       []string  `json:"file_share_types"`
}

// UnmarshalJSON reads times without a zone, too.
func (r *Region) UnmarshalJSON(text []byte) error {
	type plain Region
	wire := struct {
		*plain
		CreatedAt zonelessTime `json:"created_at"`
	}{plain: (*plain)(r)}
	err := json.Unmarshal(text, &wire)
	r.CreatedAt = wire.CreatedAt.Time
	return err
}

// A RegionsRequest selects regions. Its zero value asks for all of them.
type RegionsRequest struct {
	DisplayName     string
	Product         string // that the region has: "containers" or "inference"
	ShowVolumeTypes bool   // fill AvailableVolumeTypes
	OrderBy         RegionOrder
	Limit           int // of a page: 100 by default, of sequences over all pages 1000
	Offset          int
}

// A RegionOrder is what regions are ordered by.
type RegionOrder string

// The orders of regions.
const (
	OrderRegionsCreatedAsc  RegionOrder = "created_at.asc" // the default
	OrderRegionsCreatedDesc RegionOrder = "created_at.desc"
	OrderRegionsNameAsc     RegionOrder = "display_name.asc"
	OrderRegionsNameDesc    RegionOrder = "display_name.desc"
)

// Regions returns a page of the regions.
func (c *Client) Regions(ctx context.Context, request RegionsRequest) (*List[Region], error) {
	q := query{}
	q.text("display_name", request.DisplayName)
	q.text("product", request.Product)
	q.flag("show_volume_types", request.ShowVolumeTypes)
	q.text("order_by", string(request.OrderBy))
	q.page(request.Limit, request.Offset)
	return get[List[Region]](ctx, c, regionsPath, q)
}

// AllRegions yields the regions of all pages. An error ends the sequence.
func (c *Client) AllRegions(ctx context.Context, request RegionsRequest) iter.Seq2[Region, error] {
	fillLimit(&request.Limit)
	window := (*List[Region]).window
	return rowsOf(pages(request.Offset, window, func(offset int) (*List[Region], error) {
		page := request
		page.Offset = offset
		return c.Regions(ctx, page)
	}), window)
}

// An Account is the client whose key is used.
type Account struct {
	ID           int64    `json:"id"`
	Name         string   `json:"name"`
	CompanyName  string   `json:"companyName"`
	Email        string   `json:"email"`
	Status       string   `json:"status"` // such as "active"
	BillType     string   `json:"bill_type"`
	Capabilities []string `json:"capabilities"`
}

// Account returns the client whose key is used, which is the way to check a key.
func (c *Client) Account(ctx context.Context) (*Account, error) {
	return get[Account](ctx, c, accountPath, nil)
}

// A query is the parameters of a GET. Zero values are left out.
type query map[string]string

func (q query) text(name, value string) {
	if value != "" {
		q[name] = value
	}
}

func (q query) number(name string, value int64) {
	if value != 0 {
		q[name] = strconv.FormatInt(value, 10)
	}
}

func (q query) flag(name string, value bool) {
	if value {
		q[name] = "true"
	}
}

func (q query) time(name string, value time.Time) {
	if !value.IsZero() {
		q[name] = value.Format(time.RFC3339)
	}
}

func (q query) page(limit, offset int) {
	q.number("limit", int64(limit))
	q.number("offset", int64(offset))
}

func (q query) encode() string {
	values := url.Values{}
	for name, value := range q {
		values.Set(name, value)
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

func get[T any](ctx context.Context, c *Client, path string, q query) (*T, error) {
	answer, err := decode[T](c.do(ctx, call{method: "GET", path: path + q.encode(), accept: "application/json"}))
	if err != nil {
		return nil, err
	}
	return &answer, nil
}
