// The UserRoles recipe's functions.
package clients

import (
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/recipe/session/claims"
	sessionerrors "github.com/supertokens/supertokens-golang/recipe/session/errors"
	"github.com/supertokens/supertokens-golang/recipe/userroles"
	"github.com/supertokens/supertokens-golang/recipe/userroles/userrolesclaims"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func withRoles(t *testing.T) {
	t.Helper()
	with(t, config{recipes: []supertokens.Recipe{userroles.Init(nil)}})
}

func createRole(t *testing.T, permissions ...string) string {
	t.Helper()
	role := newID("Role")
	answer := must(userroles.CreateNewRoleOrAddPermissions(role, append([]string{}, permissions...)))(t)
	equal(t, there(t, answer.OK).CreatedNewRole, true)
	return role
}

func rolesOf(t *testing.T, tenant, id string) []string {
	t.Helper()
	return there(t, must(userroles.GetRolesForUser(tenant, id))(t).OK).Roles
}

func permissionsOf(t *testing.T, role string) []string {
	t.Helper()
	return there(t, must(userroles.GetPermissionsForRole(role))(t).OK).Permissions
}

func give(t *testing.T, tenant, id, role string) {
	t.Helper()
	answer := must(userroles.AddRoleToUser(tenant, id, role))(t)
	equal(t, there(t, answer.OK).DidUserAlreadyHaveRole, false)
}

// deleteRole says whether there was such a role. Without a context of the caller's this one function panics.
func deleteRole(t *testing.T, role string) bool {
	t.Helper()
	return there(t, must(userroles.DeleteRole(role, &object{}))(t).OK).DidRoleExist
}

func TestRolesAndTheirPermissions(t *testing.T) {
	withRoles(t)
	read, write, drop := newID("read"), newID("write"), newID("drop")
	role, plain := createRole(t, read, write), createRole(t)
	sameMembers(t, permissionsOf(t, role), []string{read, write})
	equal(t, len(permissionsOf(t, plain)), 0)

	answer := must(userroles.CreateNewRoleOrAddPermissions(role, []string{write, drop, drop}))(t)
	equal(t, there(t, answer.OK).CreatedNewRole, false)
	sameMembers(t, permissionsOf(t, role), []string{read, write, drop}, "permissions are added")

	equal(t, status(must(userroles.RemovePermissionsFromRole(role, []string{drop, "unknown"}))(t)), "OK")
	equal(t, status(must(userroles.RemovePermissionsFromRole(role, []string{}))(t)), "OK")
	sameMembers(t, permissionsOf(t, role), []string{read, write})

	other := createRole(t, read)
	roles := func(permission string) []string {
		return there(t, must(userroles.GetRolesThatHavePermission(permission))(t).OK).Roles
	}
	sameMembers(t, roles(read), []string{role, other})
	sameMembers(t, roles(write), []string{role})
	equal(t, len(roles(drop)), 0)
}

func TestGetAllRoles(t *testing.T) {
	with(t, config{connectionURI: createApp(t, nil), recipes: []supertokens.Recipe{userroles.Init(nil)}})
	all := func() []string { return there(t, must(userroles.GetAllRoles())(t).OK).Roles }
	equal(t, len(all()), 0)
	one, two := createRole(t), createRole(t)
	sameMembers(t, all(), []string{one, two})
	for _, did := range []bool{true, false} {
		equal(t, deleteRole(t, one), did)
	}
	sameMembers(t, all(), []string{two})
}

func TestRolesOfUsers(t *testing.T) {
	withRoles(t)
	id, other, role, second := newID("visitor"), newID("visitor"), createRole(t), createRole(t)
	equal(t, len(rolesOf(t, public, id)), 0)
	give(t, public, id, role)
	give(t, public, id, second)
	give(t, public, other, role)
	again := must(userroles.AddRoleToUser(public, id, role))(t)
	equal(t, there(t, again.OK).DidUserAlreadyHaveRole, true)
	sameMembers(t, rolesOf(t, public, id), []string{role, second})
	sameMembers(t, there(t, must(userroles.GetUsersThatHaveRole(public, role))(t).OK).Users, []string{id, other})

	for _, had := range []bool{true, false} {
		removed := must(userroles.RemoveUserRole(public, id, role))(t)
		equal(t, there(t, removed.OK).DidUserHaveRole, had)
	}
	sameMembers(t, rolesOf(t, public, id), []string{second})
	sameMembers(t, rolesOf(t, public, other), []string{role}, "somebody else's")

	equal(t, deleteRole(t, role), true)
	equal(t, len(rolesOf(t, public, other)), 0, "a role that is deleted")
}

func TestUnknownRoles(t *testing.T) {
	withRoles(t)
	id, role := newID("visitor"), newID("role")
	equal(t, status(must(userroles.AddRoleToUser(public, id, role))(t)), "UnknownRoleError")
	equal(t, status(must(userroles.RemoveUserRole(public, id, role))(t)), "UnknownRoleError")
	equal(t, status(must(userroles.GetUsersThatHaveRole(public, role))(t)), "UnknownRoleError")
	equal(t, status(must(userroles.GetPermissionsForRole(role))(t)), "UnknownRoleError")
	equal(t, status(must(userroles.RemovePermissionsFromRole(role, []string{"x"}))(t)), "UnknownRoleError")
	_, err := userroles.CreateNewRoleOrAddPermissions(" ", []string{})
	fails(t, err, "400.*Field name 'role' cannot be an empty String")
	_, err = userroles.CreateNewRoleOrAddPermissions(role, []string{""})
	fails(t, err, "400.*Field name 'permissions' cannot contain an empty string")
}

func TestRolesInTenants(t *testing.T) {
	withRoles(t)
	tenant, id, role := createTenant(t, nil), newID("visitor"), createRole(t)
	give(t, tenant, id, role)
	equal(t, len(rolesOf(t, public, id)), 0)
	give(t, public, id, role)
	sameMembers(t, there(t, must(userroles.GetUsersThatHaveRole(tenant, role))(t).OK).Users, []string{id})
	must(userroles.RemoveUserRole(public, id, role))(t)
	sameMembers(t, rolesOf(t, tenant, id), []string{role})
}

func TestRolesAndPermissionsAreInSessions(t *testing.T) {
	withRoles(t)
	tenant, read := createTenant(t, nil), newID("read")
	id, role := newID("visitor"), createRole(t, read)
	give(t, tenant, id, role)
	made := createSession(t, tenant, id, nil, nil)
	equal(t, made.GetClaimValue(userrolesclaims.UserRoleClaim), any([]any{role}))
	equal(t, made.GetClaimValue(userrolesclaims.PermissionClaim), any([]any{read}))
	elsewhere := createSession(t, public, id, nil, nil)
	equal(t, elsewhere.GetClaimValue(userrolesclaims.UserRoleClaim), any([]any{}))

	may := []claims.SessionClaimValidator{userrolesclaims.PermissionClaimValidators.Includes(read, nil, nil)}
	noError(t, made.AssertClaims(may))
	failsAs[sessionerrors.InvalidClaimError](t, elsewhere.AssertClaims(may))

	must(userroles.RemoveUserRole(tenant, id, role))(t)
	equal(t, must(session.FetchAndSetClaim(made.GetHandle(), userrolesclaims.UserRoleClaim))(t), true)
	equal(t, refresh(t, made).GetClaimValue(userrolesclaims.UserRoleClaim), any([]any{}))
}

func TestRolesGoWithTheUser(t *testing.T) {
	withRoles(t)
	user, role := signUp(t, public), createRole(t)
	give(t, public, user.ID, role)
	noError(t, supertokens.DeleteUser(user.ID))
	equal(t, len(rolesOf(t, public, user.ID)), 0)
}
