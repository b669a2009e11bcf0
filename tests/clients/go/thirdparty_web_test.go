// Signing in with a provider that the tenant names, through the SDK's own APIs. The provider is a real HTTP server.
package clients

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/emailverification/evmodels"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy"
	"github.com/supertokens/supertokens-golang/recipe/thirdparty"
	"github.com/supertokens/supertokens-golang/recipe/thirdparty/tpmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

// startProvider starts an OAuth 2.0 provider. Whoever brings a code to it is the visitor with these members.
func startProvider(t *testing.T, visitor *object) string {
	t.Helper()
	issued := map[string]object{}
	routes := http.NewServeMux()
	routes.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_id") != "the-application" || r.FormValue("client_secret") != "secret" {
			http.Error(w, "invalid_client", http.StatusUnauthorized)
			return
		}
		issued[r.FormValue("code")] = *visitor
		reply(w, object{"access_token": r.FormValue("code"), "token_type": "Bearer"})
	})
	routes.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
		reply(w, issued[r.Header.Get("authorization")[len("Bearer "):]])
	})
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	return server.URL
}

// tenantWith is a new tenant that names the provider.
func tenantWith(t *testing.T, provider string) string {
	t.Helper()
	tenant := createTenant(t, nil)
	must(multitenancy.CreateOrUpdateThirdPartyConfig(tenant, tpmodels.ProviderConfig{
		ThirdPartyId: "acme",
		Name:         "Acme",
		Clients: []tpmodels.ProviderClientConfig{
			{ClientID: "the-application", ClientSecret: "secret", Scope: []string{"email"}},
		},
		AuthorizationEndpoint: provider + "/authorize",
		TokenEndpoint:         provider + "/token",
		UserInfoEndpoint:      provider + "/me",
		UserInfoMap: tpmodels.TypeUserInfoMap{
			FromUserInfoAPI: tpmodels.TypeUserInfoMapFields{UserId: "number", Email: "mail", EmailVerified: "sure"},
		},
	}, nil))(t)
	return tenant
}

func signInAt(b *browser, tenant string) response {
	b.t.Helper()
	return b.post("/auth/"+tenant+"/signinup", object{
		"thirdPartyId": "acme",
		"redirectURIInfo": object{
			"redirectURIOnProviderDashboard": websiteDomain + "/callback",
			"redirectURIQueryParams":         object{"code": newID("code")},
		},
	})
}

func TestWebThirdParty(t *testing.T) {
	forEachMode(t, func(t *testing.T, mode string) {
		id, email := newID("acme"), newEmail()
		visitor := object{"number": id, "mail": email, "sure": false}
		provider := startProvider(t, &visitor)
		client := newBrowser(t, serve(t, config{}), mode)
		tenant := tenantWith(t, provider)

		methods := client.get("/auth/" + tenant + "/loginmethods").json["thirdParty"]
		equal(t, methods, any(object{"enabled": true, "providers": []any{object{"id": "acme", "name": "Acme"}}}))
		query := url.Values{"thirdPartyId": {"acme"}, "redirectURIOnProviderDashboard": {websiteDomain + "/callback"}}
		redirect := client.get("/auth/" + tenant + "/authorisationurl?" + query.Encode())
		hasStatus(t, redirect, "OK")
		matches(t, redirect.json["urlWithQueryParams"].(string), "^"+provider+`/authorize\?client_id=the-application&`)

		signedUp := signInAt(client, tenant)
		hasStatus(t, signedUp, "OK")
		equal(t, signedUp.json["createdNewUser"], any(true))
		user := signedUp.json["user"].(object)
		equal(t, user["thirdParty"], any(object{"id": "acme", "userId": id}))
		equal(t, user["tenantIds"], any([]any{tenant}))
		me := client.get("/me")
		equal(t, []any{me.json["userId"], me.json["payload"].(object)["tId"]}, []any{user["id"], tenant})

		visitor = object{"number": id, "mail": newEmail()}
		signedIn := signInAt(client, tenant)
		hasStatus(t, signedIn, "OK")
		equal(t, signedIn.json["createdNewUser"], any(false))
		equal(t, signedIn.json["user"].(object)["email"], visitor["mail"])
		equal(t, signedIn.json["user"].(object)["id"], user["id"])

		visitor = object{"number": newID("acme")}
		hasStatus(t, signInAt(client, tenant), "NO_EMAIL_GIVEN_BY_PROVIDER")
		hasCode(t, signInAt(client, public), http.StatusBadRequest) // it knows no such provider
	})
}

// The SDK says so itself: with CDI 3.1 the server does not read what the provider has confirmed.
func TestWebThirdPartyVerifiesTheAddress(t *testing.T) {
	visitor := object{"number": newID("acme"), "mail": newEmail(), "sure": true}
	provider := startProvider(t, &visitor)
	recipes := []supertokens.Recipe{emailVerification(evmodels.ModeRequired)}
	client := newBrowser(t, serve(t, config{recipes: recipes}), "cookie")
	tenant := tenantWith(t, provider)
	hasStatus(t, signInAt(client, tenant), "OK")
	hasCode(t, client.get("/me"), http.StatusOK)
	user := there(t, must(thirdparty.GetUserByThirdPartyInfo(tenant, "acme", visitor["number"].(string)))(t))
	equal(t, isVerified(t, user.ID, nil), true)

	visitor = object{"number": newID("acme"), "mail": newEmail(), "sure": false}
	hasStatus(t, signInAt(client, tenant), "OK")
	hasCode(t, client.get("/me"), http.StatusForbidden)
}
