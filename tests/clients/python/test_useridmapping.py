"""Users known by ids of the application's own."""

import pytest
from helpers import PASSWORD, PUBLIC, UNKNOWN, cdi, init, new_email, new_id, recipe_id, sign_up
from supertokens_python import asyncio as supertokens
from supertokens_python.interfaces import (
    CreateUserIdMappingOkResult,
    GetUserIdMappingOkResult,
    UnknownMappingError,
    UnknownSupertokensUserIDError,
)
from supertokens_python.recipe import emailverification, usermetadata, userroles
from supertokens_python.recipe.emailpassword import asyncio as emailpassword
from supertokens_python.recipe.emailverification import asyncio as verification
from supertokens_python.recipe.session import asyncio as session
from supertokens_python.recipe.usermetadata.asyncio import get_user_metadata, update_user_metadata
from supertokens_python.recipe.userroles.asyncio import add_role_to_user, create_new_role_or_add_permissions

init(usermetadata.init(), userroles.init(), emailverification.init(mode="OPTIONAL"))


async def mapped_user(info=None):
    """A user, and the id that the application gives it."""
    user, external = await sign_up(), new_id("external")
    answer = await supertokens.create_user_id_mapping(user.id, external, info)
    assert isinstance(answer, CreateUserIdMappingOkResult)
    return user, external


async def mapping_of(user_id, user_id_type=None):
    answer = await supertokens.get_user_id_mapping(user_id, user_id_type)
    if isinstance(answer, UnknownMappingError):
        return None
    assert isinstance(answer, GetUserIdMappingOkResult)
    return answer.supertokens_user_id, answer.external_user_id, answer.external_user_info


async def test_a_mapping_is_found_by_either_id():
    user, external = await mapped_user("some info")
    expected = (user.id, external, "some info")
    for user_id, user_id_type in [
        (user.id, "SUPERTOKENS"),
        (external, "EXTERNAL"),
        (user.id, "ANY"),
        (external, "ANY"),
        (external, None),
    ]:
        assert await mapping_of(user_id, user_id_type) == expected, user_id_type
    assert await mapping_of(external, "SUPERTOKENS") is None
    assert await mapping_of(user.id, "EXTERNAL") is None
    assert await mapping_of(new_id("absent")) is None
    assert (await mapping_of((await mapped_user())[1]))[2] is None, "without info"


async def test_everything_speaks_of_the_user_by_the_external_id():
    user, external = await mapped_user()
    [email] = user.emails
    signed_in = await emailpassword.sign_in(PUBLIC, email, PASSWORD)
    assert (signed_in.user.id, signed_in.recipe_user_id.get_as_string()) == (external, external)
    for user_id in [user.id, external]:
        found = await supertokens.get_user(user_id)
        assert (found.id, recipe_id(found).get_as_string(), found.emails) == (external, external, [email])
    made = await session.create_new_session_without_request_response(PUBLIC, recipe_id(external))
    payload = made.get_access_token_payload()
    assert (payload["sub"], payload["rsub"]) == (external, external)
    assert await session.get_all_session_handles_for_user(external) == [made.get_handle()]
    token = (await emailpassword.create_reset_password_token(PUBLIC, external, email)).token
    assert (await emailpassword.consume_password_reset_token(PUBLIC, token)).user_id == external
    changed = new_email()
    await emailpassword.update_email_or_password(recipe_id(external), email=changed)
    assert (await supertokens.get_user(external)).emails == [changed]


async def test_metadata_and_verification_are_kept_under_the_external_id():
    user, external = await mapped_user()
    await update_user_metadata(external, {"a": 1})
    assert (await get_user_metadata(external)).metadata == {"a": 1}
    token = (await verification.create_email_verification_token(PUBLIC, recipe_id(external))).token
    verified = await verification.verify_email_using_token(PUBLIC, token)
    assert verified.user.recipe_user_id.get_as_string() == external
    assert (await supertokens.get_user(user.id)).login_methods[0].verified is True


async def test_a_verified_address_stays_verified_when_the_mapping_comes_later():
    user, external = await sign_up(), new_id("external")
    token = (await verification.create_email_verification_token(PUBLIC, recipe_id(user))).token
    await verification.verify_email_using_token(PUBLIC, token)
    assert isinstance(await supertokens.create_user_id_mapping(user.id, external), CreateUserIdMappingOkResult)
    assert await verification.is_email_verified(recipe_id(external), user.emails[0]) is True
    assert (await supertokens.get_user(external)).login_methods[0].verified is True


async def test_an_unknown_user_cannot_be_mapped():
    answer = await supertokens.create_user_id_mapping(UNKNOWN, new_id("external"))
    assert isinstance(answer, UnknownSupertokensUserIDError)
    _, external = await mapped_user()
    answer = await supertokens.create_user_id_mapping(external, new_id("external"))
    assert isinstance(answer, UnknownSupertokensUserIDError), "an external id is none of ours"


async def test_a_mapping_exists_once_for_either_id():
    # By hand: the SDK looks for the last member under a name that the interface does not have.
    (user, external), other = await mapped_user(), await sign_up()
    for body, known, taken in [
        ({"superTokensUserId": user.id, "externalUserId": new_id("external")}, True, False),
        ({"superTokensUserId": user.id, "externalUserId": external}, True, True),
        ({"superTokensUserId": other.id, "externalUserId": external}, False, True),
    ]:
        assert cdi("POST", "/recipe/userid/map", body) == {
            "status": "USER_ID_MAPPING_ALREADY_EXISTS_ERROR",
            "doesSuperTokensUserIdExist": known,
            "doesExternalUserIdExist": taken,
        }
    assert await mapping_of(user.id) == (user.id, external, None), "the mapping is what it was"
    assert await mapping_of(other.id) is None


@pytest.mark.parametrize("recipe", ["Session", "UserMetadata", "UserRoles"])
async def test_a_user_in_use_is_mapped_by_force_alone(recipe):
    user, external = await sign_up(), new_id("external")
    match recipe:
        case "Session":
            await session.create_new_session_without_request_response(PUBLIC, recipe_id(user))
        case "UserMetadata":
            await update_user_metadata(user.id, {"a": 1})
        case "UserRoles":
            role = new_id("role")
            await create_new_role_or_add_permissions(role, [])
            await add_role_to_user(PUBLIC, user.id, role)
    with pytest.raises(Exception, match=f"(?s)400.*UserId is already in use in {recipe} recipe"):
        await supertokens.create_user_id_mapping(user.id, external)
    assert await mapping_of(user.id) is None
    forced = await supertokens.create_user_id_mapping(user.id, external, force=True)
    assert isinstance(forced, CreateUserIdMappingOkResult)
    assert (await supertokens.get_user(user.id)).id == external


async def test_an_id_of_another_user_is_mapped_to_by_force_alone():
    user, other = await sign_up(), await sign_up()
    with pytest.raises(Exception, match="(?s)400.*the externalId is also a SuperTokens userID"):
        await supertokens.create_user_id_mapping(user.id, other.id)
    forced = await supertokens.create_user_id_mapping(user.id, other.id, force=True)
    assert isinstance(forced, CreateUserIdMappingOkResult)
    assert await mapping_of(other.id, "EXTERNAL") == (user.id, other.id, None)


@pytest.mark.parametrize("field", ["superTokensUserId", "externalUserId"])
async def test_an_empty_id_is_refused(field):
    ids = {"superTokensUserId": (await sign_up()).id, "externalUserId": new_id("external"), field: "  "}
    with pytest.raises(Exception, match=f"(?s)400.*Field name '{field}' cannot be an empty String"):
        await supertokens.create_user_id_mapping(ids["superTokensUserId"], ids["externalUserId"])


async def test_the_info_of_a_mapping():
    user, external = await mapped_user("first")
    for info in ["second", None]:
        body = {"userId": external, "userIdType": "EXTERNAL", "externalUserIdInfo": info}
        assert cdi("PUT", "/recipe/userid/external-user-id-info", body) == {"status": "OK"}
        assert await mapping_of(user.id) == (user.id, external, info)
    # The SDK sends POST, which the interface does not have.
    with pytest.raises(Exception, match="(?s)405.*Method not supported"):
        await supertokens.update_or_delete_user_id_mapping_info(external, "EXTERNAL", "third")


async def test_a_mapping_is_removed_unless_the_external_id_is_in_use():
    user, external = await mapped_user()
    await update_user_metadata(external, {"a": 1})
    with pytest.raises(Exception, match="(?s)400.*UserId is already in use in UserMetadata recipe"):
        await supertokens.delete_user_id_mapping(external, "EXTERNAL")
    wrong_type = await supertokens.delete_user_id_mapping(external, "SUPERTOKENS")
    assert wrong_type.did_mapping_exist is False
    assert (await supertokens.delete_user_id_mapping(external, "ANY", force=True)).did_mapping_exist is True
    assert (await supertokens.delete_user_id_mapping(external, "ANY")).did_mapping_exist is False
    assert await mapping_of(user.id) is None
    assert (await supertokens.get_user(user.id)).id == user.id
    assert await supertokens.get_user(external) is None


@pytest.mark.parametrize("by_external", [False, True])
async def test_a_mapping_goes_with_its_user(by_external):
    user, external = await mapped_user()
    await supertokens.delete_user(external if by_external else user.id)
    assert await supertokens.get_user(external) is None
    assert await mapping_of(external) is None
    heir = await sign_up()
    assert isinstance(await supertokens.create_user_id_mapping(heir.id, external), CreateUserIdMappingOkResult)
