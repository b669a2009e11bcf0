// The ThirdParty recipe's functions.
package clients

import (
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/emailpassword"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy/multitenancymodels"
	"github.com/supertokens/supertokens-golang/recipe/thirdparty"
	"github.com/supertokens/supertokens-golang/recipe/thirdparty/tpmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func signInWith(t *testing.T, tenant, provider, id, email string) (tpmodels.User, bool) {
	t.Helper()
	answer := there(t, must(thirdparty.ManuallyCreateOrUpdateUser(tenant, provider, id, email))(t).OK)
	return answer.User, answer.CreatedNewUser
}

func TestThirdPartySignUpAndSignIn(t *testing.T) {
	id, email := newID("Gh"), newEmail()
	user, created := signInWith(t, public, "github", id, email)
	isTrue(t, created && user.ID != "" && user.TimeJoined > 0, show(user))
	equal(t, user.Email, email)
	equal(t, []string{user.ThirdParty.ID, user.ThirdParty.UserID}, []string{"github", id})
	equal(t, user.TenantIds, []string{public})

	again, created := signInWith(t, public, "github", id, email)
	equal(t, created, false)
	equal(t, again, user)
	equal(t, there(t, must(thirdparty.GetUserByID(user.ID))(t)), user)
	equal(t, there(t, must(thirdparty.GetUserByThirdPartyInfo(public, "github", id))(t)), user)
}

func TestAThirdPartySignInBringsTheNewAddress(t *testing.T) {
	id, after := newID("gh"), newEmail()
	user, _ := signInWith(t, public, "github", id, newEmail())
	changed, created := signInWith(t, public, "github", id, after)
	equal(t, []any{changed.ID, changed.Email, created}, []any{user.ID, after, false})
	equal(t, must(thirdparty.GetUserByID(user.ID))(t).Email, after)
	equal(t, len(must(thirdparty.GetUsersByEmail(public, user.Email))(t)), 0, "by the old address")
	equal(t, must(thirdparty.GetUsersByEmail(public, after))(t), []tpmodels.User{changed})
}

func TestThirdPartyIdsAreTakenLiterally(t *testing.T) {
	id, email := newID("gh"), newEmail()
	ids := []string{}
	for _, pair := range [][2]string{{"github", id}, {"github", id + "X"}, {"github", id + "x"}, {"GitHub", id}} {
		user, created := signInWith(t, public, pair[0], pair[1], email)
		isTrue(t, created, pair)
		ids = append(ids, user.ID)
	}
	found := []string{}
	for _, user := range must(thirdparty.GetUsersByEmail(public, email))(t) {
		found = append(found, user.ID)
	}
	sameMembers(t, found, ids, "an address may belong to several users")
}

func TestUnknownThirdPartyUsers(t *testing.T) {
	id := newID("gh")
	user, _ := signInWith(t, public, "github", id, newEmail())
	isTrue(t, must(thirdparty.GetUserByID(nobody))(t) == nil, "by id")
	isTrue(t, must(thirdparty.GetUserByThirdPartyInfo(public, "github", newID("gh")))(t) == nil, "by the provider's id")
	isTrue(t, must(thirdparty.GetUserByThirdPartyInfo(public, "gitlab", id))(t) == nil, "of another provider")
	equal(t, len(must(thirdparty.GetUsersByEmail(public, newEmail()))(t)), 0)
	withPassword := signUp(t, public)
	isTrue(t, must(thirdparty.GetUserByID(withPassword.ID))(t) == nil, "a user of another recipe")
	equal(t, len(must(thirdparty.GetUsersByEmail(public, withPassword.Email))(t)), 0)
	equal(t, status(must(emailpassword.SignUp(public, user.Email, password))(t)), "OK", "the address is free there")
	noError(t, supertokens.DeleteUser(user.ID))
	isTrue(t, must(thirdparty.GetUserByThirdPartyInfo(public, "github", id))(t) == nil, "deleted")
}

func TestThirdPartyUsersOfTenants(t *testing.T) {
	tenant, id, email := createTenant(t, nil), newID("gh"), newEmail()
	here, _ := signInWith(t, public, "github", id, email)
	elsewhere, created := signInWith(t, tenant, "github", id, email)
	isTrue(t, created && here.ID != elsewhere.ID, show(elsewhere))
	equal(t, elsewhere.TenantIds, []string{tenant})
	equal(t, must(thirdparty.GetUserByThirdPartyInfo(tenant, "github", id))(t).ID, elsewhere.ID)
	equal(t, must(thirdparty.GetUsersByEmail(tenant, email))(t), []tpmodels.User{elsewhere})

	off := multitenancymodels.TenantConfig{ThirdPartyEnabled: ptr(false)}
	must(multitenancy.CreateOrUpdateTenant(tenant, off))(t)
	_, err := thirdparty.ManuallyCreateOrUpdateUser(tenant, "github", id, email)
	fails(t, err, "403.*Third party login not enabled for tenant")
}

func TestProvidersComeFromTheTenant(t *testing.T) {
	tenant := createTenant(t, nil)
	isTrue(t, must(thirdparty.GetProvider(tenant, "acme", nil))(t) == nil, "before")
	must(multitenancy.CreateOrUpdateThirdPartyConfig(tenant, tpmodels.ProviderConfig{
		ThirdPartyId: "acme",
		Name:         "Acme",
		Clients: []tpmodels.ProviderClientConfig{
			{ClientType: "web", ClientID: "web-id", ClientSecret: "web secret", Scope: []string{"email", "profile"}},
			{ClientType: "app", ClientID: "app-id", ForcePKCE: ptr(true)},
		},
		AuthorizationEndpoint:            "https://acme.example/authorize",
		AuthorizationEndpointQueryParams: object{"prompt": "login", "response_type": nil},
		TokenEndpoint:                    "https://acme.example/token",
		UserInfoEndpoint:                 "https://acme.example/me",
	}, nil))(t)

	web := there(t, must(thirdparty.GetProvider(tenant, "acme", ptr("web")))(t))
	equal(t, []string{web.ID, web.Config.Name, web.Config.ClientID, web.Config.ClientSecret},
		[]string{"acme", "Acme", "web-id", "web secret"})
	equal(t, web.Config.Scope, []string{"email", "profile"})
	redirect := must(web.GetAuthorisationRedirectURL(websiteDomain, nil))(t).URLWithQueryParams
	matches(t, redirect, `^https://acme\.example/authorize\?client_id=web-id&prompt=login&redirect_uri=[^&]+&scope=`)

	app := there(t, must(thirdparty.GetProvider(tenant, "acme", ptr("app")))(t))
	equal(t, []any{app.Config.ClientID, app.Config.ClientSecret, *app.Config.ForcePKCE}, []any{"app-id", "", true})
	isTrue(t, must(thirdparty.GetProvider(public, "acme", nil))(t) == nil, "in another tenant")
	_, err := thirdparty.GetProvider(newID("nowhere"), "acme", nil)
	fails(t, err, "tenant not found")
}
