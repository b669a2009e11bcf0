// The EmailPassword recipe's functions.
package clients

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/supertokens/supertokens-golang/recipe/emailpassword"
	"github.com/supertokens/supertokens-golang/recipe/emailpassword/epmodels"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy/multitenancymodels"
	"github.com/supertokens/supertokens-golang/recipe/thirdparty"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func TestSignUpCreatesAUser(t *testing.T) {
	email := newEmail()
	user := there(t, must(emailpassword.SignUp(public, email, password))(t).OK).User
	isTrue(t, user.ID != "" && user.TimeJoined > 0, show(user))
	equal(t, user.Email, email)
	equal(t, user.TenantIds, []string{public})
	equal(t, there(t, must(emailpassword.GetUserByID(user.ID))(t)), user)
	equal(t, there(t, must(emailpassword.GetUserByEmail(public, email))(t)), user)
}

func TestSignUpRefusesATakenAddress(t *testing.T) {
	user := signUp(t, public)
	for _, email := range []string{user.Email, strings.ToUpper(user.Email), " " + user.Email + " "} {
		equal(t, status(must(emailpassword.SignUp(public, email, newPassword))(t)), "EmailAlreadyExistsError", email)
	}
	equal(t, signInStatus(t, public, user.Email, password), "OK", "the password is still the first one")
}

func TestSignUpRefusesAnEmptyPassword(t *testing.T) {
	email := newEmail()
	_, err := emailpassword.SignUp(public, email, "")
	fails(t, err, "400.*Password cannot be an empty string")
	isTrue(t, must(emailpassword.GetUserByEmail(public, email))(t) == nil, "there is a user all the same")
}

func TestSignIn(t *testing.T) {
	user := signUp(t, public)
	for _, email := range []string{user.Email, strings.ToUpper(user.Email)} {
		equal(t, there(t, must(emailpassword.SignIn(public, email, password))(t).OK).User, user, email)
	}
	for _, wrong := range []string{"", newPassword, strings.ToUpper(password), " " + password} {
		equal(t, signInStatus(t, public, user.Email, wrong), "WrongCredentialsError", wrong)
	}
	equal(t, signInStatus(t, public, newEmail(), password), "WrongCredentialsError", "an unknown address")
}

func TestUnknownUsersAreNil(t *testing.T) {
	isTrue(t, must(emailpassword.GetUserByID(nobody))(t) == nil, "by id")
	isTrue(t, must(emailpassword.GetUserByEmail(public, newEmail()))(t) == nil, "by address")
	stranger := there(t, must(thirdparty.ManuallyCreateOrUpdateUser(public, "github", newID("gh"), newEmail()))(t).OK)
	isTrue(t, must(emailpassword.GetUserByID(stranger.User.ID))(t) == nil, "a user of another recipe, by id")
	isTrue(t, must(emailpassword.GetUserByEmail(public, stranger.User.Email))(t) == nil, "and by address")
}

func TestTenantsHaveTheirOwnUsers(t *testing.T) {
	tenant := createTenant(t, nil)
	here := signUp(t, tenant)
	equal(t, here.TenantIds, []string{tenant})
	equal(t, signInStatus(t, public, here.Email, password), "WrongCredentialsError")
	isTrue(t, must(emailpassword.GetUserByEmail(public, here.Email))(t) == nil, "by address in another tenant")
	equal(t, there(t, must(emailpassword.GetUserByID(here.ID))(t)), here, "ids belong to the app")
	elsewhere := there(t, must(emailpassword.SignUp(public, here.Email, newPassword))(t).OK).User
	isTrue(t, elsewhere.ID != here.ID, "the address is free in another tenant")
	equal(t, signInStatus(t, tenant, here.Email, newPassword), "WrongCredentialsError", "the other one's password")
}

func TestEmailPasswordCanBeDisabledInATenant(t *testing.T) {
	tenant := createTenant(t, nil)
	user := signUp(t, tenant)
	off := multitenancymodels.TenantConfig{EmailPasswordEnabled: ptr(false)}
	must(multitenancy.CreateOrUpdateTenant(tenant, off))(t)
	_, err := emailpassword.SignUp(tenant, newEmail(), password)
	fails(t, err, "403.*Email password login not enabled for tenant")
	_, err = emailpassword.SignIn(tenant, user.Email, password)
	fails(t, err, "403.*Email password login not enabled for tenant")
}

func TestUnknownTenantsAreRefused(t *testing.T) {
	_, err := emailpassword.SignUp(newID("nowhere"), newEmail(), password)
	fails(t, err, "400.*AppId or tenantId not found")
}

func resetToken(t *testing.T, tenant, id string) string {
	t.Helper()
	return there(t, must(emailpassword.CreateResetPasswordToken(tenant, id))(t).OK).Token
}

func reset(t *testing.T, token, password string) epmodels.ResetPasswordUsingTokenResponse {
	t.Helper()
	return must(emailpassword.ResetPasswordUsingToken(public, token, password))(t)
}

func TestResetPasswordUsingToken(t *testing.T) {
	user := signUp(t, public)
	first, second := resetToken(t, public, user.ID), resetToken(t, public, user.ID)
	isTrue(t, first != second, "two tokens are the same")
	equal(t, there(t, there(t, reset(t, first, newPassword).OK).UserId), user.ID)
	equal(t, signInStatus(t, public, user.Email, password), "WrongCredentialsError", "the old password")
	equal(t, signInStatus(t, public, user.Email, newPassword), "OK", "the new password")
	for _, token := range []string{first, second, "nonsense"} {
		equal(t, status(reset(t, token, password)), "ResetPasswordInvalidTokenError", token)
	}
	equal(t, signInStatus(t, public, user.Email, newPassword), "OK", "nothing has changed")
}

// The SDK swallows the server's 400 for an empty password: its answer says nothing at all.
func TestResetPasswordToAnEmptyOneChangesNothing(t *testing.T) {
	user := signUp(t, public)
	token := resetToken(t, public, user.ID)
	equal(t, status(reset(t, token, "")), "none")
	equal(t, signInStatus(t, public, user.Email, password), "OK")
	equal(t, status(reset(t, token, newPassword)), "OK", "the token is still good")
}

func TestResetTokensBelongToUsersWithAPassword(t *testing.T) {
	stranger := there(t, must(thirdparty.ManuallyCreateOrUpdateUser(public, "github", newID("gh"), newEmail()))(t).OK)
	for _, id := range []string{nobody, newID("nobody"), stranger.User.ID} {
		answer := must(emailpassword.CreateResetPasswordToken(public, id))(t)
		equal(t, status(answer), "UnknownUserIdError", id)
		equal(t, status(must(emailpassword.CreateResetPasswordLink(public, id))(t)), "UnknownUserIdError", id)
		equal(t, status(must(emailpassword.SendResetPasswordEmail(public, id))(t)), "UnknownUserIdError", id)
	}
}

func TestResetTokensExpire(t *testing.T) {
	tenant := createTenant(t, object{"password_reset_token_lifetime": 1})
	user := signUp(t, tenant)
	token := resetToken(t, tenant, user.ID)
	time.Sleep(10 * time.Millisecond)
	answer := must(emailpassword.ResetPasswordUsingToken(tenant, token, newPassword))(t)
	equal(t, status(answer), "ResetPasswordInvalidTokenError")
	equal(t, signInStatus(t, tenant, user.Email, password), "OK")
}

// tokenIn is the token in a link of the SDK, which must lead to the tenant.
func tokenIn(t *testing.T, link, tenant string) string {
	t.Helper()
	query := must(url.Parse(link))(t).Query()
	equal(t, query.Get("tenantId"), tenant, link)
	return query.Get("token")
}

func TestResetLinksCarryAToken(t *testing.T) {
	user := signUp(t, public)
	link := there(t, must(emailpassword.CreateResetPasswordLink(public, user.ID))(t).OK).Link
	matches(t, link, "^"+websiteDomain+"/auth/reset-password")
	equal(t, status(reset(t, tokenIn(t, link, public), newPassword)), "OK")

	mails = nil
	equal(t, status(must(emailpassword.SendResetPasswordEmail(public, user.ID))(t)), "OK")
	equal(t, len(mails), 1)
	mail := there(t, mails[0].PasswordReset)
	equal(t, []string{mail.User.ID, mail.User.Email}, []string{user.ID, user.Email})
	equal(t, status(reset(t, tokenIn(t, mail.PasswordResetLink, public), password)), "OK")
	equal(t, signInStatus(t, public, user.Email, password), "OK")
}

func update(t *testing.T, id string, email, password *string) string {
	t.Helper()
	return status(must(emailpassword.UpdateEmailOrPassword(id, email, password, nil, nil))(t))
}

func TestUpdateEmailOrPassword(t *testing.T) {
	user := signUp(t, public)
	second, third := newEmail(), newEmail()
	equal(t, update(t, user.ID, &second, nil), "OK")
	equal(t, there(t, must(emailpassword.GetUserByID(user.ID))(t)).Email, second)
	equal(t, signInStatus(t, public, user.Email, password), "WrongCredentialsError", "the old address")
	equal(t, signInStatus(t, public, second, password), "OK", "the new address")

	equal(t, update(t, user.ID, nil, ptr(newPassword)), "OK")
	equal(t, signInStatus(t, public, second, password), "WrongCredentialsError", "the old password")
	equal(t, signInStatus(t, public, second, newPassword), "OK", "the new password")

	equal(t, update(t, user.ID, &third, ptr(password)), "OK")
	equal(t, signInStatus(t, public, third, password), "OK", "both")
	equal(t, update(t, user.ID, &third, nil), "OK", "to what it is already")
	equal(t, status(must(emailpassword.SignUp(public, user.Email, password))(t)), "OK", "the first address is free again")
}

func TestUpdateEmailOrPasswordChangesNothingWhenItFails(t *testing.T) {
	user, other := signUp(t, public), signUp(t, public)
	taken := strings.ToUpper(other.Email)
	equal(t, update(t, user.ID, &taken, ptr(newPassword)), "EmailAlreadyExistsError")
	weak := must(emailpassword.UpdateEmailOrPassword(user.ID, ptr(newEmail()), ptr("weak"), nil, nil))(t)
	matches(t, there(t, weak.PasswordPolicyViolatedError).FailureReason, "8 characters")
	equal(t, update(t, user.ID, nil, nil), "none", "the SDK swallows the server's 400")
	equal(t, signInStatus(t, public, user.Email, password), "OK", "address and password stay")

	stranger := there(t, must(thirdparty.ManuallyCreateOrUpdateUser(public, "github", newID("gh"), newEmail()))(t).OK)
	for _, id := range []string{nobody, stranger.User.ID} {
		equal(t, update(t, id, ptr(newEmail()), nil), "UnknownUserIdError", id)
		equal(t, update(t, id, nil, ptr(newPassword)), "UnknownUserIdError", id)
	}
}

func TestUpdateEmailOrPasswordTakesAnyPasswordIfToldSo(t *testing.T) {
	user := signUp(t, public)
	answer := must(emailpassword.UpdateEmailOrPassword(user.ID, nil, ptr("weak"), ptr(false), nil))(t)
	equal(t, status(answer), "OK")
	equal(t, signInStatus(t, public, user.Email, "weak"), "OK")
}

func TestDeletedUsersCannotSignIn(t *testing.T) {
	user := signUp(t, public)
	token := resetToken(t, public, user.ID)
	noError(t, supertokens.DeleteUser(user.ID))
	isTrue(t, must(emailpassword.GetUserByID(user.ID))(t) == nil, "still found by id")
	equal(t, signInStatus(t, public, user.Email, password), "WrongCredentialsError")
	equal(t, status(reset(t, token, newPassword)), "ResetPasswordInvalidTokenError")
	heir := there(t, must(emailpassword.SignUp(public, user.Email, password))(t).OK).User
	isTrue(t, heir.ID != user.ID, "the address is free, but with the same id")
}
