"""Every function of the UserRoles recipe, and the claims by which sessions carry roles and permissions."""

import asyncio

import pytest
from helpers import PUBLIC, init, new_id, recipe_id, sign_up
from supertokens_python.asyncio import delete_user
from supertokens_python.recipe import userroles
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant, delete_tenant
from supertokens_python.recipe.session import asyncio as session
from supertokens_python.recipe.session.exceptions import InvalidClaimsError
from supertokens_python.recipe.userroles import PermissionClaim, UserRoleClaim
from supertokens_python.recipe.userroles import asyncio as roles
from supertokens_python.recipe.userroles.interfaces import UnknownRoleError

init(userroles.init())


async def new_role(*permissions):
    """A role that no other test uses."""
    role = new_id("role")
    answer = await roles.create_new_role_or_add_permissions(role, list(permissions))
    assert answer.created_new_role is True
    return role


async def give(user_id, role, tenant_id=PUBLIC):
    answer = await roles.add_role_to_user(tenant_id, user_id, role)
    assert answer.did_user_already_have_role is False


async def permissions_of(role):
    return sorted((await roles.get_permissions_for_role(role)).permissions)


async def roles_of(user_id, tenant_id=PUBLIC):
    return sorted((await roles.get_roles_for_user(tenant_id, user_id)).roles)


async def users_with(role, tenant_id=PUBLIC):
    return sorted((await roles.get_users_that_have_role(tenant_id, role)).users)


async def roles_with(permission):
    return sorted((await roles.get_roles_that_have_permission(permission)).roles)


async def new_tenant():
    tenant_id = new_id("tenant")
    await create_or_update_tenant(tenant_id, None)
    return tenant_id


def create_session(user, tenant_id=PUBLIC):
    return session.create_new_session_without_request_response(tenant_id, recipe_id(user))


async def test_a_role_is_made_once_and_added_to():
    role = await new_role("read", "write")
    assert await permissions_of(role) == ["read", "write"]
    again = await roles.create_new_role_or_add_permissions(role, ["write", "delete"])
    assert again.created_new_role is False
    assert await permissions_of(role) == ["delete", "read", "write"]
    assert await permissions_of(await new_role()) == [], "a role without permissions"


async def test_creations_at_once_make_one_role():
    role = new_id("role")
    answers = await asyncio.gather(
        *(roles.create_new_role_or_add_permissions(role, ["shared", f"own {n}"]) for n in range(8))
    )
    assert sum(answer.created_new_role for answer in answers) == 1
    assert len(await permissions_of(role)) == 9


@pytest.mark.parametrize(("role", "permissions"), [("", []), ("  ", []), ("role", ["read", ""])])
async def test_an_empty_name_is_refused(role, permissions):
    with pytest.raises(Exception, match="(?is)400.*empty string"):
        await roles.create_new_role_or_add_permissions(role, permissions)


async def test_all_roles_and_those_with_a_permission():
    permission = new_id("permission")
    granting = sorted([await new_role(permission), await new_role("read", permission)])
    other = await new_role("read")
    assert await roles_with(permission) == granting
    assert await roles_with(new_id("permission")) == []
    every = (await roles.get_all_roles()).roles
    assert {*granting, other} <= set(every)
    assert len(set(every)) == len(every), "each once"


async def test_permissions_are_taken_away_by_name():
    role = await new_role("read", "write", "delete")
    await roles.remove_permissions_from_role(role, ["write", "absent"])
    assert await permissions_of(role) == ["delete", "read"]
    await roles.remove_permissions_from_role(role, [])
    assert await permissions_of(role) == ["delete", "read"], "none are named"


async def test_a_user_gets_a_role_and_loses_it():
    user, role = await sign_up(), await new_role()
    await give(user.id, role)
    assert (await roles.add_role_to_user(PUBLIC, user.id, role)).did_user_already_have_role is True
    assert (await roles_of(user.id), await users_with(role)) == ([role], [user.id])
    for had in [True, False]:
        assert (await roles.remove_user_role(PUBLIC, user.id, role)).did_user_have_role is had
    assert (await roles_of(user.id), await users_with(role)) == ([], [])


async def test_a_role_that_does_not_exist():
    user, role = await sign_up(), new_id("role")
    for answer in [
        await roles.add_role_to_user(PUBLIC, user.id, role),
        await roles.remove_user_role(PUBLIC, user.id, role),
        await roles.get_users_that_have_role(PUBLIC, role),
        await roles.get_permissions_for_role(role),
        await roles.remove_permissions_from_role(role, ["read"]),
    ]:
        assert isinstance(answer, UnknownRoleError)
    assert (await roles.delete_role(role)).did_role_exist is False
    assert await roles_of(user.id) == []


async def test_a_deleted_role_is_gone_from_all_users_in_all_tenants():
    tenant_id, permission = await new_tenant(), new_id("permission")
    user, role, kept = await sign_up(), await new_role(permission), await new_role()
    for given, tenant in [(role, PUBLIC), (kept, PUBLIC), (role, tenant_id)]:
        await give(user.id, given, tenant)
    assert (await roles.delete_role(role)).did_role_exist is True
    assert (await roles_of(user.id), await roles_of(user.id, tenant_id)) == ([kept], [])
    assert await roles_with(permission) == []
    assert role not in (await roles.get_all_roles()).roles
    await roles.create_new_role_or_add_permissions(role, [])
    assert (await permissions_of(role), await users_with(role)) == ([], []), "a new one of that name has nothing"


async def test_a_role_is_held_in_one_tenant():
    tenant_id = await new_tenant()
    user, role = await sign_up(), await new_role("read")
    await give(user.id, role, tenant_id)
    assert (await roles_of(user.id), await roles_of(user.id, tenant_id)) == ([], [role])
    assert (await users_with(role), await users_with(role, tenant_id)) == ([], [user.id])
    assert (await roles.remove_user_role(PUBLIC, user.id, role)).did_user_have_role is False
    await delete_tenant(tenant_id)
    await create_or_update_tenant(tenant_id, None)
    assert await roles_of(user.id, tenant_id) == [], "gone with the tenant"


async def test_roles_go_with_their_user():
    user, role = await sign_up(), await new_role()
    await give(user.id, role)
    await delete_user(user.id)
    assert (await roles_of(user.id), await users_with(role)) == ([], [])


async def test_a_new_session_carries_roles_and_permissions():
    user, editor, reader = await sign_up(), await new_role("read", "write"), await new_role("read")
    await give(user.id, editor)
    await give(user.id, reader)
    made = await create_session(user)
    assert set(await made.get_claim_value(UserRoleClaim)) == {editor, reader}
    assert sorted(await made.get_claim_value(PermissionClaim)) == ["read", "write"], "each once"
    assert set(made.get_access_token_payload()["st-role"]["v"]) == {editor, reader}, "in the token"


async def test_a_session_knows_of_a_change_when_the_claim_is_fetched():
    user, role = await sign_up(), await new_role("read")
    made = await create_session(user)
    await give(user.id, role)
    assert await made.get_claim_value(UserRoleClaim) == [], "the token is what it was"
    await made.fetch_and_set_claim(UserRoleClaim)
    assert await made.get_claim_value(UserRoleClaim) == [role]
    assert await session.fetch_and_set_claim(made.get_handle(), PermissionClaim) is True
    assert (await session.get_claim_value(made.get_handle(), PermissionClaim)).value == ["read"]


async def test_the_validators_admit_and_refuse():
    user, role = await sign_up(), await new_role("read")
    await give(user.id, role)
    made = await create_session(user)

    def get(*validators):
        return session.get_session_without_request_response(
            made.get_access_token(), override_global_claim_validators=lambda others, *_: [*others, *validators]
        )

    assert await get(UserRoleClaim.validators.includes(role), PermissionClaim.validators.includes_all(["read"]))
    for validator, claim in [
        (UserRoleClaim.validators.includes("admin"), "st-role"),
        (PermissionClaim.validators.excludes("read"), "st-perm"),
    ]:
        with pytest.raises(InvalidClaimsError) as refused:
            await get(validator)
        assert [one.id_ for one in refused.value.payload] == [claim]


async def test_a_session_of_a_tenant_carries_the_roles_held_there():
    tenant_id = await new_tenant()
    user_id, here, there = new_id("user"), await new_role("here"), await new_role("there")
    await give(user_id, here)
    await give(user_id, there, tenant_id)
    made = await create_session(user_id, tenant_id)
    assert await made.get_claim_value(UserRoleClaim) == [there]
    assert await made.get_claim_value(PermissionClaim) == ["there"]
