"""Administration: whom it makes and changes, what it refuses, and what becomes of sessions."""

import time
import uuid
from datetime import datetime

import pytest
from supabase_auth.errors import AuthApiError

from conftest import done
from helpers import AUTO, CLOSED, OTHER_PASSWORD, PASSWORD
from helpers import claims_of, new_email, new_phone, refused

# bcrypt of PASSWORD
HASH = "$2a$10$N9qo8uLOickgx2ZMRZoMyejkZqNWyHTNlWWy85bzHxDVJ73oNzcZO"
NOT_FOUND = (404, "user_not_found", "^User not found$")


async def user_of(client):
    return (await done(client.get_user())).user


async def test_create_user_with_an_id_a_role_and_a_hash(flavour):
    user_id, email = str(uuid.uuid4()), new_email()
    attributes = {"id": user_id, "email": email, "role": "editor", "password_hash": HASH, "email_confirm": True}
    user = (await done(flavour.admin(AUTO).create_user(attributes))).user
    assert (user.id, user.role) == (user_id, "editor")
    assert user.email_confirmed_at and user.user_metadata == {"email_verified": True}
    session = await done((await flavour.another(email)).get_session())
    assert (claims_of(session.access_token)["sub"], claims_of(session.access_token)["role"]) == (user_id, "editor")


async def test_create_user_by_phone(flavour):
    phone = new_phone()
    credentials = {"phone": phone, "password": PASSWORD}
    user = (await done(flavour.admin(AUTO).create_user({**credentials, "phone_confirm": True}))).user
    assert (user.phone, user.email, [each.provider for each in user.identities]) == (phone[1:], "", ["phone"])
    assert user.phone_confirmed_at and user.app_metadata == {"provider": "phone", "providers": ["phone"]}
    assert (await done(flavour.client(AUTO).sign_in_with_password(credentials))).user.id == user.id


async def test_create_user_where_nobody_can_sign_up(flavour):
    admin, email = flavour.admin(CLOSED), new_email()
    user = (await done(admin.create_user({"email": email}))).user
    assert (await done(admin.get_user_by_id(user.id))).user.email == email
    assert not user.email_confirmed_at


async def test_create_user_is_refused(flavour):
    admin, phone = flavour.admin(AUTO), new_phone()
    _, email = await flavour.member(attributes={"phone": phone, "phone_confirm": True})
    for status, code, attributes in (
        (400, "validation_failed", {"user_metadata": {"a": 1}}),
        (422, "email_exists", {"email": email.upper()}),
        (422, "phone_exists", {"phone": phone}),
        (400, "validation_failed", {"phone": "invalid"}),
        (400, "validation_failed", {"email": new_email(), "password": PASSWORD, "password_hash": HASH}),
        (500, "unexpected_failure", {"email": new_email(), "password_hash": "no hash"}),
        (400, "validation_failed", {"email": new_email(), "id": str(uuid.UUID(int=0))}),
        (400, "validation_failed", {"email": new_email(), "ban_duration": "24 hours"}),
    ):
        async with refused(status, code):
            await done(admin.create_user(attributes))
    with pytest.raises(AuthApiError) as caught:
        await done(flavour.client(AUTO).admin.create_user({"email": new_email()}))
    assert (caught.value.status, caught.value.code) == (401, "no_authorization")


async def test_list_users_has_whom_it_made(flavour):
    admin = flavour.admin(AUTO)
    email = new_email()
    user = (await done(admin.create_user({"email": email, "app_metadata": {"team": "one"}}))).user
    (first,) = await done(admin.list_users(page=1, per_page=1))
    assert (first.id, first.email, first.app_metadata["team"]) == (user.id, email, "one")
    async with refused(403, "bad_jwt", "^invalid JWT"):
        await done(flavour.admin(AUTO, "nothing").list_users())


async def test_ids_that_are_none(flavour):
    admin = flavour.admin(AUTO)
    for call in (admin.get_user_by_id, admin.delete_user, lambda uid: admin.update_user_by_id(uid, {"role": "x"})):
        with pytest.raises(ValueError, match="not a valid uuid"):
            await done(call("no-uuid"))
        async with refused(*NOT_FOUND):
            await done(call(str(uuid.uuid4())))


async def test_update_user_by_id_with_a_password_ends_all_sessions(flavour):
    client, email = await flavour.member()
    admin, user = flavour.admin(AUTO), await user_of(client)
    async with refused(422, "weak_password"):
        await done(admin.update_user_by_id(user.id, {"password": "123"}))
    assert (await user_of(client)).id == user.id
    await done(admin.update_user_by_id(user.id, {"password": OTHER_PASSWORD}))
    async with refused(403, "session_not_found"):
        await done(client.get_user())
    await flavour.another(email, password=OTHER_PASSWORD)


async def test_update_user_by_id_with_addresses_and_data(flavour):
    client, _ = await flavour.member()
    admin, user = flavour.admin(AUTO), await user_of(client)
    new, phone = new_email("next"), new_phone()
    changed = (await done(admin.update_user_by_id(user.id, {"email": new, "phone": phone, "phone_confirm": True}))).user
    assert (changed.email, changed.phone, changed.new_email) == (new, phone[1:], None)
    assert {each.provider for each in changed.identities} == {"email", "phone"}
    await flavour.another(new)
    await done(flavour.client(AUTO).sign_in_with_password({"phone": phone, "password": PASSWORD}))
    metadata = {"user_metadata": {"a": 1, "b": 2}, "app_metadata": {"team": "one", "floor": 2}}
    await done(admin.update_user_by_id(user.id, metadata))
    metadata = {"user_metadata": {"a": None}, "app_metadata": {"floor": None}}
    changed = (await done(admin.update_user_by_id(user.id, metadata))).user
    assert "a" not in changed.user_metadata and changed.user_metadata["b"] == 2
    assert "floor" not in changed.app_metadata and changed.app_metadata["team"] == "one"
    claims = claims_of((await done(client.refresh_session())).session.access_token)
    assert claims["app_metadata"] == changed.app_metadata
    _, taken = await flavour.member()
    async with refused(500, "unexpected_failure", "^Error updating user$"):
        await done(admin.update_user_by_id(user.id, {"email": taken}))


async def test_update_user_by_id_with_a_ban(flavour):
    client, email = await flavour.member()
    admin, user = flavour.admin(AUTO), await user_of(client)
    banned = (await done(admin.update_user_by_id(user.id, {"ban_duration": "24h"}))).user
    until = datetime.fromisoformat(banned.banned_until).timestamp()
    assert time.time() + 23 * 3600 < until < time.time() + 25 * 3600
    async with refused(400, "user_banned"):
        await flavour.another(email)
    async with refused(403, "user_banned"):
        await done(client.get_user())
    lifted = (await done(admin.update_user_by_id(user.id, {"ban_duration": "none"}))).user
    assert lifted.banned_until is None
    assert (await user_of(client)).id == user.id
    await flavour.another(email)


async def test_delete_user(flavour):
    client, email = await flavour.member()
    admin, user = flavour.admin(AUTO), await user_of(client)
    assert await done(admin.delete_user(user.id)) is None
    async with refused(403, "user_not_found"):
        await done(client.get_user())
    async with refused(400, "refresh_token_not_found"):
        await done(client.refresh_session())
    async with refused(400, "invalid_credentials"):
        await flavour.another(email)


async def test_delete_user_softly_and_then_wholly(flavour):
    client, email = await flavour.member()
    admin, user = flavour.admin(AUTO), await user_of(client)
    for _ in range(2):
        await done(admin.delete_user(user.id, should_soft_delete=True))
    left = (await done(admin.get_user_by_id(user.id))).user
    assert left.deleted_at and (left.user_metadata, left.app_metadata) == ({}, {})
    assert user.id in [each.id for each in await done(admin.list_users(per_page=1000))]
    async with refused(400, "invalid_credentials"):
        await flavour.another(email)
    async with refused(400, "refresh_token_not_found"):
        await done(client.refresh_session())
    await done(admin.delete_user(user.id))
    async with refused(*NOT_FOUND):
        await done(admin.get_user_by_id(user.id))
