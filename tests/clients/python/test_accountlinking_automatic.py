"""Linking that the SDK does by itself, for the addresses for which the application allows it."""

import pytest
from helpers import PASSWORD, PUBLIC, email_delivery, init, new_email, new_id, recipe_id, sign_up
from supertokens_python.asyncio import get_user
from supertokens_python.recipe import emailverification, passwordless, thirdparty
from supertokens_python.recipe.accountlinking import asyncio as linking
from supertokens_python.recipe.accountlinking.types import ShouldAutomaticallyLink, ShouldNotAutomaticallyLink
from supertokens_python.recipe.emailpassword import asyncio as emailpassword
from supertokens_python.recipe.emailverification import asyncio as verification
from supertokens_python.recipe.passwordless import ContactEmailOnlyConfig
from supertokens_python.recipe.passwordless.asyncio import signinup
from supertokens_python.recipe.session.asyncio import create_new_session_without_request_response
from supertokens_python.recipe.thirdparty.asyncio import manually_create_or_update_user
from supertokens_python.recipe.thirdparty.interfaces import ManuallyCreateOrUpdateUserOkResult


async def link_by_name(account, *_):
    """By the beginning of the address: always, when it is verified, or never."""
    name = (account.email or "").split("-")[0]
    if name == "always":
        return ShouldAutomaticallyLink(should_require_verification=False)
    if name == "verified":
        return ShouldAutomaticallyLink(should_require_verification=True)
    return ShouldNotAutomaticallyLink()


init(
    thirdparty.init(),
    passwordless.init(contact_config=ContactEmailOnlyConfig(), flow_type="USER_INPUT_CODE"),
    emailverification.init(mode="OPTIONAL", email_delivery=email_delivery),
    link=link_by_name,
)


def third_party(email, is_verified=True):
    return manually_create_or_update_user(PUBLIC, "google", new_id("subject"), email, is_verified)


async def verify(user):
    token = (await verification.create_email_verification_token(PUBLIC, recipe_id(user))).token
    await verification.verify_email_using_token(PUBLIC, token)


def methods(user):
    return [method.recipe_id for method in user.login_methods]


async def test_the_same_address_is_the_same_user_whatever_the_recipe():
    email = new_email("always")
    user = await sign_up(email=email)
    assert user.is_primary_user is True
    by_provider = (await third_party(email, is_verified=False)).user
    by_code = (await signinup(PUBLIC, email, None)).user
    assert (by_provider.id, by_code.id) == (user.id, user.id)
    assert methods(by_code) == ["emailpassword", "thirdparty", "passwordless"]
    signed_in = await emailpassword.sign_in(PUBLIC, email, PASSWORD)
    assert (signed_in.user.id, signed_in.recipe_user_id.get_as_string()) == (user.id, user.id)


async def test_nothing_is_linked_where_the_application_does_not_want_it():
    email = new_email("never")
    users = [await sign_up(email=email), (await third_party(email)).user, (await signinup(PUBLIC, email, None)).user]
    assert len({user.id for user in users}) == 3
    assert not any(user.is_primary_user for user in users)


async def test_a_user_becomes_primary_when_its_address_is_verified():
    email = new_email("verified")
    user = await sign_up(email=email)
    assert user.is_primary_user is False
    await verify(user)
    assert (await get_user(user.id)).is_primary_user is True
    linked = await third_party(email)
    assert isinstance(linked, ManuallyCreateOrUpdateUserOkResult)
    assert (linked.user.id, methods(linked.user)) == (user.id, ["emailpassword", "thirdparty"])


async def test_an_unverified_address_does_not_get_into_another_users_account():
    email = new_email("verified")
    owner = (await signinup(PUBLIC, email, None)).user
    assert owner.is_primary_user is True, "a code proves the address"
    squatter = await sign_up(email=email)
    for stranger in [squatter, (await third_party(email, is_verified=False)).user]:
        assert stranger.id != owner.id
        assert stranger.is_primary_user is False
    assert methods(await get_user(owner.id)) == ["passwordless"]
    await verify(squatter)
    assert methods(await get_user(owner.id)) == ["passwordless", "emailpassword"], "once it is verified, it does"


async def test_users_that_are_not_linked_are_when_they_sign_in():
    email = new_email("always")
    user = await sign_up(email=email)
    [_, member] = (await third_party(email)).user.login_methods
    await linking.unlink_account(member.recipe_user_id)
    assert (await get_user(member.recipe_user_id.get_as_string())).id != user.id
    again = await manually_create_or_update_user(PUBLIC, "google", member.third_party.user_id, email, True)
    assert (again.user.id, again.created_new_recipe_user) == (user.id, False)


async def test_a_user_is_made_primary_or_linked_on_demand():
    email = new_email("always")
    user = await sign_up(email=email)
    member = (await third_party(email)).user.login_methods[1].recipe_user_id
    await linking.unlink_account(member)
    linked = await linking.create_primary_user_id_or_link_accounts(PUBLIC, member)
    assert (linked.id, methods(linked)) == (user.id, ["emailpassword", "thirdparty"])
    never = await sign_up(email=new_email("never"))
    same = await linking.create_primary_user_id_or_link_accounts(PUBLIC, recipe_id(never))
    assert (same.id, same.is_primary_user) == (never.id, False)


@pytest.mark.parametrize(("name", "allowed"), [("always", True), ("verified", False), ("never", True)])
async def test_a_sign_up_with_the_address_of_a_primary_user(name, allowed):
    email = new_email(name)
    await linking.create_primary_user(recipe_id(await sign_up(email=email)))
    account = (await sign_up(email=new_email("never"))).login_methods[0]
    account.recipe_id, account.email = "thirdparty", email
    assert await linking.is_sign_up_allowed(PUBLIC, account, is_verified=False) is allowed


async def test_a_new_login_method_is_linked_to_the_user_of_the_session():
    user = (await signinup(PUBLIC, new_email("always"), None)).user
    session = await create_new_session_without_request_response(PUBLIC, recipe_id(user))
    answer = await emailpassword.sign_up(PUBLIC, new_email("always"), PASSWORD, session)
    assert (answer.user.id, methods(answer.user)) == (user.id, ["passwordless", "emailpassword"])
    assert len(answer.user.emails) == 2
