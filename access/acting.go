package access

import (
	"context"
	"net/http"
	"strconv"

	"costd.dev/costd"
)

// ClientHeader is the header by which an operator says as the administrator of which
// client a call is made.
const ClientHeader = "X-Client-ID"

// Authorize returns as whom the bearer p of a key makes a call with the given headers: as
// p itself, or, for an operator who names a client by ClientHeader, as an administrator of
// that client. The key stays the operator's, so that what is counted and logged by key is
// the operator's. Allowed judges who may make the call; its errors are returned. Known
// looks a client up.
//
// Authorize returns Forbidden if a key with any other role names a client, its own or not,
// Invalid for what is no id, and NotFound for a client that known does not find.
func (p Principal) Authorize(ctx context.Context, headers http.Header, allowed func(Principal) error, known func(context.Context, int64) (costd.Client, error)) (Principal, error) {
	who, err := p.acting(headers)
	if err == nil {
		err = allowed(who)
	}
	if err != nil || !who.Acting {
		return who, err
	}
	_, err = known(ctx, who.ClientID)
	if costd.ErrorCode(err) == costd.NotFound {
		err = costd.Errorf(costd.NotFound, "the catalog has no client %d, which the header %s names; correct the id, or apply the client first", who.ClientID, ClientHeader)
	}
	return who, err
}

// acting returns whom the headers make of p.
func (p Principal) acting(headers http.Header) (Principal, error) {
	named := headers.Values(ClientHeader)
	if len(named) == 0 {
		return p, nil
	}
	if p.Role != costd.RoleOperator {
		return Principal{}, costd.Errorf(costd.Forbidden,
			"the header %s is for keys with the role operator, and this key has the role %s; leave the header out", ClientHeader, p.Role)
	}
	id, err := parseClient(named)
	return Principal{KeyID: p.KeyID, Role: costd.RoleAdministrator, ClientID: id, Acting: true}, err
}

// parseClient reads the values of ClientHeader: one id, in digits alone.
func parseClient(named []string) (int64, error) {
	if len(named) > 1 {
		return 0, costd.InvalidField(ClientHeader, "stands here %d times; send it once", len(named))
	}
	id, err := strconv.ParseInt(named[0], 10, 64)
	if err != nil || id <= 0 || strconv.FormatInt(id, 10) != named[0] {
		return 0, costd.InvalidField(ClientHeader, "%.32q is not the id of a client; write it like 1001", named[0])
	}
	return id, nil
}
