// The Multitenancy recipe's functions, as of CDI 3.1: a tenant says which recipes are enabled.
package clients

import (
	"strings"
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/emailpassword"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy/multitenancymodels"
	"github.com/supertokens/supertokens-golang/recipe/passwordless"
	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/recipe/thirdparty/tpmodels"
)

type tenantConfig = multitenancymodels.TenantConfig

func putTenant(t *testing.T, id string, config tenantConfig) bool {
	t.Helper()
	return there(t, must(multitenancy.CreateOrUpdateTenant(id, config))(t).OK).CreatedNew
}

func getTenant(t *testing.T, id string) multitenancymodels.Tenant {
	t.Helper()
	return there(t, must(multitenancy.GetTenant(id))(t))
}

// enabled says which recipes are: EmailPassword, Passwordless, ThirdParty.
func enabled(tenant multitenancymodels.Tenant) [3]bool {
	return [3]bool{tenant.EmailPassword.Enabled, tenant.Passwordless.Enabled, tenant.ThirdParty.Enabled}
}

func TestCreateOrUpdateTenant(t *testing.T) {
	id := newID("tenant")
	isTrue(t, must(multitenancy.GetTenant(id))(t) == nil, "before it is created")
	equal(t, putTenant(t, id, tenantConfig{}), true)
	fresh := getTenant(t, id)
	equal(t, fresh.TenantId, id)
	equal(t, enabled(fresh), [3]bool{}, "a new tenant has nothing enabled")
	equal(t, fresh.CoreConfig, object{})
	equal(t, fresh.ThirdParty.Providers, []tpmodels.ProviderConfig{})

	settings := object{"password_reset_token_lifetime": 60000.0}
	equal(t, putTenant(t, id, tenantConfig{EmailPasswordEnabled: ptr(true), CoreConfig: settings}), false)
	equal(t, enabled(getTenant(t, id)), [3]bool{true, false, false})
	equal(t, getTenant(t, id).CoreConfig, settings)
	equal(t, putTenant(t, id, tenantConfig{}), false)
	equal(t, enabled(getTenant(t, id)), [3]bool{true, false, false}, "what is not named stays")
	equal(t, getTenant(t, id).CoreConfig, settings)

	putTenant(t, id, tenantConfig{PasswordlessEnabled: ptr(true), ThirdPartyEnabled: ptr(true)})
	equal(t, enabled(getTenant(t, id)), [3]bool{true, true, true})
	settings = object{"password_reset_token_lifetime": nil}
	putTenant(t, id, tenantConfig{EmailPasswordEnabled: ptr(false), CoreConfig: settings})
	equal(t, enabled(getTenant(t, id)), [3]bool{false, true, true})
	equal(t, getTenant(t, id).CoreConfig, object{}, "null takes a setting back")
}

func TestTheRecipesOfATenantAreItsFirstFactors(t *testing.T) {
	id := newID("tenant")
	factors := func() any {
		return cdiVersion(t, "5.4", "GET", "/"+id+"/recipe/multitenancy/tenant/v2", nil)["firstFactors"]
	}
	putTenant(t, id, tenantConfig{})
	equal(t, factors(), any([]any{}))
	putTenant(t, id, tenantConfig{EmailPasswordEnabled: ptr(true)})
	equal(t, factors(), any([]any{"emailpassword"}))

	body := object{"tenantId": id, "firstFactors": []string{"thirdparty", "otp-email"}}
	cdiVersion(t, "5.4", "PUT", "/recipe/multitenancy/tenant/v2", body)
	equal(t, enabled(getTenant(t, id)), [3]bool{false, true, true})
}

func TestCreateOrUpdateTenantRefusesBadInput(t *testing.T) {
	for _, id := range []string{"with space", "appid-x", "recipe", "ümlaut", ""} {
		_, err := multitenancy.CreateOrUpdateTenant(id, tenantConfig{})
		fails(t, err, "400")
	}
	put := func(settings object) error {
		_, err := multitenancy.CreateOrUpdateTenant(newID("tenant"), tenantConfig{CoreConfig: settings})
		return err
	}
	fails(t, put(object{"no_such_setting": 1}), "400.*Invalid core config: Invalid config key: no_such_setting")
	fails(t, put(object{"password_reset_token_lifetime": "soon"}), "400.*must be of type long")
	settings := object{"password_reset_token_lifetime": 1}
	_, err := multitenancy.CreateOrUpdateTenant(public, tenantConfig{CoreConfig: settings})
	fails(t, err, "400.*Cannot modify base config")
}

func TestTenantIdsAreLowerCase(t *testing.T) {
	id := newID("Tenant")
	putTenant(t, id, tenantConfig{})
	equal(t, getTenant(t, strings.ToLower(id)).TenantId, strings.ToLower(id))
	equal(t, putTenant(t, strings.ToUpper(id), tenantConfig{}), false)
}

func TestListAndDeleteTenants(t *testing.T) {
	with(t, config{connectionURI: createApp(t, nil)})
	list := func() []string {
		ids := []string{}
		for _, tenant := range there(t, must(multitenancy.ListAllTenants())(t).OK).Tenants {
			ids = append(ids, tenant.TenantId)
		}
		return ids
	}
	equal(t, list(), []string{public})
	equal(t, enabled(getTenant(t, public)), [3]bool{true, true, true})
	one, two := createTenant(t, nil), createTenant(t, nil)
	sameMembers(t, list(), []string{public, one, two})
	user := signUp(t, one)
	for _, did := range []bool{true, false} {
		equal(t, there(t, must(multitenancy.DeleteTenant(one))(t).OK).DidExist, did)
	}
	sameMembers(t, list(), []string{public, two})
	isTrue(t, must(multitenancy.GetTenant(one))(t) == nil, "still there")
	equal(t, must(emailpassword.GetUserByID(user.ID))(t).TenantIds, []string{}, "its users stay, in no tenant")
	_, err := multitenancy.DeleteTenant(public)
	fails(t, err, "403.*Cannot delete public tenant")
}

func TestThirdPartyConfig(t *testing.T) {
	tenant := createTenant(t, nil)
	first := tpmodels.ProviderConfig{
		ThirdPartyId: "google",
		Name:         "Google",
		Clients: []tpmodels.ProviderClientConfig{
			{ClientType: "web", ClientID: "one", ClientSecret: "secret", Scope: []string{"email"}, ForcePKCE: ptr(true),
				AdditionalConfig: object{"hd": "example.org"}},
			{ClientType: "app", ClientID: "two"},
		},
		AuthorizationEndpoint:            "https://a.example",
		AuthorizationEndpointQueryParams: object{"a": "1", "b": nil},
		TokenEndpoint:                    "https://t.example",
		TokenEndpointBodyParams:          object{"c": "2", "d": nil},
		UserInfoEndpoint:                 "https://u.example",
		UserInfoEndpointQueryParams:      object{"e": nil},
		UserInfoEndpointHeaders:          object{"f": "3"},
		JwksURI:                          "https://j.example",
		OIDCDiscoveryEndpoint:            "https://o.example",
		RequireEmail:                     ptr(false),
		UserInfoMap: tpmodels.TypeUserInfoMap{
			FromIdTokenPayload: tpmodels.TypeUserInfoMapFields{UserId: "sub", Email: "mail"},
			FromUserInfoAPI:    tpmodels.TypeUserInfoMapFields{EmailVerified: "ok"},
		},
	}
	put := func(provider tpmodels.ProviderConfig) bool {
		return there(t, must(multitenancy.CreateOrUpdateThirdPartyConfig(tenant, provider, nil))(t).OK).CreatedNew
	}
	providers := func() []tpmodels.ProviderConfig { return getTenant(t, tenant).ThirdParty.Providers }
	equal(t, put(first), true)
	equal(t, providers(), []tpmodels.ProviderConfig{first})

	plain := tpmodels.ProviderConfig{ThirdPartyId: "google", Clients: []tpmodels.ProviderClientConfig{{ClientID: "three"}}}
	equal(t, put(plain), false)
	equal(t, providers(), []tpmodels.ProviderConfig{plain}, "replaced, not merged")
	equal(t, put(tpmodels.ProviderConfig{ThirdPartyId: "github", Clients: plain.Clients}), true)
	equal(t, len(providers()), 2)
	for _, did := range []bool{true, false} {
		equal(t, there(t, must(multitenancy.DeleteThirdPartyConfig(tenant, "github"))(t).OK).DidConfigExist, did)
	}
	equal(t, providers(), []tpmodels.ProviderConfig{plain})
}

func TestThirdPartyConfigIsValidated(t *testing.T) {
	tenant := createTenant(t, nil)
	apple := tpmodels.ProviderConfig{ThirdPartyId: "apple", Clients: []tpmodels.ProviderClientConfig{{ClientID: "one"}}}
	_, err := multitenancy.CreateOrUpdateThirdPartyConfig(tenant, apple, nil)
	fails(t, err, "400.*Invalid third party config: a non empty string value must be specified for keyId")
	equal(t, status(must(multitenancy.CreateOrUpdateThirdPartyConfig(tenant, apple, ptr(true)))(t)), "OK")

	twice := tpmodels.ProviderConfig{
		ThirdPartyId: "acme", Clients: []tpmodels.ProviderClientConfig{{ClientID: "one"}, {ClientID: "two"}},
	}
	_, err = multitenancy.CreateOrUpdateThirdPartyConfig(tenant, twice, nil)
	fails(t, err, "400.*Invalid third party config: Duplicate clientType")
	_, err = multitenancy.CreateOrUpdateThirdPartyConfig(tenant, tpmodels.ProviderConfig{}, nil)
	fails(t, err, "400.*Invalid third party config: thirdPartyId cannot be null or empty")
	_, err = multitenancy.CreateOrUpdateThirdPartyConfig(newID("nowhere"), apple, ptr(true))
	fails(t, err, "400.*AppId or tenantId not found")
}

func associate(t *testing.T, tenant, id string) bool {
	t.Helper()
	return there(t, must(multitenancy.AssociateUserToTenant(tenant, id))(t).OK).WasAlreadyAssociated
}

func disassociate(t *testing.T, tenant, id string) bool {
	t.Helper()
	return there(t, must(multitenancy.DisassociateUserFromTenant(tenant, id))(t).OK).WasAssociated
}

func TestUsersCanBeInSeveralTenants(t *testing.T) {
	user, tenant := signUp(t, public), createTenant(t, nil)
	equal(t, []bool{associate(t, tenant, user.ID), associate(t, tenant, user.ID)}, []bool{false, true})
	sameMembers(t, must(emailpassword.GetUserByID(user.ID))(t).TenantIds, []string{public, tenant})
	equal(t, must(emailpassword.GetUserByEmail(tenant, user.Email))(t).ID, user.ID)
	equal(t, signInStatus(t, tenant, user.Email, password), "OK")

	kept, ended := createSession(t, public, user.ID, nil, nil), createSession(t, tenant, user.ID, nil, nil)
	equal(t, []bool{disassociate(t, tenant, user.ID), disassociate(t, tenant, user.ID)}, []bool{true, false})
	equal(t, signInStatus(t, tenant, user.Email, password), "WrongCredentialsError")
	equal(t, must(emailpassword.GetUserByID(user.ID))(t).TenantIds, []string{public})
	isTrue(t, must(session.GetSessionInformation(ended.GetHandle()))(t) == nil, "the tenant's session is still there")
	equal(t, must(session.GetSessionInformation(kept.GetHandle()))(t).TenantId, public)

	equal(t, disassociate(t, public, user.ID), true, "the last one")
	equal(t, must(emailpassword.GetUserByID(user.ID))(t).TenantIds, []string{})
	equal(t, associate(t, tenant, user.ID), false)
	equal(t, signInStatus(t, tenant, user.Email, password), "OK")
}

// The SDK panics at every outcome but OK, so the server is asked as the SDK asks it.
func TestAssociationsThatAreRefused(t *testing.T) {
	tenant := createTenant(t, nil)
	outcome := func(id, path string) any {
		return cdi(t, "POST", "/"+tenant+"/recipe/multitenancy/tenant/user"+path, object{"userId": id})["status"]
	}
	equal(t, outcome(nobody, ""), any("UNKNOWN_USER_ID_ERROR"))
	equal(t, outcome(nobody, "/remove"), any("UNKNOWN_USER_ID_ERROR"))

	user := signUp(t, public)
	must(emailpassword.SignUp(tenant, user.Email, newPassword))(t)
	equal(t, outcome(user.ID, ""), any("EMAIL_ALREADY_EXISTS_ERROR"))

	phone := newPhone()
	caller := must(passwordless.SignInUpByPhoneNumber(public, phone))(t).User
	must(passwordless.SignInUpByPhoneNumber(tenant, phone))(t)
	equal(t, outcome(caller.ID, ""), any("PHONE_NUMBER_ALREADY_EXISTS_ERROR"))

	id := newID("gh")
	visitor, _ := signInWith(t, public, "github", id, newEmail())
	signInWith(t, tenant, "github", id, newEmail())
	equal(t, outcome(visitor.ID, ""), any("THIRD_PARTY_USER_ALREADY_EXISTS_ERROR"))
}
