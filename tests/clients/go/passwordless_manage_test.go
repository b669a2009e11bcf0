// The Passwordless recipe: listing and revoking codes, and changing how a user is reached.
package clients

import (
	"encoding/base64"
	"sort"
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/passwordless"
	"github.com/supertokens/supertokens-golang/recipe/passwordless/plessmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

// entries are codes as lists show them.
func entries(codes ...plessmodels.NewCode) []plessmodels.Code {
	list := []plessmodels.Code{}
	for _, code := range codes {
		list = append(list, plessmodels.Code{
			CodeID: code.CodeID, TimeCreated: code.TimeCreated, CodeLifetime: code.CodeLifetime,
		})
	}
	return list
}

func sorted(device plessmodels.DeviceType) plessmodels.DeviceType {
	sort.Slice(device.Codes, func(i, j int) bool { return device.Codes[i].CodeID < device.Codes[j].CodeID })
	return device
}

func TestListCodes(t *testing.T) {
	forEachContact(t, func(t *testing.T, by contact) {
		value := by.invent()
		equal(t, len(must(by.list(public, value))(t)), 0)
		first := by.code(t, value)
		second := there(t, another(t, first, nil).OK)
		typeIn(t, first, "wrong")
		want := plessmodels.DeviceType{
			PreAuthSessionID:            first.PreAuthSessionID,
			FailedCodeInputAttemptCount: 1,
			Codes:                       entries(first, second),
		}
		if by.name == "email" {
			want.Email = &value
		} else {
			want.PhoneNumber = &value
		}
		want = sorted(want)
		byDevice := must(passwordless.ListCodesByDeviceID(public, first.DeviceID))(t)
		equal(t, sorted(there(t, byDevice)), want)
		bySession := must(passwordless.ListCodesByPreAuthSessionID(public, first.PreAuthSessionID))(t)
		equal(t, sorted(there(t, bySession)), want)

		elsewhere := by.code(t, value)
		by.code(t, by.invent())
		sessions := []string{}
		for _, device := range must(by.list(public, value))(t) {
			sessions = append(sessions, device.PreAuthSessionID)
			if device.PreAuthSessionID == want.PreAuthSessionID {
				equal(t, sorted(device), want)
			}
		}
		sameMembers(t, sessions, []string{first.PreAuthSessionID, elsewhere.PreAuthSessionID})
	})
}

func TestNothingIsListedForWhatIsUnknown(t *testing.T) {
	device := base64.StdEncoding.EncodeToString(make([]byte, 32))
	isTrue(t, must(passwordless.ListCodesByDeviceID(public, device))(t) == nil, "a device")
	isTrue(t, must(passwordless.ListCodesByPreAuthSessionID(public, newID("session")))(t) == nil, "a session")
	_, err := passwordless.ListCodesByDeviceID(public, "!")
	fails(t, err, "400.*Input encoding error in deviceId")
}

func TestRevokeAllCodes(t *testing.T) {
	forEachContact(t, func(t *testing.T, by contact) {
		value := by.invent()
		codes := []plessmodels.NewCode{by.code(t, value), by.code(t, value)}
		stranger := by.code(t, by.invent())
		noError(t, by.revoke(public, value))
		equal(t, len(must(by.list(public, value))(t)), 0)
		for _, code := range codes {
			equal(t, status(consumeLink(t, code)), "RestartFlowError")
		}
		equal(t, status(consumeLink(t, stranger)), "OK", "somebody else's")
		noError(t, by.revoke(public, value))
	})
}

func TestRevokeCode(t *testing.T) {
	first := byEmail.code(t, newEmail())
	second := there(t, another(t, first, nil).OK)
	noError(t, passwordless.RevokeCode(public, first.CodeID))
	device := must(passwordless.ListCodesByDeviceID(public, first.DeviceID))(t)
	equal(t, there(t, device).Codes, entries(second))
	equal(t, status(consumeLink(t, first)), "RestartFlowError")
	noError(t, passwordless.RevokeCode(public, second.CodeID))
	gone := must(passwordless.ListCodesByDeviceID(public, first.DeviceID))(t)
	isTrue(t, gone == nil, "the device is still there without its last code")
	for _, id := range []string{second.CodeID, nobody, "nonsense"} {
		noError(t, passwordless.RevokeCode(public, id))
	}
}

func TestCodesAreListedAndRevokedInTheirTenant(t *testing.T) {
	tenant, email := createTenant(t, nil), newEmail()
	code := there(t, must(passwordless.CreateCodeWithEmail(tenant, email, nil))(t).OK)
	equal(t, len(must(passwordless.ListCodesByEmail(public, email))(t)), 0)
	noError(t, passwordless.RevokeAllCodesByEmail(public, email))
	noError(t, passwordless.RevokeCode(public, code.CodeID))
	devices := must(passwordless.ListCodesByEmail(tenant, email))(t)
	equal(t, len(devices), 1)
	equal(t, devices[0].Codes, entries(code))
}

func signInUpByEmail(t *testing.T, email string) plessmodels.User {
	t.Helper()
	return must(passwordless.SignInUpByEmail(public, email))(t).User
}

func updateUser(t *testing.T, id string, email, phone *string) string {
	t.Helper()
	return status(must(passwordless.UpdateUser(id, email, phone))(t))
}

func TestUpdateUser(t *testing.T) {
	before, after, phone := newEmail(), newEmail(), newPhone()
	user := signInUpByEmail(t, before)
	code := byEmail.code(t, before)
	equal(t, updateUser(t, user.ID, &after, nil), "OK")
	equal(t, status(consumeLink(t, code)), "RestartFlowError", "codes for the old address are worthless")
	equal(t, *must(passwordless.GetUserByID(user.ID))(t).Email, after)
	equal(t, updateUser(t, user.ID, &after, nil), "OK", "to what it is already")
	equal(t, updateUser(t, user.ID, nil, nil), "OK", "nothing")
	isTrue(t, signInUpByEmail(t, before).ID != user.ID, "the old address is free")

	equal(t, updateUser(t, user.ID, nil, &phone), "OK")
	both := there(t, must(passwordless.GetUserByID(user.ID))(t))
	equal(t, []string{*both.Email, *both.PhoneNumber}, []string{after, phone})
	equal(t, signInUpByEmail(t, after).ID, user.ID)
	equal(t, must(passwordless.SignInUpByPhoneNumber(public, phone))(t).User.ID, user.ID)
}

func TestUpdateUserRefusesWhatAnotherUserHas(t *testing.T) {
	user, taken := signInUpByEmail(t, newEmail()), signInUpByEmail(t, newEmail())
	phone := newPhone()
	must(passwordless.SignInUpByPhoneNumber(public, phone))(t)
	equal(t, updateUser(t, user.ID, taken.Email, nil), "EmailAlreadyExistsError")
	equal(t, updateUser(t, user.ID, nil, &phone), "PhoneNumberAlreadyExistsError")
	equal(t, updateUser(t, user.ID, ptr(newEmail()), &phone), "PhoneNumberAlreadyExistsError")
	equal(t, there(t, must(passwordless.GetUserByID(user.ID))(t)), user, "nothing has changed")
	withPassword := signUp(t, public)
	for _, id := range []string{nobody, newID("nobody"), withPassword.ID} {
		equal(t, updateUser(t, id, ptr(newEmail()), nil), "UnknownUserIdError", id)
	}
	equal(t, updateUser(t, user.ID, &withPassword.Email, nil), "OK", "the address of another recipe's user")
}

func TestDeleteContactsOfAUser(t *testing.T) {
	email, phone := newEmail(), newPhone()
	user := signInUpByEmail(t, email)
	_, err := passwordless.DeleteEmailForUser(user.ID)
	fails(t, err, "400.*You cannot clear both email and phone number of a user")

	equal(t, updateUser(t, user.ID, nil, &phone), "OK")
	equal(t, status(must(passwordless.DeleteEmailForUser(user.ID))(t)), "OK")
	found := there(t, must(passwordless.GetUserByID(user.ID))(t))
	isTrue(t, found.Email == nil && *found.PhoneNumber == phone, show(found))
	isTrue(t, must(passwordless.GetUserByEmail(public, email))(t) == nil, "still found by the address")

	equal(t, updateUser(t, user.ID, &email, nil), "OK")
	equal(t, status(must(passwordless.DeletePhoneNumberForUser(user.ID))(t)), "OK")
	equal(t, there(t, must(passwordless.GetUserByID(user.ID))(t)), user, "as at first")

	equal(t, status(must(passwordless.DeleteEmailForUser(nobody))(t)), "UnknownUserIdError")
	equal(t, status(must(passwordless.DeletePhoneNumberForUser(nobody))(t)), "UnknownUserIdError")
}

func TestDeletedPasswordlessUsersSignUpAnew(t *testing.T) {
	user := signInUpByEmail(t, newEmail())
	noError(t, supertokens.DeleteUser(user.ID))
	isTrue(t, must(passwordless.GetUserByID(user.ID))(t) == nil, "still found by id")
	again := must(passwordless.SignInUpByEmail(public, *user.Email))(t)
	isTrue(t, again.CreatedNewUser && again.User.ID != user.ID, show(again))
}
