// Sign-up to sign-out through the SDK's own APIs, with the tokens in cookies and in headers.
package clients

import (
	"net/http"
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/recipe/session/sessmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func signedUp(t *testing.T, c config, mode string) *browser {
	t.Helper()
	visitor := newBrowser(t, serve(t, c), mode)
	hasStatus(t, visitor.enter("/signup", newEmail(), password), "OK")
	return visitor
}

func TestWebSignUpToSignOut(t *testing.T) {
	forEachMode(t, func(t *testing.T, mode string) {
		visitor, email := newBrowser(t, serve(t, config{}), mode), newEmail()
		hasCode(t, visitor.get("/me"), http.StatusUnauthorized)
		signedUp := visitor.enter("/signup", email, password)
		hasStatus(t, signedUp, "OK")
		user := signedUp.json["user"].(object)
		equal(t, user["email"], any(email))
		isTrue(t, signedUp.header.Get("front-token") != "", "no front token")
		inHeader, inCookie := visitor.access != "", visitor.cookie("sAccessToken") != ""
		equal(t, []bool{inHeader, inCookie}, []bool{mode == "header", mode == "cookie"})

		me := visitor.get("/me")
		hasCode(t, me, http.StatusOK)
		equal(t, me.json["userId"], user["id"])
		equal(t, me.json["payload"].(object)["tId"], any(public))
		hasCode(t, visitor.get("/me/checked"), http.StatusOK)
		hasCode(t, visitor.post("/me", nil), http.StatusOK)
		equal(t, visitor.get("/visitor").json, object{"known": true})

		thief := visitor.thief()
		hasStatus(t, visitor.post("/auth/signout", nil), "OK")
		left := visitor.access + visitor.cookie("sAccessToken") + visitor.cookie("sRefreshToken")
		equal(t, left, "", "tokens that are left")
		hasCode(t, visitor.get("/me"), http.StatusUnauthorized)
		equal(t, visitor.get("/visitor").json, object{"known": false})
		hasCode(t, thief.get("/me/checked"), http.StatusUnauthorized)
		hasCode(t, thief.post("/auth/session/refresh", nil), http.StatusUnauthorized)

		hasStatus(t, visitor.enter("/signin", email, newPassword), "WRONG_CREDENTIALS_ERROR")
		hasStatus(t, visitor.enter("/signin", newEmail(), password), "WRONG_CREDENTIALS_ERROR")
		hasCode(t, visitor.get("/me"), http.StatusUnauthorized)
		hasStatus(t, visitor.enter("/signin", email, password), "OK")
		again := visitor.get("/me")
		equal(t, again.json["userId"], user["id"])
		isTrue(t, again.json["handle"] != me.json["handle"], "the same session")
	})
}

func TestWebSignUpRefusesBadFields(t *testing.T) {
	visitor, email := newBrowser(t, serve(t, config{}), "cookie"), newEmail()
	refused := func(email, password, field, message string) {
		t.Helper()
		answer := visitor.enter("/signup", email, password)
		hasStatus(t, answer, "FIELD_ERROR")
		fields := answer.json["formFields"].([]any)
		equal(t, len(fields), 1)
		equal(t, fields[0].(object)["id"], any(field))
		matches(t, fields[0].(object)["error"].(string), message)
	}
	refused(email, "short1", "password", "8 characters")
	refused("no address", password, "email", "(?i)email")
	exists := func() any { return visitor.get("/auth/emailpassword/email/exists?email=" + email).json["exists"] }
	equal(t, exists(), any(false))
	hasStatus(t, visitor.enter("/signup", email, password), "OK")
	equal(t, exists(), any(true))
	refused(email, password, "email", "already exists")
}

func TestWebRefresh(t *testing.T) {
	forEachMode(t, func(t *testing.T, mode string) {
		visitor := signedUp(t, config{}, mode)
		before, old := visitor.get("/me"), visitor.thief()
		hasCode(t, visitor.post("/auth/session/refresh", nil), http.StatusOK)
		fresh := visitor.thief()
		isTrue(t, fresh.access != old.access && fresh.refresh != old.refresh, "the same tokens")

		// The first use promotes the tokens: the client gets an access token that names no parent.
		used := visitor.get("/me")
		hasCode(t, used, http.StatusOK)
		equal(t, used.json["handle"], before.json["handle"])
		isTrue(t, visitor.thief().access != fresh.access, "the same access token after its first use")
		equal(t, visitor.get("/me").header.Get("front-token"), "", "the second use changes nothing")
	})
}

func TestWebTheftEndsTheSession(t *testing.T) {
	forEachMode(t, func(t *testing.T, mode string) {
		visitor := signedUp(t, config{}, mode)
		thief := visitor.thief()
		hasCode(t, visitor.post("/auth/session/refresh", nil), http.StatusOK)
		hasCode(t, visitor.get("/me"), http.StatusOK)
		caught := thief.post("/auth/session/refresh", nil)
		hasCode(t, caught, http.StatusUnauthorized)
		matches(t, caught.text, "token theft detected")
		hasCode(t, visitor.get("/me/checked"), http.StatusUnauthorized)
		hasCode(t, visitor.post("/auth/session/refresh", nil), http.StatusUnauthorized)
	})
}

func TestWebRefreshNeedsARefreshToken(t *testing.T) {
	visitor := newBrowser(t, serve(t, config{}), "header")
	hasCode(t, visitor.post("/auth/session/refresh", nil), http.StatusUnauthorized)
	visitor.refresh = "nonsense"
	hasCode(t, visitor.post("/auth/session/refresh", nil), http.StatusUnauthorized)
}

func TestWebRevokedSessions(t *testing.T) {
	forEachMode(t, func(t *testing.T, mode string) {
		visitor := signedUp(t, config{}, mode)
		handle := visitor.get("/me").json["handle"].(string)
		equal(t, must(session.RevokeSession(handle))(t), true)
		hasCode(t, visitor.get("/me"), http.StatusOK) // the token is good until it runs out
		hasCode(t, visitor.get("/me/checked"), http.StatusUnauthorized)
	})
}

func TestWebDeletedUsers(t *testing.T) {
	visitor := signedUp(t, config{}, "cookie")
	noError(t, supertokens.DeleteUser(visitor.get("/me").json["userId"].(string)))
	hasCode(t, visitor.get("/me/checked"), http.StatusUnauthorized)
}

func TestWebPayloadChangesReachTheClient(t *testing.T) {
	forEachMode(t, func(t *testing.T, mode string) {
		visitor := signedUp(t, config{}, mode)
		hasCode(t, visitor.call(http.MethodPut, "/me/payload", object{"plan": "paid"}), http.StatusOK)
		equal(t, visitor.get("/me").json["payload"].(object)["plan"], any("paid"))
		hasCode(t, visitor.post("/auth/session/refresh", nil), http.StatusOK)
		equal(t, visitor.get("/me").json["payload"].(object)["plan"], any("paid"))
	})
}

func TestWebFunctionsThatTakeARequest(t *testing.T) {
	forEachMode(t, func(t *testing.T, mode string) {
		visitor, id := newBrowser(t, serve(t, config{}), mode), newID("visitor")
		entered := visitor.post("/enter?id="+id, nil)
		hasCode(t, entered, http.StatusOK)
		equal(t, entered.json["userId"], any(id))
		looked := visitor.get("/look")
		hasCode(t, looked, http.StatusOK)
		equal(t, looked.json["handle"], entered.json["handle"])
		equal(t, looked.json["payload"].(object)["made"], any("by hand"))
		information := must(session.GetSessionInformation(entered.json["handle"].(string)))(t)
		equal(t, there(t, information).SessionDataInDatabase, object{"n": 1.0})
		if mode == "header" { // the cookie with the refresh token goes to the SDK's own path alone
			again := visitor.post("/again", nil)
			hasCode(t, again, http.StatusOK)
			equal(t, again.json["handle"], entered.json["handle"])
		}
		hasCode(t, newBrowser(t, visitor.url, mode).get("/look"), http.StatusUnauthorized)
	})
}

func TestWebAntiCsrfTokens(t *testing.T) {
	visitor := signedUp(t, config{session: &sessmodels.TypeInput{AntiCsrf: ptr(session.AntiCSRF_VIA_TOKEN)}}, "cookie")
	isTrue(t, visitor.antiCsrf != "", "no anti-CSRF token")
	hasCode(t, visitor.post("/me", nil), http.StatusOK)
	token := visitor.antiCsrf
	for _, wrong := range []string{"", nobody} {
		visitor.antiCsrf = wrong
		hasCode(t, visitor.get("/me"), http.StatusOK) // reading is harmless
		hasCode(t, visitor.post("/me", nil), http.StatusUnauthorized)
	}
	visitor.antiCsrf = token
	hasCode(t, visitor.post("/auth/session/refresh", nil), http.StatusOK)
	isTrue(t, visitor.antiCsrf != token, "the same anti-CSRF token")
	hasCode(t, visitor.post("/me", nil), http.StatusOK)
	handle := visitor.get("/me").json["handle"].(string)
	visitor.antiCsrf = nobody
	hasCode(t, visitor.post("/auth/session/refresh", nil), http.StatusUnauthorized)
	equal(t, must(session.GetSessionInformation(handle))(t).SessionHandle, handle, "a forged request ends no session")
}

func TestWebAntiCsrfHeader(t *testing.T) {
	header := &sessmodels.TypeInput{AntiCsrf: ptr(session.AntiCSRF_VIA_CUSTOM_HEADER)}
	visitor := signedUp(t, config{session: header}, "cookie")
	hasCode(t, visitor.get("/me"), http.StatusOK)
	hasCode(t, visitor.post("/me", nil), http.StatusUnauthorized)
	visitor.header["rid"] = "anti-csrf"
	hasCode(t, visitor.post("/me", nil), http.StatusOK)
	hasCode(t, visitor.post("/auth/session/refresh", nil), http.StatusOK)
	hasCode(t, visitor.post("/me", nil), http.StatusOK)
}

func TestWebTenants(t *testing.T) {
	visitor := newBrowser(t, serve(t, config{}), "cookie")
	tenant, email := createTenant(t, nil), newEmail()
	hasStatus(t, visitor.enter("/"+tenant+"/signup", email, password), "OK")
	equal(t, visitor.get("/me").json["payload"].(object)["tId"], any(tenant))
	hasStatus(t, visitor.enter("/signin", email, password), "WRONG_CREDENTIALS_ERROR")
	hasStatus(t, visitor.enter("/"+tenant+"/signin", email, password), "OK")
	hasCode(t, visitor.post("/auth/session/refresh", nil), http.StatusOK)
	equal(t, visitor.get("/me").json["payload"].(object)["tId"], any(tenant))

	methods := visitor.get("/auth/" + tenant + "/loginmethods").json
	equal(t, methods["emailPassword"], any(object{"enabled": true}))
	putTenant(t, tenant, tenantConfig{EmailPasswordEnabled: ptr(false)})
	methods = visitor.get("/auth/" + tenant + "/loginmethods").json
	equal(t, methods["emailPassword"], any(object{"enabled": false}))
	equal(t, methods["passwordless"], any(object{"enabled": true}))
	refused := visitor.enter("/"+tenant+"/signin", email, password)
	hasCode(t, refused, http.StatusInternalServerError)
	matches(t, refused.text, "Email password login not enabled for tenant")
}
