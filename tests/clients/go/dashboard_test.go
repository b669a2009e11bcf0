// The Dashboard recipe's HTTP routes: who gets in, and what is shown of users and changed.
package clients

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/dashboard"
	"github.com/supertokens/supertokens-golang/recipe/dashboard/dashboardmodels"
	"github.com/supertokens/supertokens-golang/recipe/emailpassword"
	"github.com/supertokens/supertokens-golang/recipe/emailverification/evmodels"
	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/recipe/usermetadata"
	"github.com/supertokens/supertokens-golang/supertokens"
)

const dashboardAt = "/auth/dashboard/api"

// openDashboard starts an application with a dashboard, in an app of its own. It gives a client that nobody has
// signed in with, and the app's path.
func openDashboard(t *testing.T, with *dashboardmodels.TypeInput) (client *browser, app string) {
	t.Helper()
	uri := createApp(t, nil)
	recipes := []supertokens.Recipe{dashboard.Init(with), emailVerification(evmodels.ModeOptional)}
	application := serve(t, config{connectionURI: uri, recipes: recipes})
	return newBrowser(t, application, "header"), strings.TrimPrefix(uri, authURL)
}

// withKey is a client that the dashboard lets in by its key, which no server is asked about.
func withKey(t *testing.T) *browser {
	t.Helper()
	client, _ := openDashboard(t, &dashboardmodels.TypeInput{ApiKey: "key"})
	client.access = "key"
	return client
}

// createOperator creates a user of the dashboard, for which SDKs have no function.
func createOperator(t *testing.T, app string) (email string) {
	t.Helper()
	email = newEmail()
	answer := cdi(t, "POST", app+"/recipe/dashboard/user", object{"email": email, "password": password})
	equal(t, answer["status"], any("OK"))
	return email
}

func signInToDashboard(client *browser, email, password string) response {
	client.t.Helper()
	return client.post(dashboardAt+"/signin", object{"email": email, "password": password})
}

// enterDashboard signs in, and sends the session with every further call.
func enterDashboard(client *browser, email string) {
	client.t.Helper()
	answer := signInToDashboard(client, email, password)
	hasStatus(client.t, answer, "OK")
	client.access = answer.json["sessionId"].(string)
}

func TestDashboardSignInAndOut(t *testing.T) {
	client, app := openDashboard(t, nil)
	email := createOperator(t, app)
	// The spelling is the SDK's.
	hasStatus(t, signInToDashboard(client, email, newPassword), "INVAlID_CREDENTIALS_ERROR")
	hasStatus(t, signInToDashboard(client, newEmail(), password), "INVAlID_CREDENTIALS_ERROR")
	const users = dashboardAt + "/users?limit=10"
	// Without a session the SDK asks for the empty one, and passes on that this is no id.
	without := client.get(users)
	hasCode(t, without, http.StatusInternalServerError)
	matches(t, without.text, "400.*Field name 'sessionId' cannot be an empty String")
	for _, id := range []string{"nonsense", nobody} {
		client.access = id
		hasCode(t, client.get(users), http.StatusUnauthorized)
	}
	enterDashboard(client, email)
	hasStatus(t, client.get(users), "OK")
	other := newBrowser(t, client.url, "header")
	enterDashboard(other, email)
	hasStatus(t, client.post(dashboardAt+"/signout", nil), "OK")
	hasCode(t, client.get(users), http.StatusUnauthorized)
	hasStatus(t, other.get(users), "OK")
}

func TestDashboardSessionsBelongToAnApp(t *testing.T) {
	client, app := openDashboard(t, nil)
	enterDashboard(client, createOperator(t, app))
	elsewhere, _ := openDashboard(t, nil)
	elsewhere.access = client.access
	hasCode(t, elsewhere.get(dashboardAt+"/users?limit=10"), http.StatusUnauthorized)
}

// Who is an admin, the SDK knows by the address that comes with a session.
func TestDashboardAdmins(t *testing.T) {
	admins := []string{}
	client, app := openDashboard(t, &dashboardmodels.TypeInput{Admins: &admins})
	admin, reader, user := createOperator(t, app), createOperator(t, app), signUp(t, public)
	admins = []string{admin}
	remove := func() response { return client.call(http.MethodDelete, dashboardAt+"/user?userId="+user.ID, nil) }
	enterDashboard(client, reader)
	hasStatus(t, client.get(dashboardAt+"/users?limit=10"), "OK")
	hasCode(t, remove(), http.StatusForbidden)
	enterDashboard(client, admin)
	hasStatus(t, remove(), "OK")
	isTrue(t, must(emailpassword.GetUserByID(user.ID))(t) == nil, "the user is still there")
}

func TestDashboardKey(t *testing.T) {
	client := withKey(t)
	hasStatus(t, client.post(dashboardAt+"/key/validate", nil), "OK")
	client.access = "another-key"
	hasCode(t, client.post(dashboardAt+"/key/validate", nil), http.StatusUnauthorized)
	hasCode(t, client.get(dashboardAt+"/users/count"), http.StatusUnauthorized)
}

func TestDashboardPage(t *testing.T) {
	client, app := openDashboard(t, nil)
	page := client.get("/auth/dashboard")
	hasCode(t, page, http.StatusOK)
	matches(t, page.text, `connectionURI = "`+authURL+app+`"`)
	matches(t, page.text, `authMode = "email-password"`)
	matches(t, page.text, `isSearchEnabled = "true"`)
}

func TestDashboardListsUsers(t *testing.T) {
	client := withKey(t)
	first, second := signUp(t, public), signInUpByEmail(t, newEmail())
	third, _ := signInWith(t, public, "github", newID("gh"), newEmail())
	must(usermetadata.UpdateUserMetadata(first.ID, object{"first_name": "Ada", "last_name": "Byron"}))(t)
	equal(t, client.get(dashboardAt + "/users/count").json["count"], any(3.0))

	listed := func(query string) (users map[string]object, next any) {
		t.Helper()
		answer := client.get(dashboardAt + "/users?" + query)
		hasStatus(t, answer, "OK")
		users = map[string]object{}
		for _, entry := range answer.json["users"].([]any) {
			user := entry.(object)["user"].(object)
			users[user["id"].(string)] = user
		}
		return users, answer.json["nextPaginationToken"]
	}
	all, next := listed("limit=10")
	equal(t, []any{len(all), next}, []any{3, nil})
	equal(t, []any{all[first.ID]["firstName"], all[first.ID]["lastName"]}, []any{"Ada", "Byron"})
	equal(t, all[second.ID]["email"], any(*second.Email))
	equal(t, all[third.ID]["thirdParty"], any(object{"id": "github", "userId": third.ThirdParty.UserID}))

	page, next := listed("limit=2&timeJoinedOrder=ASC")
	rest, last := listed("limit=2&timeJoinedOrder=ASC&paginationToken=" + url.QueryEscape(next.(string)))
	equal(t, []any{len(page), len(rest), last}, []any{2, 1, nil})
	found, _ := listed("limit=10&email=" + url.QueryEscape(first.Email))
	equal(t, []any{len(found), found[first.ID]["email"]}, []any{1, first.Email})
	found, _ = listed("limit=10&provider=github")
	equal(t, []any{len(found), found[third.ID]["email"]}, []any{1, third.Email})

	tags := client.get(dashboardAt + "/search/tags")
	hasStatus(t, tags, "OK")
	equal(t, tags.json["tags"], any([]any{"email", "phone", "provider"}))
}

func TestDashboardListsTenants(t *testing.T) {
	client := withKey(t)
	tenant := createTenant(t, nil)
	answer := client.get(dashboardAt + "/tenants/list")
	hasStatus(t, answer, "OK")
	names := []string{}
	for _, entry := range answer.json["tenants"].([]any) {
		names = append(names, entry.(object)["tenantId"].(string))
		equal(t, entry.(object)["emailPassword"], any(object{"enabled": true}))
	}
	sameMembers(t, names, []string{public, tenant})
}

func TestDashboardShowsAndChangesAUser(t *testing.T) {
	client := withKey(t)
	user, taken := signUp(t, public), signUp(t, public)
	show := func() object {
		t.Helper()
		answer := client.get(dashboardAt + "/user?recipeId=emailpassword&userId=" + user.ID)
		hasStatus(t, answer, "OK")
		return answer.json["user"].(object)
	}
	equal(t, show(), object{
		"id": user.ID, "email": user.Email, "timeJoined": float64(user.TimeJoined), "tenantIds": []any{public},
	})
	change := func(email string) response {
		return client.call(http.MethodPut, dashboardAt+"/user", object{
			"userId": user.ID, "recipeId": "emailpassword",
			"firstName": " Ada ", "lastName": "Byron", "email": email, "phone": "",
		})
	}
	hasStatus(t, change(taken.Email), "EMAIL_ALREADY_EXISTS_ERROR")
	email := newEmail()
	hasStatus(t, change(email), "OK")
	shown := show()
	equal(t, []any{shown["email"], shown["firstName"], shown["lastName"]}, []any{email, "Ada", "Byron"})

	setPassword := func(password string) response {
		body := object{"userId": user.ID, "newPassword": password}
		return client.call(http.MethodPut, dashboardAt+"/user/password", body)
	}
	hasStatus(t, setPassword("weak"), "INVALID_PASSWORD_ERROR")
	hasStatus(t, setPassword(newPassword), "OK")
	equal(t, signInStatus(t, public, email, newPassword), "OK")

	hasStatus(t, client.call(http.MethodDelete, dashboardAt+"/user?userId="+user.ID, nil), "OK")
	gone := client.get(dashboardAt + "/user?recipeId=emailpassword&userId=" + user.ID)
	hasStatus(t, gone, "NO_USER_FOUND_ERROR")
}

func TestDashboardMetadata(t *testing.T) {
	client, id := withKey(t), newID("visitor")
	must(usermetadata.UpdateUserMetadata(id, object{"old": 1}))(t)
	put := client.call(http.MethodPut, dashboardAt+"/user/metadata", object{"userId": id, "data": `{"new": {"a": [1]}}`})
	hasCode(t, put, http.StatusOK)
	shown := client.get(dashboardAt + "/user/metadata?userId=" + id)
	hasStatus(t, shown, "OK")
	equal(t, shown.json["data"], any(object{"new": object{"a": []any{1.0}}}), "replaced, not merged")
}

func TestDashboardEmailVerification(t *testing.T) {
	client := withKey(t)
	user := signUp(t, public)
	const at = dashboardAt + "/user/email/verify"
	set := func(verified bool) {
		t.Helper()
		hasStatus(t, client.call(http.MethodPut, at, object{"userId": user.ID, "verified": verified}), "OK")
		shown := client.get(at + "?userId=" + user.ID)
		hasStatus(t, shown, "OK")
		equal(t, shown.json["isVerified"], any(verified))
	}
	set(true)
	hasStatus(t, client.post(at+"/token", object{"userId": user.ID}), "EMAIL_ALREADY_VERIFIED_ERROR")
	set(false)
	mails = nil
	hasStatus(t, client.post(at+"/token", object{"userId": user.ID}), "OK")
	equal(t, len(mails), 1)
	equal(t, there(t, mails[0].EmailVerification).User.Email, user.Email)
}

func TestDashboardSessionsOfAUser(t *testing.T) {
	client := withKey(t)
	user := signUp(t, public)
	one := createSession(t, public, user.ID, object{"own": 1.0}, object{"data": 2.0})
	shown := client.get(dashboardAt + "/user/sessions?userId=" + user.ID)
	hasStatus(t, shown, "OK")
	entries := shown.json["sessions"].([]any)
	equal(t, len(entries), 1)
	entry := entries[0].(object)
	equal(t, []any{entry["sessionHandle"], entry["userId"]}, []any{one.GetHandle(), user.ID})
	equal(t, entry["sessionDataInDatabase"], any(object{"data": 2.0}))
	equal(t, entry["accessTokenPayload"].(object)["own"], any(1.0))
	handles := object{"sessionHandles": []string{one.GetHandle()}}
	hasStatus(t, client.post(dashboardAt+"/user/sessions", handles), "OK")
	isTrue(t, must(session.GetSessionInformation(one.GetHandle()))(t) == nil, "still there")
}
