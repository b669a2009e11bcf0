// Ids from another system in place of the server's: the functions of the supertokens package itself.
package clients

import (
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/emailpassword"
	"github.com/supertokens/supertokens-golang/recipe/passwordless"
	"github.com/supertokens/supertokens-golang/recipe/thirdparty"
	"github.com/supertokens/supertokens-golang/recipe/usermetadata"
	"github.com/supertokens/supertokens-golang/supertokens"
)

const (
	anyID      = supertokens.UserIdTypeAny
	ownID      = supertokens.UserIdTypeSupertokens
	externalID = supertokens.UserIdTypeExternal
)

func mapID(t *testing.T, id, external string, info *string) {
	t.Helper()
	equal(t, status(must(supertokens.CreateUserIdMapping(id, external, info, nil))(t)), "OK")
}

type mapping struct {
	own, external string
	info          *string
}

func mappingOf(t *testing.T, id string, kind *supertokens.UserIdType) mapping {
	t.Helper()
	found := there(t, must(supertokens.GetUserIdMapping(id, kind))(t).OK)
	return mapping{found.SupertokensUserId, found.ExternalUserId, found.ExternalUserIdInfo}
}

func mappingStatus(t *testing.T, id string, kind *supertokens.UserIdType) string {
	t.Helper()
	return status(must(supertokens.GetUserIdMapping(id, kind))(t))
}

func unmap(t *testing.T, id string, kind *supertokens.UserIdType) bool {
	t.Helper()
	return there(t, must(supertokens.DeleteUserIdMapping(id, kind, nil))(t).OK).DidMappingExist
}

func TestCreateAndGetUserIdMapping(t *testing.T) {
	user, external := signUp(t, public), newID("ext")
	equal(t, mappingStatus(t, user.ID, nil), "UnknownMappingError")
	mapID(t, user.ID, external, ptr("from the old system"))
	want := mapping{user.ID, external, ptr("from the old system")}
	equal(t, mappingOf(t, user.ID, nil), want)
	equal(t, mappingOf(t, external, nil), want)
	equal(t, mappingOf(t, user.ID, ptr(ownID)), want)
	equal(t, mappingOf(t, external, ptr(externalID)), want)
	equal(t, mappingOf(t, external, ptr(anyID)), want)
	equal(t, mappingStatus(t, user.ID, ptr(externalID)), "UnknownMappingError")
	equal(t, mappingStatus(t, external, ptr(ownID)), "UnknownMappingError")
	_, err := supertokens.GetUserIdMapping(external, ptr(supertokens.UserIdType("OTHER")))
	fails(t, err, "400.*should be one of 'SUPERTOKENS', 'EXTERNAL' or 'ANY'")
}

func TestUsersAreShownWithTheirExternalId(t *testing.T) {
	byPassword, ext := signUp(t, public), newID("ext")
	mapID(t, byPassword.ID, ext, nil)
	shown := byPassword
	shown.ID = ext
	equal(t, there(t, must(emailpassword.GetUserByID(ext))(t)), shown)
	equal(t, there(t, must(emailpassword.GetUserByID(byPassword.ID))(t)), shown)
	equal(t, there(t, must(emailpassword.GetUserByEmail(public, byPassword.Email))(t)), shown)
	equal(t, there(t, must(emailpassword.SignIn(public, byPassword.Email, password))(t).OK).User, shown)
	answer := reset(t, resetToken(t, public, ext), newPassword)
	equal(t, *there(t, answer.OK).UserId, ext)
	equal(t, update(t, ext, nil, ptr(password)), "OK")

	byCode, ext := signInUpByEmail(t, newEmail()), newID("ext")
	mapID(t, byCode.ID, ext, nil)
	equal(t, signInUpByEmail(t, *byCode.Email).ID, ext)
	equal(t, must(passwordless.GetUserByID(ext))(t).ID, ext)
	equal(t, updateUser(t, ext, nil, ptr(newPhone())), "OK")

	id, ext := newID("gh"), newID("ext")
	byProvider, _ := signInWith(t, public, "github", id, newEmail())
	mapID(t, byProvider.ID, ext, nil)
	again, _ := signInWith(t, public, "github", id, byProvider.Email)
	equal(t, again.ID, ext)
	equal(t, must(thirdparty.GetUserByThirdPartyInfo(public, "github", id))(t).ID, ext)
}

func TestMappingsAreOneToOne(t *testing.T) {
	user, other, external := signUp(t, public), signUp(t, public), newID("ext")
	mapID(t, user.ID, external, nil)
	exists := func(id, external string) [2]bool {
		answer := must(supertokens.CreateUserIdMapping(id, external, nil, nil))(t)
		conflict := there(t, answer.UserIdMappingAlreadyExistsError)
		return [2]bool{conflict.DoesSuperTokensUserIdExist, conflict.DoesExternalUserIdExist}
	}
	equal(t, exists(user.ID, external), [2]bool{true, true})
	equal(t, exists(user.ID, newID("ext")), [2]bool{true, false})
	equal(t, exists(other.ID, external), [2]bool{false, true})
	answer := must(supertokens.CreateUserIdMapping(nobody, newID("ext"), nil, nil))(t)
	equal(t, status(answer), "UnknownSupertokensUserIdError")
}

func TestMappingsToAnotherUsersIdNeedForce(t *testing.T) {
	user, other := signUp(t, public), signUp(t, public)
	_, err := supertokens.CreateUserIdMapping(user.ID, other.ID, nil, ptr(false))
	fails(t, err, "400.*Cannot create a userId mapping where the externalId is also a SuperTokens userID")
	equal(t, status(must(supertokens.CreateUserIdMapping(user.ID, other.ID, nil, ptr(true)))(t)), "OK")
	equal(t, must(emailpassword.GetUserByID(other.ID))(t).Email, other.Email, "the server's own id wins")
}

func TestMappingsOfIdsInUseNeedForce(t *testing.T) {
	user, external := signUp(t, public), newID("ext")
	must(usermetadata.UpdateUserMetadata(user.ID, object{"a": 1.0}))(t)
	_, err := supertokens.CreateUserIdMapping(user.ID, external, nil, nil)
	fails(t, err, "400.*UserId is already in use in UserMetadata recipe")
	equal(t, status(must(supertokens.CreateUserIdMapping(user.ID, external, nil, ptr(true)))(t)), "OK")
	equal(t, metadataOf(t, user.ID), object{"a": 1.0}, "what was there stays where it was")
	equal(t, metadataOf(t, external), object{})

	must(usermetadata.UpdateUserMetadata(external, object{"b": 2.0}))(t)
	_, err = supertokens.DeleteUserIdMapping(external, nil, nil)
	fails(t, err, "400.*UserId is already in use in UserMetadata recipe")
	forced := must(supertokens.DeleteUserIdMapping(external, nil, ptr(true)))(t)
	equal(t, there(t, forced.OK).DidMappingExist, true)
}

func TestDeleteUserIdMapping(t *testing.T) {
	user := signUp(t, public)
	for _, kind := range []supertokens.UserIdType{anyID, ownID, externalID} {
		external := newID("ext")
		mapID(t, user.ID, external, nil)
		id, wrong := external, ownID
		if kind == ownID {
			id, wrong = user.ID, externalID
		}
		equal(t, unmap(t, id, &wrong), false, "by the wrong kind of id", kind)
		equal(t, unmap(t, id, ptr(kind)), true, kind)
		equal(t, unmap(t, id, ptr(kind)), false, "a second time", kind)
		equal(t, must(emailpassword.GetUserByID(user.ID))(t).ID, user.ID)
		isTrue(t, must(emailpassword.GetUserByID(external))(t) == nil, "still found by the external id")
	}
}

func TestUpdateOrDeleteUserIdMappingInfo(t *testing.T) {
	user, external := signUp(t, public), newID("ext")
	update := func(id string, kind *supertokens.UserIdType, info *string) string {
		return status(must(supertokens.UpdateOrDeleteUserIdMappingInfo(id, kind, info))(t))
	}
	equal(t, update(user.ID, nil, ptr("x")), "UnknownMappingError")
	mapID(t, user.ID, external, nil)
	equal(t, update(user.ID, nil, ptr("one")), "OK")
	equal(t, mappingOf(t, external, nil).info, ptr("one"))
	equal(t, update(external, ptr(externalID), ptr("two")), "OK")
	equal(t, update(external, ptr(ownID), ptr("three")), "UnknownMappingError")
	equal(t, mappingOf(t, external, nil).info, ptr("two"))
	equal(t, update(external, nil, nil), "OK")
	isTrue(t, mappingOf(t, external, nil).info == nil, "still there")
}

func TestSessionsAndDataOfMappedUsers(t *testing.T) {
	user, external := signUp(t, public), newID("ext")
	mapID(t, user.ID, external, nil)
	made := createSession(t, public, user.ID, nil, nil)
	equal(t, made.GetUserID(), external, "sessions name the external id, whichever is given")
	equal(t, part(t, made.GetAccessToken(), 1)["sub"], any(external))
	must(usermetadata.UpdateUserMetadata(external, object{"a": 1}))(t)

	noError(t, supertokens.DeleteUser(external))
	isTrue(t, must(emailpassword.GetUserByID(user.ID))(t) == nil, "still found by its own id")
	equal(t, mappingStatus(t, external, nil), "UnknownMappingError")
	equal(t, metadataOf(t, external), object{})
	_, err := getSession(made.GetAccessToken(), checked)
	isTrue(t, err != nil, "the session is still alive")
}
