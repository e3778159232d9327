package access

import "costd.dev/costd"

// calls is what each role may call, in words for an error. A test of package server
// holds it against every route.
var calls = map[costd.Role]string{
	costd.RoleOperator: "every path below /api/v1, and with the header " + ClientHeader + " what an administrator of that client may call",
	costd.RoleIngest:   "POST /api/v1/usage only",
	costd.RoleAdministrator: "POST /cloud/v1/reservation_cost_report/totals, /cloud/v1/cost_report/totals, /cloud/v1/cost_report/resources and /cloud/v1/usage_report, " +
		"and GET /cloud/v2/reservations, /cloud/v1/projects, /cloud/v1/regions, /iam/clients/me and /api/v1/explain",
	costd.RoleProject: "POST /cloud/v1/cost_report/totals, /cloud/v1/cost_report/resources and /cloud/v1/usage_report, " +
		"and GET /cloud/v1/projects, /cloud/v1/regions and /iam/clients/me",
}

// Calls says in words what a key of the role may call: what an error adds when it
// refuses a call. An unknown role may call nothing.
func Calls(role costd.Role) string {
	if calls[role] == "" {
		return "nothing"
	}
	return calls[role]
}
