package openapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"

	"go.yaml.in/yaml/v3"
)

//go:embed page.html
var pageTemplate string

//go:embed page.css
var pageStyle string

// A page is what ServePage answers with.
type page struct {
	html   []byte
	policy string // its Content-Security-Policy
}

// render makes the page of a document.
func render(source []byte) (page, error) {
	var d document
	if err := yaml.Unmarshal(source, &d); err != nil {
		return page{}, fmt.Errorf("openapi: %w", err)
	}
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return page{}, fmt.Errorf("openapi: %w", err)
	}
	v := d.view()
	v.Style = template.CSS(pageStyle)
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return page{}, fmt.Errorf("openapi: %w", err)
	}
	hash := sha256.Sum256([]byte(pageStyle))
	return page{
		html: b.Bytes(),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}, nil
}
