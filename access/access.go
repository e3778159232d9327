package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"strings"
	"time"

	"costd.dev/costd"
)

// A Principal is who a request comes from.
type Principal struct {
	KeyID    string
	Role     costd.Role
	ClientID int64   // 0 for operator and ingest
	Projects []int64 // for project keys
	// Acting says that the key is an operator's, who makes the call as an administrator of
	// the client; see Authorize.
	Acting bool
}

// Require returns a Forbidden error unless the principal has one of the roles.
func (p Principal) Require(roles ...costd.Role) error {
	if slices.Contains(roles, p.Role) {
		return nil
	}
	if p.Acting {
		return costd.Errorf(costd.Forbidden, "the header %s makes this a call of an administrator, who may not do this; leave the header out", ClientHeader)
	}
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return costd.Errorf(costd.Forbidden, "a key with the role %s may not do this; it may call %s; use a key with the role %s here",
		p.Role, Calls(p.Role), strings.Join(names, " or "))
}

// A Service makes keys and recognizes them. It may be used by several goroutines.
type Service struct {
	Catalog costd.Catalog
	// Static are further tokens, given by whoever starts the server, with those
	// they stand for. They may have any form.
	Static map[string]Principal
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	uses uses
}

// Authenticate returns the bearer of an Authorization header. It returns
// Unauthenticated for a header without a token, an unknown id, a wrong secret and a key
// that has expired; other errors are those of the catalog. Unknown ids and wrong secrets
// get the same message after the same comparison, so that neither the text nor the time
// tells which of the two it was.
func (s *Service) Authenticate(ctx context.Context, header string) (_ Principal, err error) {
	defer costd.Wrap(&err, "access.Authenticate")
	token, err := parseHeader(header)
	if err != nil {
		return Principal{}, err
	}
	if p, ok := s.static(token); ok {
		return p, nil
	}
	id, hash := parseToken(token)
	key, err := s.Catalog.Key(ctx, id)
	if err != nil && costd.ErrorCode(err) != costd.NotFound {
		return Principal{}, err
	}
	right := subtle.ConstantTimeCompare(hash[:], key.Hash[:]) == 1 // of an unknown key, all zeros
	if err != nil || !right {
		return Principal{}, costd.Errorf(costd.Unauthenticated, "the key is not valid; ask an operator for a new one")
	}
	if expired(key, s.now()) { // told only to who has the secret
		return Principal{}, costd.Errorf(costd.Unauthenticated, "the key has expired; ask an operator for a new one")
	}
	s.uses.note(key.ID, s.now())
	return Principal{KeyID: key.ID, Role: key.Role, ClientID: key.ClientID, Projects: key.Projects}, nil
}

func (s *Service) static(token string) (found Principal, ok bool) {
	given := sha256.Sum256([]byte(token))
	for known, p := range s.Static {
		hash := sha256.Sum256([]byte(known))
		if subtle.ConstantTimeCompare(given[:], hash[:]) == 1 {
			found, ok = p, true
		}
	}
	return found, ok
}

// Create makes a key and returns it with its token, which is not kept and cannot
// be shown again. Administrator and project keys need a client, project keys one
// of its projects at least; all must be in the catalog. Mistakes are Invalid.
func (s *Service) Create(ctx context.Context, role costd.Role, clientID int64, projects []int64, options ...Option) (_ costd.Key, token string, err error) {
	defer costd.Wrap(&err, "access.Create")
	if err := checkBearer(role, clientID, projects); err != nil {
		return costd.Key{}, "", err
	}
	if clientID != 0 {
		entries, _, err := s.Catalog.Entries(ctx)
		if err != nil {
			return costd.Key{}, "", err
		}
		if err := checkExistence(entries, clientID, projects); err != nil {
			return costd.Key{}, "", err
		}
	}
	key, token := s.newKey(role, clientID, projects)
	for _, option := range options {
		option(&key)
	}
	if err := checkOptions(key); err != nil {
		return costd.Key{}, "", err
	}
	return key, token, s.Catalog.CreateKey(ctx, key)
}

func (s *Service) newKey(role costd.Role, clientID int64, projects []int64) (costd.Key, string) {
	key, token := newToken()
	projects = slices.Clone(projects)
	slices.Sort(projects)
	key.Role, key.ClientID, key.Projects = role, clientID, slices.Compact(projects)
	key.Created = s.now().UTC().Truncate(time.Microsecond) // what any database keeps
	return key, token
}

func (s *Service) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// maxProjects bounds the projects of one key; beyond it an administrator key is meant.
const maxProjects = 1000

// checkBearer returns an error unless the role goes with what it is given for.
func checkBearer(role costd.Role, clientID int64, projects []int64) error {
	switch role {
	case costd.RoleOperator, costd.RoleIngest:
		if clientID != 0 {
			return costd.InvalidField("client_id", "is not for the role %s, which belongs to no client; leave it out", role)
		}
	case costd.RoleAdministrator, costd.RoleProject:
		if clientID <= 0 {
			return costd.InvalidField("client_id", "is required for the role %s", role)
		}
	case "":
		return costd.InvalidField("role", "is required: operator, ingest, administrator or project")
	default:
		return costd.InvalidField("role", "%.32q is none; it is operator, ingest, administrator or project", role)
	}
	switch {
	case role != costd.RoleProject && len(projects) > 0:
		return costd.InvalidField("projects", "are for the role project; leave them out")
	case role == costd.RoleProject && len(projects) == 0:
		return costd.InvalidField("projects", "are required for the role project, at least one")
	case len(projects) > maxProjects:
		return costd.InvalidField("projects", "are %d; at most %d are kept, use the role administrator", len(projects), maxProjects)
	}
	return nil
}

// checkExistence returns an error unless the client and all of the projects, as
// its own, are in the catalog.
func checkExistence(entries costd.Entries, clientID int64, projects []int64) error {
	if !slices.ContainsFunc(entries.Clients, func(c costd.Client) bool { return c.ID == clientID }) {
		return costd.InvalidField("client_id", "is %d, but the catalog has no such client; apply it first", clientID)
	}
	for _, id := range projects {
		mine := func(p costd.Project) bool { return p.ID == id && p.ClientID == clientID }
		if !slices.ContainsFunc(entries.Projects, mine) {
			return costd.InvalidField("projects", "names %d, but client %d has no such project in the catalog; apply it first", id, clientID)
		}
	}
	return nil
}

// Keys returns all keys, ordered by id. Their last uses are up to date, though not all
// of them may be saved.
func (s *Service) Keys(ctx context.Context) (_ []costd.Key, err error) {
	defer costd.Wrap(&err, "access.Keys")
	keys, err := s.Catalog.Keys(ctx)
	for i := range keys {
		s.uses.addTo(&keys[i])
	}
	return keys, err
}

// Key returns the key with the given id, its last use being up to date, or NotFound.
func (s *Service) Key(ctx context.Context, id string) (_ costd.Key, err error) {
	defer costd.Wrap(&err, "access.Key")
	if id == "" || strings.ContainsFunc(id, notInID) {
		return costd.Key{}, errNoKey
	}
	key, err := s.Catalog.Key(ctx, id)
	if err == nil {
		s.uses.addTo(&key)
	}
	return key, err
}

var errNoKey = costd.Errorf(costd.NotFound, "there is no such key")

// Delete removes a key, or returns NotFound. An operator key that never expires stays,
// Invalid, if it is the last such one: without it nobody could make another, be it now
// or when the rest have expired. One that expires stays if no other is accepted.
func (s *Service) Delete(ctx context.Context, id string) (err error) {
	defer costd.Wrap(&err, "access.Delete")
	key, err := s.Key(ctx, id)
	if err != nil {
		return err
	}
	return s.Catalog.DeleteKey(ctx, id, func(rest []costd.Key) error {
		if key.Role != costd.RoleOperator {
			return nil
		}
		return checkRest(rest, key.Expires.IsZero(), s.now())
	})
}

// checkRest returns an error unless the keys are enough to go on with after an operator
// key, which is lasting if it never expires, is deleted.
func checkRest(rest []costd.Key, lasting bool, now time.Time) error {
	if len(operatorIDs(rest, now)) == 0 {
		return costd.Errorf(costd.Invalid, "this is the last operator key; create another one first")
	}
	lasts := func(k costd.Key) bool { return k.Role == costd.RoleOperator && k.Expires.IsZero() }
	if lasting && !slices.ContainsFunc(rest, lasts) {
		return costd.Errorf(costd.Invalid, "this is the last operator key that does not expire; create another one without an expiry first")
	}
	return nil
}

// operatorIDs returns the ids of operator keys that are accepted now.
func operatorIDs(keys []costd.Key, now time.Time) []string {
	var ids []string
	for _, key := range keys {
		if key.Role == costd.RoleOperator && !expired(key, now) {
			ids = append(ids, key.ID)
		}
	}
	return ids
}

// Bootstrap makes an operator key if there is none, and reports whether it did.
// It hands the token to save before the key exists, so that a crash in between
// loses nothing: the next Bootstrap makes another key and saves that.
func (s *Service) Bootstrap(ctx context.Context, save func(token string) error) (_ bool, err error) {
	defer costd.Wrap(&err, "access.Bootstrap")
	keys, err := s.Catalog.Keys(ctx)
	if err != nil || len(operatorIDs(keys, s.now())) > 0 {
		return false, err
	}
	key, token := s.newKey(costd.RoleOperator, 0, nil)
	if err := save(token); err != nil {
		return false, err
	}
	return true, s.Catalog.CreateKey(ctx, key)
}
