// The Passwordless recipe: codes and links by e-mail or phone.
package clients

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/supertokens/supertokens-golang/recipe/multitenancy"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy/multitenancymodels"
	"github.com/supertokens/supertokens-golang/recipe/passwordless"
	"github.com/supertokens/supertokens-golang/recipe/passwordless/plessmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

// contact is how users are reached: the two kinds have functions of their own in the SDK.
type contact struct {
	name       string
	invent     func() string
	createCode func(tenant, contact string, code *string, context ...supertokens.UserContext) (
		plessmodels.CreateCodeResponse, error)
	magicLink func(tenant, contact string, context ...supertokens.UserContext) (string, error)
	getUser   func(tenant, contact string, context ...supertokens.UserContext) (*plessmodels.User, error)
	list      func(tenant, contact string, context ...supertokens.UserContext) ([]plessmodels.DeviceType, error)
	revoke    func(tenant, contact string, context ...supertokens.UserContext) error
	of        func(plessmodels.User) *string
}

var byEmail = contact{
	name:       "email",
	invent:     newEmail,
	createCode: passwordless.CreateCodeWithEmail,
	magicLink:  passwordless.CreateMagicLinkByEmail,
	getUser:    passwordless.GetUserByEmail,
	list:       passwordless.ListCodesByEmail,
	revoke:     passwordless.RevokeAllCodesByEmail,
	of:         func(user plessmodels.User) *string { return user.Email },
}

var byPhone = contact{
	name:       "phone",
	invent:     newPhone,
	createCode: passwordless.CreateCodeWithPhoneNumber,
	magicLink:  passwordless.CreateMagicLinkByPhoneNumber,
	getUser:    passwordless.GetUserByPhoneNumber,
	list:       passwordless.ListCodesByPhoneNumber,
	revoke:     passwordless.RevokeAllCodesByPhoneNumber,
	of:         func(user plessmodels.User) *string { return user.PhoneNumber },
}

// forEachContact runs a test for addresses and for numbers.
func forEachContact(t *testing.T, test func(t *testing.T, by contact)) {
	for _, by := range []contact{byEmail, byPhone} {
		by := by
		t.Run(by.name, func(t *testing.T) { test(t, by) })
	}
}

func (by contact) code(t *testing.T, value string) plessmodels.NewCode {
	t.Helper()
	return there(t, must(by.createCode(public, value, nil))(t).OK)
}

func consumeLink(t *testing.T, code plessmodels.NewCode) plessmodels.ConsumeCodeResponse {
	t.Helper()
	return must(passwordless.ConsumeCodeWithLinkCode(public, code.LinkCode, code.PreAuthSessionID))(t)
}

// typeIn consumes a code as somebody who types it in.
func typeIn(t *testing.T, device plessmodels.NewCode, code string) plessmodels.ConsumeCodeResponse {
	t.Helper()
	answer, err := passwordless.ConsumeCodeWithUserInputCode(public, device.DeviceID, code, device.PreAuthSessionID)
	return must(answer, err)(t)
}

func another(t *testing.T, of plessmodels.NewCode, code *string) plessmodels.ResendCodeResponse {
	t.Helper()
	return must(passwordless.CreateNewCodeForDevice(public, of.DeviceID, code))(t)
}

func TestPasswordlessSignUpAndSignInByCode(t *testing.T) {
	forEachContact(t, func(t *testing.T, by contact) {
		value := by.invent()
		isTrue(t, must(by.getUser(public, value))(t) == nil, "there is a user before the first sign-in")
		code := by.code(t, value)
		matches(t, code.UserInputCode, `^\d{6}$`)
		matches(t, code.DeviceID, `^[A-Za-z0-9+/]{43}=$`)
		matches(t, code.PreAuthSessionID, `^[A-Za-z0-9_-]{43}$`)
		matches(t, code.LinkCode, `^[A-Za-z0-9_-]{43}$`)
		equal(t, code.CodeLifetime, 900000)
		isTrue(t, code.TimeCreated > 0 && code.CodeID != "", show(code))

		made := there(t, typeIn(t, code, code.UserInputCode).OK)
		equal(t, made.CreatedNewUser, true)
		equal(t, *by.of(made.User), value)
		equal(t, made.User.TenantIds, []string{public})
		isTrue(t, (made.User.Email == nil) != (made.User.PhoneNumber == nil), show(made.User))

		second := by.code(t, value)
		again := there(t, typeIn(t, second, second.UserInputCode).OK)
		equal(t, again.CreatedNewUser, false)
		equal(t, again.User, made.User)
		equal(t, there(t, must(by.getUser(public, value))(t)), made.User)
		equal(t, there(t, must(passwordless.GetUserByID(made.User.ID))(t)), made.User)
	})
}

func TestPasswordlessSignInByLink(t *testing.T) {
	forEachContact(t, func(t *testing.T, by contact) {
		value := by.invent()
		link := must(url.Parse(must(by.magicLink(public, value))(t)))(t)
		matches(t, link.String(), "^"+websiteDomain+"/auth/verify")
		equal(t, link.Query().Get("tenantId"), public)
		code := plessmodels.NewCode{LinkCode: link.Fragment, PreAuthSessionID: link.Query().Get("preAuthSessionId")}
		made := there(t, consumeLink(t, code).OK)
		equal(t, made.CreatedNewUser, true)
		equal(t, *by.of(made.User), value)
		equal(t, status(consumeLink(t, code)), "RestartFlowError", "a second time")
	})
}

func TestSignInUp(t *testing.T) {
	email, phone := newEmail(), newPhone()
	first := must(passwordless.SignInUpByEmail(public, email))(t)
	equal(t, []any{first.CreatedNewUser, *first.User.Email}, []any{true, email})
	second := must(passwordless.SignInUpByEmail(public, strings.ToUpper(email)))(t)
	equal(t, []any{second.CreatedNewUser, second.User.ID}, []any{false, first.User.ID})
	first = must(passwordless.SignInUpByPhoneNumber(public, phone))(t)
	equal(t, []any{first.CreatedNewUser, *first.User.PhoneNumber}, []any{true, phone})
	second = must(passwordless.SignInUpByPhoneNumber(public, phone[:4]+" "+phone[4:]))(t)
	equal(t, []any{second.CreatedNewUser, second.User.ID}, []any{false, first.User.ID})
}

func TestCustomCodes(t *testing.T) {
	forEachContact(t, func(t *testing.T, by contact) {
		code := there(t, must(by.createCode(public, by.invent(), ptr("Sesame")))(t).OK)
		equal(t, code.UserInputCode, "Sesame")
		equal(t, status(another(t, code, ptr("Sesame"))), "UserInputCodeAlreadyUsedError")
		equal(t, there(t, another(t, code, ptr("Other")).OK).UserInputCode, "Other")
		equal(t, status(typeIn(t, code, "sesame")), "IncorrectUserInputCodeError")
		equal(t, status(typeIn(t, code, "Sesame")), "OK")
	})
	_, err := passwordless.CreateCodeWithEmail(public, newEmail(), ptr(""))
	fails(t, err, "400.*userInputCode cannot be an empty string")
}

func TestEveryCodeOfADeviceIsGood(t *testing.T) {
	first := byEmail.code(t, newEmail())
	second := there(t, another(t, first, nil).OK)
	equal(t, []string{second.DeviceID, second.PreAuthSessionID}, []string{first.DeviceID, first.PreAuthSessionID})
	isTrue(t, second.CodeID != first.CodeID && second.LinkCode != first.LinkCode, "the same code")
	equal(t, status(typeIn(t, second, first.UserInputCode)), "OK", "the first one's code")
	equal(t, status(consumeLink(t, second)), "RestartFlowError", "a sign-in makes the others worthless")
	equal(t, status(another(t, first, nil)), "RestartFlowError", "and the device is gone")
}

func TestASignInEndsAllDevicesOfTheContact(t *testing.T) {
	email := newEmail()
	here, elsewhere, stranger := byEmail.code(t, email), byEmail.code(t, email), byEmail.code(t, newEmail())
	equal(t, status(consumeLink(t, here)), "OK")
	equal(t, status(consumeLink(t, elsewhere)), "RestartFlowError")
	equal(t, status(consumeLink(t, stranger)), "OK", "somebody else's")
}

func TestWrongCodesAreCounted(t *testing.T) {
	code := byEmail.code(t, newEmail())
	for n := 1; n < 5; n++ {
		wrong := there(t, typeIn(t, code, "wrong").IncorrectUserInputCodeError)
		equal(t, []int{wrong.FailedCodeInputAttemptCount, wrong.MaximumCodeInputAttempts}, []int{n, 5})
		another(t, code, nil) // another code does not give further attempts
	}
	equal(t, status(typeIn(t, code, "wrong")), "RestartFlowError", "the fifth time")
	equal(t, status(typeIn(t, code, code.UserInputCode)), "RestartFlowError", "the device is gone")
}

func TestAttemptsAreASettingOfTheTenant(t *testing.T) {
	tenant := createTenant(t, object{"passwordless_max_code_input_attempts": 1})
	code := there(t, must(passwordless.CreateCodeWithEmail(tenant, newEmail(), nil))(t).OK)
	answer := must(passwordless.ConsumeCodeWithUserInputCode(tenant, code.DeviceID, "wrong", code.PreAuthSessionID))(t)
	equal(t, status(answer), "RestartFlowError")
}

func TestCodesExpire(t *testing.T) {
	tenant := createTenant(t, object{"passwordless_code_lifetime": 1})
	code := there(t, must(passwordless.CreateCodeWithEmail(tenant, newEmail(), nil))(t).OK)
	equal(t, code.CodeLifetime, 1)
	time.Sleep(10 * time.Millisecond)
	byCode, err := passwordless.ConsumeCodeWithUserInputCode(
		tenant, code.DeviceID, code.UserInputCode, code.PreAuthSessionID)
	expired := there(t, must(byCode, err)(t).ExpiredUserInputCodeError)
	equal(t, []int{expired.FailedCodeInputAttemptCount, expired.MaximumCodeInputAttempts}, []int{1, 5})
	byLink := must(passwordless.ConsumeCodeWithLinkCode(tenant, code.LinkCode, code.PreAuthSessionID))(t)
	equal(t, status(byLink), "RestartFlowError")
}

func TestConsumeCodeRefusesBadInput(t *testing.T) {
	code, other := byEmail.code(t, newEmail()), byEmail.code(t, newEmail())
	_, err := passwordless.ConsumeCodeWithLinkCode(public, code.LinkCode, other.PreAuthSessionID)
	fails(t, err, "400.*preAuthSessionId and deviceId doesn't match")
	_, err = passwordless.ConsumeCodeWithUserInputCode(public, code.DeviceID, code.UserInputCode, other.PreAuthSessionID)
	fails(t, err, "400.*preAuthSessionId and deviceId doesn't match")
	_, err = passwordless.ConsumeCodeWithUserInputCode(public, "!", code.UserInputCode, code.PreAuthSessionID)
	fails(t, err, "400.*Input encoding error in deviceId")
	_, err = passwordless.ConsumeCodeWithLinkCode(public, "!", code.PreAuthSessionID)
	fails(t, err, "400.*Input encoding error in linkCode")
	equal(t, status(consumeLink(t, code)), "OK", "no harm done")
}

func TestCodesBelongToTheirTenant(t *testing.T) {
	tenant, code := createTenant(t, nil), byEmail.code(t, newEmail())
	answer := must(passwordless.ConsumeCodeWithLinkCode(tenant, code.LinkCode, code.PreAuthSessionID))(t)
	equal(t, status(answer), "RestartFlowError")
	resent := must(passwordless.CreateNewCodeForDevice(tenant, code.DeviceID, nil))(t)
	equal(t, status(resent), "RestartFlowError")
	equal(t, status(consumeLink(t, code)), "OK")
}

func TestPasswordlessCanBeDisabledInATenant(t *testing.T) {
	tenant := createTenant(t, nil)
	code := there(t, must(passwordless.CreateCodeWithEmail(tenant, newEmail(), nil))(t).OK)
	off := multitenancymodels.TenantConfig{PasswordlessEnabled: ptr(false)}
	must(multitenancy.CreateOrUpdateTenant(tenant, off))(t)
	_, err := passwordless.CreateCodeWithEmail(tenant, newEmail(), nil)
	fails(t, err, "403.*Passwordless login not enabled for tenant")
	_, err = passwordless.ConsumeCodeWithLinkCode(tenant, code.LinkCode, code.PreAuthSessionID)
	fails(t, err, "403.*Passwordless login not enabled for tenant")
}
