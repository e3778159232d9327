package openapi

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestPage reads the page as a browser would that may load nothing.
func TestPage(t *testing.T) {
	w := httptest.NewRecorder()
	ServePage(w, httptest.NewRequest("GET", "/docs", nil))
	html := w.Body.String()

	style := between(t, html, "<style>", "</style>")
	hash := sha256.Sum256([]byte(style))
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+"'") || !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("the policy %q does not allow the page's style sheet, or more than that", policy)
	}
	for _, forbidden := range []string{"<script", " style=", "@import", "url(", "<img", "<link", "<iframe", "http-equiv"} {
		if strings.Contains(html, forbidden) {
			t.Errorf("the page has %s", forbidden)
		}
	}
	ids := map[string]bool{}
	for _, id := range found(html, ` id="([^"]*)"`) {
		if ids[id] {
			t.Errorf("two elements have the id %s", id)
		}
		ids[id] = true
	}
	for _, link := range found(html, ` href="([^"]*)"`) {
		if fragment, ok := strings.CutPrefix(link, "#"); ok && !ids[fragment] {
			t.Errorf("the link %s leads nowhere", link)
		} else if !ok && link != "/openapi.yaml" {
			t.Errorf("the page leads to %s", link)
		}
	}
	if strings.Contains(html, "ZgotmplZ") || strings.Contains(html, "&lt;p&gt;") {
		t.Error("the template has refused or escaped something")
	}
}

// Everything of the document stands on the page.
func TestPageIsWhole(t *testing.T) {
	p, err := render(Document)
	if err != nil {
		t.Fatal(err)
	}
	html := string(p.html)
	var d document
	if err := yaml.Unmarshal(Document, &d); err != nil {
		t.Fatal(err)
	}
	for _, s := range d.Components.Schemas {
		article := between(t, html, `id="schema-`+s.Key+`"`, "</article>")
		for _, p := range s.Value.Properties {
			if !strings.Contains(article, "<code>"+p.Key+"</code>") {
				t.Errorf("%s lacks %s", s.Key, p.Key)
			}
		}
	}
	for _, path := range d.Paths {
		for _, o := range []*operation{path.Value.Get, path.Value.Put, path.Value.Post, path.Value.Delete} {
			if o == nil {
				continue
			}
			article := between(t, html, `id="`+o.ID+`"`, "</article>")
			for _, r := range o.Responses {
				if !strings.Contains(article, ">"+r.Key+"</b>") {
					t.Errorf("%s lacks the status %s", o.ID, r.Key)
				}
			}
			if !strings.Contains(article, "<code>"+path.Key+"</code>") {
				t.Errorf("%s lacks its path", o.ID)
			}
		}
	}
}

func TestMarkup(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"a\nb":                      "<p>a\nb</p>",
		"a\n\n`b`":                  "<p>a</p><p><code>b</code></p>",
		"**a** `<b>` & c":           "<p><strong>a</strong> <code>&lt;b&gt;</code> &amp; c</p>",
		"one ` alone":               "<p>one ` alone</p>",
		"<script>alert(1)</script>": "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
	} {
		if got := string(markup(in)); got != want {
			t.Errorf("markup(%q) = %s, want %s", in, got, want)
		}
	}
}

func between(t *testing.T, s, begin, end string) string {
	t.Helper()
	_, rest, ok := strings.Cut(s, begin)
	inside, _, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("the page has no %s ... %s", begin, end)
	}
	return inside
}

func found(s, pattern string) (list []string) {
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(s, -1) {
		list = append(list, match[1])
	}
	return list
}
