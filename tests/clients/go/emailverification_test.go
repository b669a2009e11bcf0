// The EmailVerification recipe's functions.
package clients

import (
	"strings"
	"testing"
	"time"

	"github.com/supertokens/supertokens-golang/recipe/emailpassword"
	"github.com/supertokens/supertokens-golang/recipe/emailverification"
	"github.com/supertokens/supertokens-golang/recipe/emailverification/evclaims"
	"github.com/supertokens/supertokens-golang/recipe/emailverification/evmodels"
	"github.com/supertokens/supertokens-golang/recipe/passwordless"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func emailVerification(mode evmodels.TypeMode) supertokens.Recipe {
	return emailverification.Init(evmodels.TypeInput{Mode: mode, EmailDelivery: emailDelivery()})
}

func withEmailVerification(t *testing.T) {
	t.Helper()
	with(t, config{recipes: []supertokens.Recipe{emailVerification(evmodels.ModeOptional)}})
}

func verificationToken(t *testing.T, tenant, id string, email *string) string {
	t.Helper()
	return there(t, must(emailverification.CreateEmailVerificationToken(tenant, id, email))(t).OK).Token
}

func verify(t *testing.T, tenant, token string) evmodels.VerifyEmailUsingTokenResponse {
	t.Helper()
	return must(emailverification.VerifyEmailUsingToken(tenant, token))(t)
}

func isVerified(t *testing.T, id string, email *string) bool {
	t.Helper()
	return must(emailverification.IsEmailVerified(id, email))(t)
}

func TestVerifyEmailUsingToken(t *testing.T) {
	withEmailVerification(t)
	user := signUp(t, public)
	equal(t, isVerified(t, user.ID, nil), false)
	first, second := verificationToken(t, public, user.ID, nil), verificationToken(t, public, user.ID, nil)
	isTrue(t, first != second, "two tokens are the same")
	equal(t, there(t, verify(t, public, first).OK).User, evmodels.User{ID: user.ID, Email: user.Email})
	equal(t, isVerified(t, user.ID, nil), true)
	for _, token := range []string{first, second, "nonsense"} {
		equal(t, status(verify(t, public, token)), "EmailVerificationInvalidTokenError", token)
	}
	again := must(emailverification.CreateEmailVerificationToken(public, user.ID, nil))(t)
	equal(t, status(again), "EmailAlreadyVerifiedError")
	link := must(emailverification.CreateEmailVerificationLink(public, user.ID, nil))(t)
	equal(t, status(link), "EmailAlreadyVerifiedError")
}

func TestVerificationBelongsToAUserAndAnAddress(t *testing.T) {
	withEmailVerification(t)
	user, other := signUp(t, public), newEmail()
	verify(t, public, verificationToken(t, public, user.ID, &other))
	equal(t, []bool{isVerified(t, user.ID, &other), isVerified(t, user.ID, nil)}, []bool{true, false})
	equal(t, isVerified(t, nobody, &other), false, "another user's")
	equal(t, update(t, user.ID, &other, nil), "OK")
	equal(t, isVerified(t, user.ID, nil), true, "once it is the user's address")
	equal(t, update(t, user.ID, &user.Email, nil), "OK")
	equal(t, isVerified(t, user.ID, nil), false, "and the old one is as it was")
}

func TestVerificationOfAnyPair(t *testing.T) {
	withEmailVerification(t)
	id, email := newID("visitor"), newEmail()
	upper := strings.ToUpper(email)
	token := verificationToken(t, public, id, &upper)
	equal(t, there(t, verify(t, public, token).OK).User, evmodels.User{ID: id, Email: email})
	equal(t, []bool{isVerified(t, id, &email), isVerified(t, id, &upper)}, []bool{true, false}, "compared as sent")
	_, err := emailverification.CreateEmailVerificationToken(public, id, nil)
	fails(t, err, "unknown user id")
}

func TestUsersWithoutAnAddressAreVerified(t *testing.T) {
	withEmailVerification(t)
	user := must(passwordless.SignInUpByPhoneNumber(public, newPhone()))(t).User
	equal(t, isVerified(t, user.ID, nil), true)
	answer := must(emailverification.CreateEmailVerificationToken(public, user.ID, nil))(t)
	equal(t, status(answer), "EmailAlreadyVerifiedError")
}

// With CDI 3.1 the server leaves it to the SDK's APIs to say that an address is verified.
func TestPasswordlessFunctionsVerifyNothing(t *testing.T) {
	withEmailVerification(t)
	user := signInUpByEmail(t, newEmail())
	equal(t, isVerified(t, user.ID, nil), false)
}

func TestUnverifyEmail(t *testing.T) {
	withEmailVerification(t)
	user := signUp(t, public)
	verify(t, public, verificationToken(t, public, user.ID, nil))
	for range []int{1, 2} {
		equal(t, status(must(emailverification.UnverifyEmail(user.ID, nil))(t)), "OK")
		equal(t, isVerified(t, user.ID, nil), false)
	}
	equal(t, status(verify(t, public, verificationToken(t, public, user.ID, nil))), "OK")
}

func TestRevokeEmailVerificationTokens(t *testing.T) {
	withEmailVerification(t)
	user, stranger := signUp(t, public), signUp(t, public)
	tokens := []string{verificationToken(t, public, user.ID, nil), verificationToken(t, public, user.ID, nil)}
	theirs := verificationToken(t, public, stranger.ID, nil)
	for range []int{1, 2} {
		equal(t, status(must(emailverification.RevokeEmailVerificationTokens(public, user.ID, nil))(t)), "OK")
	}
	for _, token := range tokens {
		equal(t, status(verify(t, public, token)), "EmailVerificationInvalidTokenError")
	}
	equal(t, status(verify(t, public, theirs)), "OK", "somebody else's")
}

func TestVerificationTokensBelongToTheirTenant(t *testing.T) {
	withEmailVerification(t)
	tenant := createTenant(t, nil)
	user := signUp(t, tenant)
	token := verificationToken(t, tenant, user.ID, nil)
	equal(t, status(verify(t, public, token)), "EmailVerificationInvalidTokenError")
	must(emailverification.RevokeEmailVerificationTokens(public, user.ID, nil))(t)
	equal(t, status(verify(t, tenant, token)), "OK")
	equal(t, isVerified(t, user.ID, nil), true)
}

func TestVerificationTokensExpire(t *testing.T) {
	withEmailVerification(t)
	tenant := createTenant(t, object{"email_verification_token_lifetime": 1})
	user := signUp(t, tenant)
	token := verificationToken(t, tenant, user.ID, nil)
	time.Sleep(10 * time.Millisecond)
	equal(t, status(verify(t, tenant, token)), "EmailVerificationInvalidTokenError")
	equal(t, isVerified(t, user.ID, nil), false)
}

func TestSendEmailVerificationEmail(t *testing.T) {
	withEmailVerification(t)
	user := signUp(t, public)
	mails = nil
	equal(t, status(must(emailverification.SendEmailVerificationEmail(public, user.ID, nil))(t)), "OK")
	equal(t, len(mails), 1)
	mail := there(t, mails[0].EmailVerification)
	equal(t, []string{mail.User.ID, mail.User.Email}, []string{user.ID, user.Email})
	matches(t, mail.EmailVerifyLink, "^"+websiteDomain+"/auth/verify-email")
	equal(t, status(verify(t, public, tokenIn(t, mail.EmailVerifyLink, public))), "OK")
	again := must(emailverification.SendEmailVerificationEmail(public, user.ID, nil))(t)
	equal(t, status(again), "EmailAlreadyVerifiedError")
	equal(t, len(mails), 1)
}

func TestSessionsSayWhetherTheAddressIsVerified(t *testing.T) {
	withEmailVerification(t)
	user := signUp(t, public)
	made := createSession(t, public, user.ID, nil, nil)
	equal(t, made.GetClaimValue(evclaims.EmailVerificationClaim), any(false))
	verify(t, public, verificationToken(t, public, user.ID, nil))
	noError(t, made.FetchAndSetClaim(evclaims.EmailVerificationClaim))
	equal(t, made.GetClaimValue(evclaims.EmailVerificationClaim), any(true))
}

func TestVerificationEndsWithTheUser(t *testing.T) {
	withEmailVerification(t)
	user := signUp(t, public)
	verify(t, public, verificationToken(t, public, user.ID, nil))
	noError(t, supertokens.DeleteUser(user.ID))
	equal(t, isVerified(t, user.ID, &user.Email), false)
	heir := there(t, must(emailpassword.SignUp(public, user.Email, password))(t).OK).User
	equal(t, isVerified(t, heir.ID, nil), false)
}
