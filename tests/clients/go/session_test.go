// The Session recipe's functions: creating, verifying, reading, changing and revoking.
package clients

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/supertokens/supertokens-golang/recipe/multitenancy"
	"github.com/supertokens/supertokens-golang/recipe/session"
	sessionerrors "github.com/supertokens/supertokens-golang/recipe/session/errors"
	"github.com/supertokens/supertokens-golang/recipe/session/sessmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func createSession(t *testing.T, tenant, id string, payload, data object) sessmodels.SessionContainer {
	t.Helper()
	if payload == nil {
		payload = object{}
	}
	return must(session.CreateNewSessionWithoutRequestResponse(tenant, id, payload, data, nil))(t)
}

func getSession(token string, options *sessmodels.VerifySessionOptions) (sessmodels.SessionContainer, error) {
	return session.GetSessionWithoutRequestResponse(token, nil, options)
}

var (
	offline = &sessmodels.VerifySessionOptions{SessionRequired: ptr(true)}
	checked = &sessmodels.VerifySessionOptions{SessionRequired: ptr(true), CheckDatabase: ptr(true)}
)

// part is a part of a JWT: 0 its header, 1 its payload.
func part(t *testing.T, token string, index int) object {
	t.Helper()
	text := must(base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[index]))(t)
	var value object
	noError(t, json.Unmarshal(text, &value))
	return value
}

func TestCreateNewSession(t *testing.T) {
	id := newID("visitor") // need not be a user
	made := createSession(t, public, id, object{"role": "guest", "nothing": nil}, object{"cart": []any{1.0, "two"}})
	equal(t, []string{made.GetUserID(), made.GetTenantId()}, []string{id, public})
	payload := made.GetAccessTokenPayload()
	equal(t, payload["role"], any("guest"))
	_, present := payload["nothing"]
	isTrue(t, present, "null is kept: "+show(payload))
	equal(t, payload["iss"], any(apiDomain+"/auth"))

	tokens := made.GetAllSessionTokensDangerously()
	isTrue(t, tokens.AntiCsrfToken == nil, "an anti-CSRF token without the mode for it")
	isTrue(t, there(t, tokens.RefreshToken) != "" && tokens.FrontToken != "", show(tokens))
	information := there(t, must(session.GetSessionInformation(made.GetHandle()))(t))
	equal(t, information, sessmodels.SessionInformation{
		SessionHandle:         made.GetHandle(),
		UserId:                id,
		TenantId:              public,
		SessionDataInDatabase: object{"cart": []any{1.0, "two"}},
		CustomClaimsInAccessTokenPayload: object{
			"role": "guest", "nothing": nil, "iss": apiDomain + "/auth",
		},
		TimeCreated: information.TimeCreated,
		Expiry:      information.TimeCreated + 144000*60*1000,
	})
	equal(t, must(made.GetTimeCreated())(t), information.TimeCreated)
	equal(t, must(made.GetExpiry())(t), information.Expiry)
}

// A session of this SDK has a token of version 4: it names the tenant, and no recipe user.
func TestAccessTokensAreOfVersion4(t *testing.T) {
	made := createSession(t, public, newID("visitor"), object{"own": 1.0}, nil)
	header := part(t, made.GetAccessToken(), 0)
	equal(t, []any{header["alg"], header["typ"], header["version"]}, []any{"RS256", "JWT", "4"})
	matches(t, header["kid"].(string), "^d-")

	payload := part(t, made.GetAccessToken(), 1)
	names := []string{}
	for name := range payload {
		names = append(names, name)
	}
	sameMembers(t, names, []string{
		"sub", "tId", "iat", "exp", "sessionHandle", "refreshTokenHash1", "parentRefreshTokenHash1", "antiCsrfToken",
		"iss", "own",
	})
	equal(t, payload["tId"], any(public))
	equal(t, payload["sub"], any(made.GetUserID()))
	equal(t, payload["sessionHandle"], any(made.GetHandle()))
	isTrue(t, payload["antiCsrfToken"] == nil && payload["parentRefreshTokenHash1"] == nil, show(payload))
}

func TestStaticSigningKeys(t *testing.T) {
	dynamic := createSession(t, public, newID("visitor"), nil, nil).GetAccessToken()
	with(t, config{session: &sessmodels.TypeInput{UseDynamicAccessTokenSigningKey: ptr(false)}})
	made := createSession(t, public, newID("visitor"), nil, nil)
	matches(t, part(t, made.GetAccessToken(), 0)["kid"].(string), "^s-")
	equal(t, must(getSession(made.GetAccessToken(), offline))(t).GetHandle(), made.GetHandle())
	_, err := getSession(dynamic, offline)
	failsAs[sessionerrors.TryRefreshTokenError](t, err)
}

func TestProtectedClaimsAreRefused(t *testing.T) {
	for _, claim := range []string{
		"sub", "iat", "exp", "sessionHandle", "refreshTokenHash1", "parentRefreshTokenHash1", "antiCsrfToken", "tId",
	} {
		// The SDK takes them out itself, so the server is asked without it.
		code, text := call(t, sdkVersion, "POST", "/public/recipe/session", object{
			"userId": newID("visitor"), "enableAntiCsrf": false,
			"userDataInJWT": object{claim: "x"}, "userDataInDatabase": object{},
		})
		equal(t, code, 400, claim)
		matches(t, text, "The user payload contains protected field")
	}
	made := createSession(t, public, newID("visitor"), object{"sub": "somebody else", "own": 1.0}, nil)
	equal(t, made.GetAccessTokenPayload()["sub"], any(made.GetUserID()))
}

func TestGetSession(t *testing.T) {
	made := createSession(t, public, newID("visitor"), object{"own": 1.0}, nil)
	for _, options := range []*sessmodels.VerifySessionOptions{nil, offline, checked} {
		found := must(getSession(made.GetAccessToken(), options))(t)
		equal(t, found.GetHandle(), made.GetHandle())
		equal(t, found.GetUserID(), made.GetUserID())
		equal(t, found.GetTenantId(), public)
		equal(t, found.GetAccessTokenPayload(), made.GetAccessTokenPayload())
		equal(t, found.GetAllSessionTokensDangerously().AccessAndFrontendTokenUpdated, false)
	}
}

func TestGetSessionRefusesBadTokens(t *testing.T) {
	for _, token := range []string{"", "nonsense", "a.b.c"} {
		_, err := getSession(token, offline)
		failsAs[sessionerrors.UnauthorizedError](t, err)
	}
	made := createSession(t, public, newID("visitor"), nil, nil)
	other := createSession(t, public, newID("visitor"), nil, nil)
	pieces, stolen := strings.Split(made.GetAccessToken(), "."), strings.Split(other.GetAccessToken(), ".")
	forged := strings.Join([]string{pieces[0], pieces[1], stolen[2]}, ".")
	for _, options := range []*sessmodels.VerifySessionOptions{offline, checked} {
		_, err := getSession(forged, options)
		failsAs[sessionerrors.TryRefreshTokenError](t, err)
	}
	// The SDK never lets a forged token through to the server, which must refuse it as well.
	answer := cdi(t, "POST", "/recipe/session/verify", object{
		"accessToken": forged, "doAntiCsrfCheck": false, "enableAntiCsrf": false, "checkDatabase": true,
	})
	equal(t, answer["status"], any("TRY_REFRESH_TOKEN"))
	isTrue(t, answer["message"] != nil, "the SDK needs a message: "+show(answer))
}

func TestAccessTokensExpire(t *testing.T) {
	with(t, config{connectionURI: createApp(t, object{"access_token_validity": 2})})
	made := createSession(t, public, newID("visitor"), nil, nil)
	payload := part(t, made.GetAccessToken(), 1)
	expiry := payload["exp"].(float64)
	isTrue(t, expiry-payload["iat"].(float64) <= 2, "lives as long as the app's setting says: "+show(payload))
	for float64(time.Now().Unix()) <= expiry {
		time.Sleep(50 * time.Millisecond)
	}
	_, err := getSession(made.GetAccessToken(), checked)
	failsAs[sessionerrors.TryRefreshTokenError](t, err)
	isTrue(t, refresh(t, made).GetHandle() == made.GetHandle(), "another session")
}

func TestRevokedSessionsAreFoundOutWithTheDatabase(t *testing.T) {
	made := createSession(t, public, newID("visitor"), nil, nil)
	equal(t, must(session.RevokeSession(made.GetHandle()))(t), true)
	equal(t, must(session.RevokeSession(made.GetHandle()))(t), false, "a second time")
	equal(t, must(getSession(made.GetAccessToken(), offline))(t).GetHandle(), made.GetHandle(), "the token is still valid")
	_, err := getSession(made.GetAccessToken(), checked)
	failsAs[sessionerrors.UnauthorizedError](t, err)
	isTrue(t, must(session.GetSessionInformation(made.GetHandle()))(t) == nil, "still there")
	_, err = made.GetSessionDataInDatabase()
	failsAs[sessionerrors.UnauthorizedError](t, err)
	_, err = session.RefreshSessionWithoutRequestResponse(*made.GetAllSessionTokensDangerously().RefreshToken, nil, nil)
	failsAs[sessionerrors.UnauthorizedError](t, err)
	failsAs[sessionerrors.UnauthorizedError](t, made.MergeIntoAccessTokenPayload(object{"own": 1}))
	noError(t, made.RevokeSession())
}

func TestRevokeMultipleSessions(t *testing.T) {
	one := createSession(t, public, newID("visitor"), nil, nil)
	two := createSession(t, public, newID("visitor"), nil, nil)
	three := createSession(t, public, newID("visitor"), nil, nil)
	handles := []string{one.GetHandle(), two.GetHandle()}
	revoked := must(session.RevokeMultipleSessions(append(handles, nobody, "nonsense")))(t)
	sameMembers(t, revoked, handles)
	equal(t, len(must(session.RevokeMultipleSessions(handles))(t)), 0, "a second time")
	equal(t, len(must(session.RevokeMultipleSessions([]string{}))(t)), 0, "none")
	equal(t, must(session.GetSessionInformation(three.GetHandle()))(t).UserId, three.GetUserID(), "the third one stays")
}

func TestSessionsOfAUser(t *testing.T) {
	id, tenant := newID("visitor"), createTenant(t, nil)
	one, two := createSession(t, public, id, nil, nil), createSession(t, public, id, nil, nil)
	there := createSession(t, tenant, id, nil, nil)
	stranger := createSession(t, public, newID("visitor"), nil, nil)
	equal(t, there.GetTenantId(), tenant)
	equal(t, part(t, there.GetAccessToken(), 1)["tId"], any(tenant))

	handles := func(tenant *string) []string { return must(session.GetAllSessionHandlesForUser(id, tenant))(t) }
	sameMembers(t, handles(nil), []string{one.GetHandle(), two.GetHandle(), there.GetHandle()}, "all tenants")
	sameMembers(t, handles(ptr(public)), []string{one.GetHandle(), two.GetHandle()}, "public")
	sameMembers(t, handles(&tenant), []string{there.GetHandle()}, "the other tenant")

	sameMembers(t, must(session.RevokeAllSessionsForUser(id, &tenant))(t), []string{there.GetHandle()})
	sameMembers(t, handles(nil), []string{one.GetHandle(), two.GetHandle()})
	again := createSession(t, tenant, id, nil, nil)
	sameMembers(t, must(session.RevokeAllSessionsForUser(id, nil))(t),
		[]string{one.GetHandle(), two.GetHandle(), again.GetHandle()}, "all tenants")
	equal(t, len(handles(nil)), 0)
	equal(t, len(must(session.RevokeAllSessionsForUser(id, nil))(t)), 0, "a second time")
	equal(t, must(getSession(stranger.GetAccessToken(), checked))(t).GetHandle(), stranger.GetHandle(), "somebody else's")
}

func TestSessionsEndWithTheirUser(t *testing.T) {
	user := signUp(t, public)
	made := createSession(t, public, user.ID, nil, nil)
	noError(t, supertokens.DeleteUser(user.ID))
	_, err := getSession(made.GetAccessToken(), checked)
	failsAs[sessionerrors.UnauthorizedError](t, err)
	equal(t, len(must(session.GetAllSessionHandlesForUser(user.ID, nil))(t)), 0)
}

func TestSessionsEndWithTheirTenant(t *testing.T) {
	tenant := createTenant(t, nil)
	made := createSession(t, tenant, newID("visitor"), nil, nil)
	must(multitenancy.DeleteTenant(tenant))(t)
	equal(t, len(must(session.GetAllSessionHandlesForUser(made.GetUserID(), nil))(t)), 0)
	_, err := session.GetSessionInformation(made.GetHandle())
	fails(t, err, "400.*AppId or tenantId not found")
}

func TestTokensThatNameADeletedTenant(t *testing.T) {
	tenant := createTenant(t, nil)
	made := createSession(t, tenant, newID("visitor"), nil, nil)
	must(multitenancy.DeleteTenant(tenant))(t)
	_, err := getSession(made.GetAccessToken(), checked)
	// So that the SDK ends the session, where a 400 would leave a user with an error.
	failsAs[sessionerrors.UnauthorizedError](t, err)
}

func TestSessionDataInDatabase(t *testing.T) {
	made := createSession(t, public, newID("visitor"), nil, object{"old": true})
	equal(t, must(made.GetSessionDataInDatabase())(t), object{"old": true})
	data := object{"new": object{"deep": []any{nil, 1.5, "ü"}}, "null": nil}
	noError(t, made.UpdateSessionDataInDatabase(data))
	equal(t, must(made.GetSessionDataInDatabase())(t), data, "replaced, not merged")
	equal(t, must(session.UpdateSessionDataInDatabase(made.GetHandle(), nil))(t), true)
	equal(t, must(session.GetSessionInformation(made.GetHandle()))(t).SessionDataInDatabase, object{})
	for _, handle := range []string{nobody, "nonsense"} {
		equal(t, must(session.UpdateSessionDataInDatabase(handle, data))(t), false, handle)
		isTrue(t, must(session.GetSessionInformation(handle))(t) == nil, handle)
	}
}

func TestMergeIntoAccessTokenPayloadOfALiveSession(t *testing.T) {
	made := createSession(t, public, newID("visitor"), object{"keep": 1.0, "drop": 2.0, "change": 3.0}, nil)
	before := made.GetAccessToken()
	noError(t, made.MergeIntoAccessTokenPayload(object{"drop": nil, "change": object{"a": 1.0}}))
	payload := part(t, made.GetAccessToken(), 1)
	_, dropped := payload["drop"]
	isTrue(t, !dropped && made.GetAccessToken() != before, show(payload))
	equal(t, []any{payload["keep"], payload["change"]}, []any{1.0, object{"a": 1.0}})
	equal(t, payload["exp"], part(t, before, 1)["exp"], "lives no longer")
	equal(t, part(t, made.GetAccessToken(), 0)["version"], any("4"))
	equal(t, must(getSession(made.GetAccessToken(), checked))(t).GetHandle(), made.GetHandle())
	stored := must(session.GetSessionInformation(made.GetHandle()))(t).CustomClaimsInAccessTokenPayload
	equal(t, stored, object{"keep": 1.0, "change": object{"a": 1.0}, "iss": apiDomain + "/auth"})
	err := made.MergeIntoAccessTokenPayload(object{"sub": "somebody else"})
	fails(t, err, "400.*The user payload contains protected field")
}

func TestMergeIntoAccessTokenPayloadByHandle(t *testing.T) {
	made := createSession(t, public, newID("visitor"), object{"keep": 1.0, "drop": 2.0}, nil)
	change := object{"drop": nil, "new": "x"}
	equal(t, must(session.MergeIntoAccessTokenPayload(made.GetHandle(), change))(t), true)
	old := must(getSession(made.GetAccessToken(), offline))(t)
	equal(t, old.GetAccessTokenPayload()["drop"], any(2.0), "the token is as it was")

	found := must(getSession(made.GetAccessToken(), checked))(t)
	equal(t, found.GetAllSessionTokensDangerously().AccessAndFrontendTokenUpdated, true, "a look gives a new token")
	payload := found.GetAccessTokenPayload()
	equal(t, []any{payload["keep"], payload["drop"], payload["new"]}, []any{1.0, nil, "x"})
	equal(t, refresh(t, made).GetAccessTokenPayload()["new"], any("x"), "and so does a refresh")
	equal(t, must(session.MergeIntoAccessTokenPayload(nobody, change))(t), false)
}
