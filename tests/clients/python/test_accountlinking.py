"""Linking by hand: primary users, groups of login methods, and what they may not have in common."""

import asyncio
from urllib.parse import urlencode

import pytest
from helpers import PASSWORD, PUBLIC, UNKNOWN, cdi, init, new_email, new_id, recipe_id, sign_up
from supertokens_python.asyncio import (
    create_user_id_mapping,
    delete_user,
    get_user,
    get_user_count,
    list_users_by_account_info,
)
from supertokens_python.recipe import passwordless, thirdparty
from supertokens_python.recipe.accountlinking import asyncio as linking
from supertokens_python.recipe.accountlinking.interfaces import (
    CanCreatePrimaryUserAccountInfoAlreadyAssociatedError,
    CanCreatePrimaryUserOkResult,
    CanCreatePrimaryUserRecipeUserIdAlreadyLinkedError,
    CanLinkAccountsAccountInfoAlreadyAssociatedError,
    CanLinkAccountsOkResult,
    CreatePrimaryUserAccountInfoAlreadyAssociatedError,
    CreatePrimaryUserOkResult,
    CreatePrimaryUserRecipeUserIdAlreadyLinkedError,
    LinkAccountsAccountInfoAlreadyAssociatedError,
    LinkAccountsInputUserNotPrimaryError,
    LinkAccountsOkResult,
    LinkAccountsRecipeUserIdAlreadyLinkedError,
)
from supertokens_python.recipe.emailpassword import asyncio as emailpassword
from supertokens_python.recipe.emailpassword.interfaces import UpdateEmailOrPasswordEmailChangeNotAllowedError
from supertokens_python.recipe.multitenancy.asyncio import associate_user_to_tenant, create_or_update_tenant
from supertokens_python.recipe.multitenancy.interfaces import AssociateUserToTenantNotAllowedError
from supertokens_python.recipe.passwordless import ContactEmailOnlyConfig
from supertokens_python.recipe.passwordless.asyncio import signinup
from supertokens_python.recipe.session import asyncio as session
from supertokens_python.recipe.thirdparty.asyncio import manually_create_or_update_user
from supertokens_python.types.base import AccountInfoInput

init(
    thirdparty.init(),
    passwordless.init(contact_config=ContactEmailOnlyConfig(), flow_type="USER_INPUT_CODE_AND_MAGIC_LINK"),
)


async def third_party(email=None):
    answer = await manually_create_or_update_user(PUBLIC, "google", new_id("subject"), email or new_email(), True)
    assert answer.created_new_recipe_user is True
    return answer.user


async def passwordless_user(email=None):
    answer = await signinup(PUBLIC, email or new_email(), None)
    assert answer.created_new_recipe_user is True
    return answer.user


async def primary(user=None):
    user = user or await sign_up()
    answer = await linking.create_primary_user(recipe_id(user))
    assert isinstance(answer, CreatePrimaryUserOkResult)
    assert answer.was_already_a_primary_user is False
    return answer.user


async def link(member, group):
    answer = await linking.link_accounts(recipe_id(member), group.id)
    assert isinstance(answer, LinkAccountsOkResult)
    assert answer.accounts_already_linked is False
    return answer.user


def check_link(member, group):
    """By hand: the SDK knows neither of the two refusals that are not about an address."""
    query = urlencode({"recipeUserId": member.id, "primaryUserId": group.id})
    return cdi("GET", f"/recipe/accountlinking/user/link/check?{query}")


def members(user):
    return [method.recipe_user_id.get_as_string() for method in user.login_methods]


async def test_a_user_becomes_primary_once():
    user = await sign_up()
    assert user.is_primary_user is False
    for already in [False, True]:
        able = await linking.can_create_primary_user(recipe_id(user))
        assert isinstance(able, CanCreatePrimaryUserOkResult)
        assert able.was_already_a_primary_user is already
        made = await linking.create_primary_user(recipe_id(user))
        assert isinstance(made, CreatePrimaryUserOkResult)
        assert (made.was_already_a_primary_user, made.user.is_primary_user) == (already, True)
    assert (await get_user(user.id)).is_primary_user is True


async def test_a_link_makes_one_user_of_two():
    group, other = await primary(), await third_party()
    able = await linking.can_link_accounts(recipe_id(other), group.id)
    assert isinstance(able, CanLinkAccountsOkResult)
    assert able.accounts_already_linked is False
    user = await link(other, group)
    assert (user.id, user.is_primary_user, members(user)) == (group.id, True, [group.id, other.id])
    assert set(user.emails) == {*group.emails, *other.emails}
    assert (user.third_party, user.time_joined) == (other.third_party, group.time_joined)
    for user_id in [group.id, other.id]:
        assert await get_user(user_id) == user
    signed_in = await emailpassword.sign_in(PUBLIC, group.emails[0], PASSWORD)
    assert signed_in.user == user
    for email in user.emails:
        assert await list_users_by_account_info(PUBLIC, AccountInfoInput(email=email)) == [user]
    assert isinstance(await linking.can_link_accounts(recipe_id(other), group.id), CanLinkAccountsOkResult)
    again = await linking.link_accounts(recipe_id(other), group.id)
    assert isinstance(again, LinkAccountsOkResult)
    assert again.accounts_already_linked is True


async def test_a_group_counts_as_one_user():
    group, other = await primary(), await passwordless_user()
    before = await get_user_count()
    await link(other, group)
    assert await get_user_count() == before - 1


async def test_several_login_methods_of_one_address():
    email = new_email()
    group = await primary(await sign_up(email=email))
    for other in [await third_party(email), await passwordless_user(email)]:
        user = await link(other, group)
    assert user.emails == [email]
    assert [method.recipe_id for method in user.login_methods] == ["emailpassword", "thirdparty", "passwordless"]


async def test_links_at_once_all_succeed():
    group = await primary()
    others = [await third_party() for _ in range(6)]
    await asyncio.gather(*(link(other, group) for other in others))
    assert set(members(await get_user(group.id))) == {group.id, *(other.id for other in others)}


async def test_an_address_belongs_to_one_primary_user():
    email = new_email()
    holder = await primary(await sign_up(email=email))
    other = await third_party(email)
    able = await linking.can_create_primary_user(recipe_id(other))
    assert isinstance(able, CanCreatePrimaryUserAccountInfoAlreadyAssociatedError)
    made = await linking.create_primary_user(recipe_id(other))
    assert isinstance(made, CreatePrimaryUserAccountInfoAlreadyAssociatedError)
    group = await primary()
    able_to_link = await linking.can_link_accounts(recipe_id(other), group.id)
    assert isinstance(able_to_link, CanLinkAccountsAccountInfoAlreadyAssociatedError)
    linked = await linking.link_accounts(recipe_id(other), group.id)
    assert isinstance(linked, LinkAccountsAccountInfoAlreadyAssociatedError)
    for refusal in [able, made, able_to_link, linked]:
        assert refusal.primary_user_id == holder.id
        assert refusal.description == "This user's email is already associated with another user ID"
    changed = await emailpassword.update_email_or_password(recipe_id(group), email=email)
    assert isinstance(changed, UpdateEmailOrPasswordEmailChangeNotAllowedError)


async def test_a_linked_user_cannot_become_primary_nor_be_linked_elsewhere():
    group, member, elsewhere = await primary(), await third_party(), await primary()
    await link(member, group)
    able = await linking.can_create_primary_user(recipe_id(member))
    assert isinstance(able, CanCreatePrimaryUserRecipeUserIdAlreadyLinkedError)
    made = await linking.create_primary_user(recipe_id(member))
    assert isinstance(made, CreatePrimaryUserRecipeUserIdAlreadyLinkedError)
    linked = await linking.link_accounts(recipe_id(member), elsewhere.id)
    assert isinstance(linked, LinkAccountsRecipeUserIdAlreadyLinkedError)
    for refusal in [able, made, linked]:
        assert refusal.primary_user_id == group.id
    checked = check_link(member, elsewhere)
    assert checked["status"] == "RECIPE_USER_ID_ALREADY_LINKED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR"
    assert checked["primaryUserId"] == group.id
    assert members(linked.user) == [group.id, member.id]


async def test_a_primary_user_is_not_linked_to_another():
    one, two = await primary(), await primary()
    answer = await linking.link_accounts(recipe_id(one), two.id)
    assert isinstance(answer, LinkAccountsRecipeUserIdAlreadyLinkedError)
    assert answer.primary_user_id == one.id
    await linking.unlink_account(recipe_id(one))
    assert members(await link(one, two)) == [one.id, two.id], "when it is primary no more, it is"


async def test_nobody_is_linked_to_a_user_that_is_not_primary():
    one, two = await sign_up(), await third_party()
    assert check_link(one, two)["status"] == "INPUT_USER_IS_NOT_A_PRIMARY_USER"
    linked = await linking.link_accounts(recipe_id(one), two.id)
    assert isinstance(linked, LinkAccountsInputUserNotPrimaryError)


async def test_the_id_of_a_linked_member_stands_for_its_group():
    group, member, third = await primary(), await third_party(), await passwordless_user()
    await link(member, group)
    answer = await linking.link_accounts(recipe_id(third), member.id)
    assert isinstance(answer, LinkAccountsOkResult)
    assert (answer.user.id, members(answer.user)) == (group.id, [group.id, member.id, third.id])


@pytest.mark.parametrize("unknown", [UNKNOWN, "no uuid"])
async def test_unknown_ids_are_refused(unknown):
    group = await primary()
    for call in [
        linking.can_create_primary_user(recipe_id(unknown)),
        linking.create_primary_user(recipe_id(unknown)),
        linking.can_link_accounts(recipe_id(unknown), group.id),
        linking.link_accounts(recipe_id(group), unknown),
        linking.unlink_account(recipe_id(unknown)),
    ]:
        with pytest.raises(Exception, match="(?s)400.*Unknown user ID provided"):
            await call


async def test_unlinking_a_member_gives_it_back_its_own_life():
    group, member = await primary(), await third_party()
    await link(member, group)
    answer = await linking.unlink_account(recipe_id(member))
    assert (answer.was_linked, answer.was_recipe_user_deleted) == (True, False)
    alone = await get_user(member.id)
    assert (alone.id, alone.is_primary_user, members(alone)) == (member.id, False, [member.id])
    assert members(await get_user(group.id)) == [group.id]
    again = await linking.unlink_account(recipe_id(member))
    assert (again.was_linked, again.was_recipe_user_deleted) == (False, False)
    assert (await primary(alone)).id == member.id, "its address is free for a group of its own"


async def test_unlinking_the_primary_login_method_deletes_it_while_others_are_left():
    group, member = await primary(), await third_party()
    await link(member, group)
    answer = await linking.unlink_account(recipe_id(group.id))
    assert (answer.was_linked, answer.was_recipe_user_deleted) == (True, True)
    for user_id in [group.id, member.id]:
        left = await get_user(user_id)
        assert (left.id, members(left)) == (group.id, [member.id]), "the group keeps its id"
    signed_in = await emailpassword.sign_in(PUBLIC, group.emails[0], PASSWORD)
    assert signed_in.status == "WRONG_CREDENTIALS_ERROR"


async def test_deletion_of_one_member_or_of_all():
    group, member, third = await primary(), await third_party(), await passwordless_user()
    await link(member, group)
    await link(third, group)
    await delete_user(member.id, remove_all_linked_accounts=False)
    assert members(await get_user(group.id)) == [group.id, third.id]
    assert await get_user(member.id) is None
    await delete_user(third.id)
    for user_id in [group.id, third.id]:
        assert await get_user(user_id) is None


async def test_sessions_of_a_linked_user_end_and_new_ones_name_both_ids():
    group, member = await primary(), await third_party()

    async def open_session(user):
        return await session.create_new_session_without_request_response(PUBLIC, recipe_id(user))

    stays, ends = await open_session(group), await open_session(member)
    await link(member, group)
    assert await session.get_session_information(ends.get_handle()) is None
    made = await open_session(member)
    assert (made.get_user_id(), made.get_recipe_user_id()) == (group.id, recipe_id(member))
    handles = {stays.get_handle(), made.get_handle()}
    for user_id in [group.id, member.id]:
        assert set(await session.get_all_session_handles_for_user(user_id)) == handles
    assert await session.get_all_session_handles_for_user(member.id, False) == [made.get_handle()]
    assert set(await session.revoke_all_sessions_for_user(member.id)) == handles


async def test_linked_members_are_known_by_external_ids():
    group, member = await primary(), await third_party()
    external = {group.id: new_id("group"), member.id: new_id("member")}
    for user_id, external_id in external.items():
        await create_user_id_mapping(user_id, external_id)
    answer = await linking.link_accounts(recipe_id(external[member.id]), external[group.id])
    assert isinstance(answer, LinkAccountsOkResult)
    assert (answer.user.id, members(answer.user)) == (external[group.id], list(external.values()))


async def test_a_group_keeps_its_addresses_to_itself_in_every_tenant_of_its_members():
    tenant_id, email = new_id("tenant"), new_email()
    await create_or_update_tenant(tenant_id, None)
    await primary(await sign_up(tenant_id, email))
    group, member = await primary(), await third_party(email)
    await link(member, group)
    answer = await associate_user_to_tenant(tenant_id, recipe_id(group))
    assert isinstance(answer, AssociateUserToTenantNotAllowedError)


async def test_the_sdk_finds_the_primary_user_to_link_to():
    email = new_email()
    group, other = await primary(await sign_up(email=email)), await third_party(email)
    found = await linking.get_primary_user_that_can_be_linked_to_recipe_user_id(PUBLIC, recipe_id(other))
    assert found.id == group.id
    stranger = await third_party()
    assert await linking.get_primary_user_that_can_be_linked_to_recipe_user_id(PUBLIC, recipe_id(stranger)) is None
    assert await linking.is_email_change_allowed(recipe_id(stranger), new_email(), True) is True
    own = await primary()
    assert await linking.is_email_change_allowed(recipe_id(own), email, True) is False
