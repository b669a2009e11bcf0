// The Session recipe: refreshing, theft, and anti-CSRF tokens.
package clients

import (
	"testing"
	"time"

	"github.com/supertokens/supertokens-golang/recipe/session"
	sessionerrors "github.com/supertokens/supertokens-golang/recipe/session/errors"
	"github.com/supertokens/supertokens-golang/recipe/session/sessmodels"
)

func refreshToken(t *testing.T, of sessmodels.SessionContainer) string {
	t.Helper()
	return there(t, of.GetAllSessionTokensDangerously().RefreshToken)
}

func refresh(t *testing.T, of sessmodels.SessionContainer) sessmodels.SessionContainer {
	t.Helper()
	return must(session.RefreshSessionWithoutRequestResponse(refreshToken(t, of), nil, nil))(t)
}

func TestRefreshSession(t *testing.T) {
	made := createSession(t, public, newID("visitor"), object{"own": 1.0}, object{"data": 2.0})
	next := refresh(t, made)
	equal(t, []string{next.GetHandle(), next.GetUserID(), next.GetTenantId()},
		[]string{made.GetHandle(), made.GetUserID(), public})
	isTrue(t, next.GetAccessToken() != made.GetAccessToken(), "the same access token")
	isTrue(t, refreshToken(t, next) != refreshToken(t, made), "the same refresh token")
	equal(t, next.GetAccessTokenPayload()["own"], any(1.0))
	equal(t, must(next.GetSessionDataInDatabase())(t), object{"data": 2.0})
	equal(t, part(t, next.GetAccessToken(), 0)["version"], any("4"))
	equal(t, part(t, next.GetAccessToken(), 1)["parentRefreshTokenHash1"],
		part(t, made.GetAccessToken(), 1)["refreshTokenHash1"])
}

func TestRefreshRefusesBadTokens(t *testing.T) {
	for _, token := range []string{"", "nonsense", "a.b.V2"} {
		_, err := session.RefreshSessionWithoutRequestResponse(token, nil, nil)
		isTrue(t, failsAs[sessionerrors.UnauthorizedError](t, err).Msg != "", "the SDK needs a message")
	}
}

// The first use of the new access token says that the client has got it; the SDK asks the server until then.
func TestTheFirstUseOfARefreshedTokenPromotesIt(t *testing.T) {
	made := createSession(t, public, newID("visitor"), nil, nil)
	next := refresh(t, made)
	used := must(getSession(next.GetAccessToken(), offline))(t)
	equal(t, used.GetAllSessionTokensDangerously().AccessAndFrontendTokenUpdated, true)
	isTrue(t, part(t, used.GetAccessToken(), 1)["parentRefreshTokenHash1"] == nil, "it still names its parent")
	equal(t, used.GetHandle(), made.GetHandle())
	again := must(getSession(used.GetAccessToken(), offline))(t)
	equal(t, again.GetAllSessionTokensDangerously().AccessAndFrontendTokenUpdated, false)
}

func TestALostAnswerCanBeAskedForAgain(t *testing.T) {
	made := createSession(t, public, newID("visitor"), nil, nil)
	refresh(t, made)
	lost, next := refresh(t, made), refresh(t, made)
	equal(t, must(getSession(next.GetAccessToken(), checked))(t).GetHandle(), made.GetHandle())
	_, err := session.RefreshSessionWithoutRequestResponse(refreshToken(t, lost), nil, nil)
	failsAs[sessionerrors.TokenTheftDetectedError](t, err)
}

func expectTheft(t *testing.T, of sessmodels.SessionContainer) {
	t.Helper()
	_, err := session.RefreshSessionWithoutRequestResponse(refreshToken(t, of), nil, nil)
	theft := failsAs[sessionerrors.TokenTheftDetectedError](t, err)
	equal(t, theft.Payload.SessionHandle, of.GetHandle())
	equal(t, theft.Payload.UserID, of.GetUserID())
}

func TestTheftIsDetectedOnceTheNewAccessTokenIsUsed(t *testing.T) {
	made := createSession(t, public, newID("visitor"), nil, nil)
	next := refresh(t, made)
	must(getSession(next.GetAccessToken(), offline))(t)
	expectTheft(t, made)
	// To end the session is the application's part.
	equal(t, refresh(t, next).GetHandle(), made.GetHandle())
	equal(t, must(session.RevokeSession(made.GetHandle()))(t), true)
}

func TestTheftIsDetectedOnceTheNewRefreshTokenIsUsed(t *testing.T) {
	made := createSession(t, public, newID("visitor"), nil, nil)
	third := refresh(t, refresh(t, made))
	expectTheft(t, made)
	refresh(t, third)
}

func TestSessionsExpire(t *testing.T) {
	// Minutes: three seconds, longer than the one second that an access token lives.
	settings := object{"access_token_validity": 1, "refresh_token_validity": 0.05}
	with(t, config{connectionURI: createApp(t, settings)})
	made := createSession(t, public, newID("visitor"), nil, nil)
	information := there(t, must(session.GetSessionInformation(made.GetHandle()))(t))
	equal(t, information.Expiry-information.TimeCreated, 3000)
	for uint64(time.Now().UnixMilli()) <= information.Expiry {
		time.Sleep(50 * time.Millisecond)
	}
	_, err := session.RefreshSessionWithoutRequestResponse(refreshToken(t, made), nil, nil)
	failsAs[sessionerrors.UnauthorizedError](t, err)
	isTrue(t, must(session.GetSessionInformation(made.GetHandle()))(t) == nil, "still there")
	equal(t, len(must(session.GetAllSessionHandlesForUser(made.GetUserID(), nil))(t)), 0)
}

func withAntiCsrfTokens(t *testing.T) {
	t.Helper()
	with(t, config{session: &sessmodels.TypeInput{AntiCsrf: ptr(session.AntiCSRF_VIA_TOKEN)}})
}

func TestAntiCsrfTokensAreCheckedWhenVerifying(t *testing.T) {
	withAntiCsrfTokens(t)
	made := createSession(t, public, newID("visitor"), nil, nil)
	token := there(t, made.GetAllSessionTokensDangerously().AntiCsrfToken)
	equal(t, part(t, made.GetAccessToken(), 1)["antiCsrfToken"], any(token))
	for _, options := range []*sessmodels.VerifySessionOptions{offline, checked} {
		found := must(session.GetSessionWithoutRequestResponse(made.GetAccessToken(), &token, options))(t)
		equal(t, found.GetHandle(), made.GetHandle())
		for _, wrong := range []*string{nil, ptr(""), ptr(nobody)} {
			_, err := session.GetSessionWithoutRequestResponse(made.GetAccessToken(), wrong, options)
			failsAs[sessionerrors.TryRefreshTokenError](t, err)
		}
	}
	unchecked := &sessmodels.VerifySessionOptions{SessionRequired: ptr(true), AntiCsrfCheck: ptr(false)}
	equal(t, must(getSession(made.GetAccessToken(), unchecked))(t).GetHandle(), made.GetHandle())

	// The SDK compares the tokens itself, so the server is asked without it.
	for _, wrong := range []object{{}, {"antiCsrfToken": nobody}} {
		body := object{
			"accessToken": made.GetAccessToken(), "doAntiCsrfCheck": true, "enableAntiCsrf": true, "checkDatabase": false,
		}
		for name, value := range wrong {
			body[name] = value
		}
		equal(t, cdi(t, "POST", "/recipe/session/verify", body)["status"], any("TRY_REFRESH_TOKEN"), show(wrong))
	}
}

func TestAntiCsrfTokensAreCheckedWhenRefreshing(t *testing.T) {
	withAntiCsrfTokens(t)
	made := createSession(t, public, newID("visitor"), nil, nil)
	token := made.GetAllSessionTokensDangerously().AntiCsrfToken
	for _, wrong := range []*string{nil, ptr(""), ptr(nobody)} {
		_, err := session.RefreshSessionWithoutRequestResponse(refreshToken(t, made), nil, wrong)
		failsAs[sessionerrors.UnauthorizedError](t, err)
	}
	next := must(session.RefreshSessionWithoutRequestResponse(refreshToken(t, made), nil, token))(t)
	fresh := there(t, next.GetAllSessionTokensDangerously().AntiCsrfToken)
	isTrue(t, fresh != *token, "the same anti-CSRF token")
	found := must(session.GetSessionWithoutRequestResponse(next.GetAccessToken(), &fresh, offline))(t)
	equal(t, found.GetHandle(), made.GetHandle())
}

func TestAntiCsrfTokensCanBeLeftOut(t *testing.T) {
	withAntiCsrfTokens(t)
	made := must(session.CreateNewSessionWithoutRequestResponse(public, newID("visitor"), object{}, nil, ptr(true)))(t)
	isTrue(t, made.GetAllSessionTokensDangerously().AntiCsrfToken == nil, "there is one")
	without := must(session.RefreshSessionWithoutRequestResponse(refreshToken(t, made), ptr(true), nil))(t)
	isTrue(t, without.GetAllSessionTokensDangerously().AntiCsrfToken == nil, "there is one after a refresh")
	next := must(session.RefreshSessionWithoutRequestResponse(refreshToken(t, without), ptr(false), nil))(t)
	isTrue(t, next.GetAllSessionTokensDangerously().AntiCsrfToken != nil, "a refresh that asks for one gives it")
}
