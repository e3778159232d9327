package access

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"

	"costd.dev/costd"
)

const (
	scheme     = "APIKey"
	separators = "$_" // what may stand between id and secret; the first is written
	idLength   = 12   // 60 bits: keys are few, and a collision is refused
	maxToken   = 512  // bounds what is hashed for strangers
)

// newToken returns a new key without its bearer, and its token.
func newToken() (costd.Key, string) {
	id := strings.ToLower(rand.Text()[:idLength])
	secret := rand.Text() + rand.Text() // 130 bits each
	return costd.Key{ID: id, Hash: sha256.Sum256([]byte(secret))}, id + separators[:1] + secret
}

// parseHeader returns the token of an Authorization header, whatever the case of
// the scheme and the spaces around the token.
func parseHeader(header string) (string, error) {
	name, token, _ := strings.Cut(strings.TrimSpace(header), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(name, scheme) || token == "" || len(token) > maxToken {
		return "", costd.Errorf(costd.Unauthenticated, "no key; send the header Authorization: %s <token>", scheme)
	}
	return token, nil
}

// KeyID returns the id of the key that a token is of, or "" for a text that is no
// token. It does not say whether there is such a key.
func KeyID(token string) string {
	id, _ := parseToken(strings.TrimSpace(token))
	return id
}

// parseToken cuts a token into its id and the hash of its secret. The id of a text
// that cannot be a token is "", which no key has.
func parseToken(token string) (id string, hash [sha256.Size]byte) {
	i := strings.IndexAny(token, separators)
	if i < 0 || strings.ContainsFunc(token[:i], notInID) {
		return "", sha256.Sum256([]byte(token))
	}
	return token[:i], sha256.Sum256([]byte(token[i+1:]))
}

func notInID(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-')
}
