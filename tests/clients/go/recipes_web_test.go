// The SDK's own APIs of the recipes that send something: password reset, e-mail verification, passwordless.
package clients

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/emailverification/evmodels"
	"github.com/supertokens/supertokens-golang/recipe/passwordless"
	"github.com/supertokens/supertokens-golang/recipe/passwordless/plessmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func TestWebPasswordReset(t *testing.T) {
	visitor, email := newBrowser(t, serve(t, config{}), "cookie"), newEmail()
	hasStatus(t, visitor.enter("/signup", email, password), "OK")
	mails = nil
	ask := func(email string) {
		t.Helper()
		hasStatus(t, visitor.form("/user/password/reset/token", map[string]string{"email": email}), "OK")
	}
	ask(newEmail())
	equal(t, len(mails), 0, "an unknown address looks the same, but gets no mail")
	ask(email)
	equal(t, len(mails), 1)
	token := tokenIn(t, there(t, mails[0].PasswordReset).PasswordResetLink, public)
	use := func(token, password string) response {
		t.Helper()
		fields := map[string]string{"password": password}
		return visitor.form("/user/password/reset", fields, object{"method": "token", "token": token})
	}
	hasStatus(t, use(token, "weak"), "FIELD_ERROR")
	hasStatus(t, use("nonsense", newPassword), "RESET_PASSWORD_INVALID_TOKEN_ERROR")
	hasStatus(t, use(token, newPassword), "OK")
	hasStatus(t, use(token, password), "RESET_PASSWORD_INVALID_TOKEN_ERROR")
	hasStatus(t, visitor.enter("/signin", email, password), "WRONG_CREDENTIALS_ERROR")
	hasStatus(t, visitor.enter("/signin", email, newPassword), "OK")
}

func TestWebEmailVerification(t *testing.T) {
	forEachMode(t, func(t *testing.T, mode string) {
		recipes := []supertokens.Recipe{emailVerification(evmodels.ModeRequired)}
		visitor, email := newBrowser(t, serve(t, config{recipes: recipes}), mode), newEmail()
		hasStatus(t, visitor.enter("/signup", email, password), "OK")
		refused := visitor.get("/me")
		hasCode(t, refused, http.StatusForbidden)
		equal(t, refused.json["message"], any("invalid claim"))
		const at = "/auth/user/email/verify"
		verified := func() any {
			t.Helper()
			answer := visitor.get(at)
			hasStatus(t, answer, "OK")
			return answer.json["isVerified"]
		}
		equal(t, verified(), any(false))

		mails = nil
		hasStatus(t, visitor.post(at+"/token", nil), "OK")
		equal(t, len(mails), 1)
		mail := there(t, mails[0].EmailVerification)
		equal(t, mail.User.Email, email)
		token := tokenIn(t, mail.EmailVerifyLink, public)
		use := func(token string) response { return visitor.post(at, object{"method": "token", "token": token}) }
		hasStatus(t, use("nonsense"), "EMAIL_VERIFICATION_INVALID_TOKEN_ERROR")
		hasStatus(t, use(token), "OK")
		hasCode(t, visitor.get("/me"), http.StatusOK)
		equal(t, verified(), any(true))
		hasStatus(t, use(token), "EMAIL_VERIFICATION_INVALID_TOKEN_ERROR")
		hasStatus(t, visitor.post(at+"/token", nil), "EMAIL_ALREADY_VERIFIED_ERROR")
		hasCode(t, newBrowser(t, visitor.url, mode).get(at), http.StatusUnauthorized)
	})
}

// sent is what the SDK would have sent last: the code to type in, and the link.
func sent(t *testing.T) (code string, link *url.URL) {
	t.Helper()
	equal(t, len(mails)+len(texts), 1)
	if len(mails) == 1 {
		mail := there(t, mails[0].PasswordlessLogin)
		code, link = *mail.UserInputCode, must(url.Parse(*mail.UrlWithLinkCode))(t)
	} else {
		text := there(t, texts[0].PasswordlessLogin)
		code, link = *text.UserInputCode, must(url.Parse(*text.UrlWithLinkCode))(t)
	}
	mails, texts = nil, nil
	return code, link
}

func TestWebPasswordless(t *testing.T) {
	for name, invent := range map[string]func() string{"email": newEmail, "phoneNumber": newPhone} {
		name, invent := name, invent
		t.Run(name, func(t *testing.T) {
			forEachMode(t, func(t *testing.T, mode string) {
				visitor, contact := newBrowser(t, serve(t, config{}), mode), invent()
				exists := func() any {
					path := "/auth/passwordless/" + map[string]string{"email": "email", "phoneNumber": "phonenumber"}[name]
					return visitor.get(path + "/exists?" + url.Values{name: {contact}}.Encode()).json["exists"]
				}
				equal(t, exists(), any(false))
				mails, texts = nil, nil
				begun := visitor.post("/auth/signinup/code", object{name: contact})
				hasStatus(t, begun, "OK")
				equal(t, begun.json["flowType"], any("USER_INPUT_CODE_AND_MAGIC_LINK"))
				code, _ := sent(t)
				consume := func(code string) response {
					t.Helper()
					return visitor.post("/auth/signinup/code/consume", object{
						"deviceId": begun.json["deviceId"], "preAuthSessionId": begun.json["preAuthSessionId"],
						"userInputCode": code,
					})
				}
				wrong := consume("wrong")
				hasStatus(t, wrong, "INCORRECT_USER_INPUT_CODE_ERROR")
				equal(t, []any{wrong.json["failedCodeInputAttemptCount"], wrong.json["maximumCodeInputAttempts"]}, []any{1.0, 5.0})
				hasCode(t, visitor.get("/me"), http.StatusUnauthorized)
				done := consume(code)
				hasStatus(t, done, "OK")
				equal(t, done.json["createdNewUser"], any(true))
				equal(t, done.json["user"].(object)[name], any(contact))
				equal(t, visitor.get("/me").json["userId"], done.json["user"].(object)["id"])
				equal(t, exists(), any(true))
				hasStatus(t, consume(code), "RESTART_FLOW_ERROR")
			})
		})
	}
}

func TestWebPasswordlessByLink(t *testing.T) {
	visitor, email := newBrowser(t, serve(t, config{}), "cookie"), newEmail()
	mails, texts = nil, nil
	begun := visitor.post("/auth/signinup/code", object{"email": email})
	_, first := sent(t)
	device := object{"deviceId": begun.json["deviceId"], "preAuthSessionId": begun.json["preAuthSessionId"]}
	hasStatus(t, visitor.post("/auth/signinup/code/resend", device), "OK")
	_, second := sent(t)
	equal(t, first.Query().Get("preAuthSessionId"), second.Query().Get("preAuthSessionId"))
	isTrue(t, first.Fragment != second.Fragment, "the same link")

	other := newBrowser(t, visitor.url, "cookie") // the link may be opened elsewhere
	follow := func(link *url.URL) response {
		t.Helper()
		return other.post("/auth/signinup/code/consume", object{
			"preAuthSessionId": link.Query().Get("preAuthSessionId"), "linkCode": link.Fragment,
		})
	}
	hasStatus(t, follow(first), "OK")
	hasCode(t, other.get("/me"), http.StatusOK)
	hasCode(t, visitor.get("/me"), http.StatusUnauthorized)
	hasStatus(t, follow(second), "RESTART_FLOW_ERROR")
	hasStatus(t, visitor.post("/auth/signinup/code/resend", device), "RESTART_FLOW_ERROR")
}

func TestWebPasswordlessWithCodesOfTheApplication(t *testing.T) {
	number := 0
	own := &plessmodels.TypeInput{
		FlowType: "USER_INPUT_CODE_AND_MAGIC_LINK",
		GetCustomUserInputCode: func(string, supertokens.UserContext) (string, error) {
			number++
			return []string{"one", "one", "two"}[number-1], nil // the second is taken, so a third is asked for
		},
	}
	visitor := newBrowser(t, serve(t, config{passwordless: own}), "cookie")
	mails, texts = nil, nil
	begun := visitor.post("/auth/signinup/code", object{"email": newEmail()})
	code, _ := sent(t)
	equal(t, code, "one")
	device := object{"deviceId": begun.json["deviceId"], "preAuthSessionId": begun.json["preAuthSessionId"]}
	hasStatus(t, visitor.post("/auth/signinup/code/resend", device), "OK")
	code, _ = sent(t)
	equal(t, code, "two")
}

// The SDK says so itself: with CDI 3.1 the server does not.
func TestWebPasswordlessVerifiesTheAddress(t *testing.T) {
	recipes := []supertokens.Recipe{emailVerification(evmodels.ModeRequired)}
	visitor, email := newBrowser(t, serve(t, config{recipes: recipes}), "cookie"), newEmail()
	mails, texts = nil, nil
	begun := visitor.post("/auth/signinup/code", object{"email": email})
	code, _ := sent(t)
	hasStatus(t, visitor.post("/auth/signinup/code/consume", object{
		"deviceId": begun.json["deviceId"], "preAuthSessionId": begun.json["preAuthSessionId"], "userInputCode": code,
	}), "OK")
	hasCode(t, visitor.get("/me"), http.StatusOK)
	user := there(t, must(passwordless.GetUserByEmail(public, email))(t))
	equal(t, isVerified(t, user.ID, nil), true)
}
