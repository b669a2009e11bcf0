"""Every function of the Session recipe that needs no request, without anti-CSRF: sessions, their data, their end."""

import asyncio
import base64
import json

import pytest
from helpers import PUBLIC, init, new_id, recipe_id, sign_up, sql
from supertokens_python.asyncio import delete_user
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant, delete_tenant
from supertokens_python.recipe.session import asyncio as session
from supertokens_python.recipe.session.exceptions import TokenTheftError, TryRefreshTokenError, UnauthorisedError

init()

DAY = 24 * 3600 * 1000


def create(user_id=None, payload=None, data=None, tenant_id=PUBLIC):
    user_id = user_id or new_id("user")
    return session.create_new_session_without_request_response(tenant_id, recipe_id(user_id), payload, data)


def verify(access_token, **options):
    return session.get_session_without_request_response(access_token, **options)


def tokens(of):
    return of.get_all_session_tokens_dangerously()


def refresh(of):
    """By a session, or by its refresh token."""
    token = of if isinstance(of, str) else tokens(of)["refreshToken"]
    return session.refresh_session_without_request_response(token)


async def test_a_new_session_is_for_its_user():
    user = await sign_up()
    made = await create(user.id, {"plan": "free", "nested": {"list": [1, None, "ä"]}}, {"cart": [1, 2]})
    assert (made.get_user_id(), made.get_recipe_user_id(), made.get_tenant_id()) == (user.id, recipe_id(user), PUBLIC)
    payload = made.get_access_token_payload()
    assert (payload["plan"], payload["nested"]) == ("free", {"list": [1, None, "ä"]})
    assert await made.get_session_data_from_database() == {"cart": [1, 2]}
    given = tokens(made)
    assert given["accessToken"] == made.get_access_token()
    assert given["accessAndFrontTokenUpdated"] is True
    assert given["antiCsrfToken"] is None
    front = json.loads(base64.b64decode(given["frontToken"]))
    assert (front["uid"], front["ate"]) == (user.id, payload["exp"] * 1000)
    assert sql("SELECT user_id::text FROM auth.sessions WHERE subject = %s", user.id) == [{"user_id": user.id}]


@pytest.mark.parametrize("user_id", ["x", "some one's ünknown id", "a" * 100])
async def test_a_session_is_opened_for_any_id_known_as_a_user_or_not(user_id):
    made = await create(user_id)
    assert (await verify(made.get_access_token(), check_database=True)).get_user_id() == user_id


async def test_an_unknown_tenant_has_no_sessions():
    with pytest.raises(Exception, match="(?s)400.*not found"):
        await create(tenant_id=new_id("absent"))


@pytest.mark.parametrize("check_database", [False, True])
async def test_get_session_verifies_the_access_token(check_database):
    made = await create(payload={"plan": "free"})
    verified = await verify(made.get_access_token(), check_database=check_database)
    assert (verified.get_handle(), verified.get_user_id()) == (made.get_handle(), made.get_user_id())
    assert verified.get_access_token_payload()["plan"] == "free"
    assert tokens(verified)["accessAndFrontTokenUpdated"] is False


async def test_get_session_refuses_what_is_not_a_token_of_ours():
    head, _, signature = (await create("eve")).get_access_token().split(".")
    _, body, _ = (await create("mallory")).get_access_token().split(".")
    with pytest.raises(TryRefreshTokenError):
        await verify(f"{head}.{body}.{signature}")
    for token in ["no token", None]:
        with pytest.raises(UnauthorisedError):
            await verify(token)
        assert await verify(token, session_required=False) is None


async def test_session_information_tells_all_about_a_session():
    made = await create("ada", {"plan": "free"}, {"cart": []})
    info = await session.get_session_information(made.get_handle())
    assert (info.session_handle, info.user_id, info.tenant_id) == (made.get_handle(), "ada", PUBLIC)
    assert info.recipe_user_id == recipe_id("ada")
    assert info.session_data_in_database == {"cart": []}
    assert info.custom_claims_in_access_token_payload["plan"] == "free"
    assert info.expiry - info.time_created == 100 * DAY, "a refresh token lives 100 days"
    assert (await made.get_time_created(), await made.get_expiry()) == (info.time_created, info.expiry)
    assert await session.get_session_information(new_id("no-handle")) is None


async def test_refresh_gives_new_tokens_for_the_same_session():
    first = await create("ada", {"plan": "free"}, {"cart": [1]})
    second = await refresh(first)
    assert (second.get_handle(), second.get_user_id()) == (first.get_handle(), "ada")
    assert second.get_access_token_payload()["plan"] == "free"
    assert await second.get_session_data_from_database() == {"cart": [1]}
    assert tokens(second)["refreshToken"] != tokens(first)["refreshToken"]
    assert second.get_access_token() != first.get_access_token()
    verified = await verify(second.get_access_token())
    assert tokens(verified)["accessAndFrontTokenUpdated"] is True, "the first use is answered with another token"
    settled = await verify(verified.get_access_token())
    assert tokens(settled)["accessAndFrontTokenUpdated"] is False, "and that one stays"
    assert settled.get_access_token_payload()["parentRefreshTokenHash1"] is None


async def test_a_refresh_whose_answer_was_lost_can_be_repeated():
    first = await create()
    lost, second = await refresh(first), await refresh(first)
    assert tokens(second)["refreshToken"] != tokens(lost)["refreshToken"]
    third = await refresh(second)
    assert third.get_handle() == first.get_handle()


async def test_refreshes_at_once_with_one_token_all_succeed():
    first = await create()
    refreshed = await asyncio.gather(*(refresh(first) for _ in range(8)))
    assert {one.get_handle() for one in refreshed} == {first.get_handle()}
    assert len({tokens(one)["refreshToken"] for one in refreshed}) == 8


async def test_a_chain_of_refreshes_goes_on_whether_access_tokens_are_used_or_not():
    first = last = await create()
    for n in range(6):
        last = await refresh(last)
        assert last.get_handle() == first.get_handle()
        if n % 2:
            await verify(last.get_access_token())


@pytest.mark.parametrize("used", ["access token", "refresh token"])
async def test_an_old_refresh_token_is_theft_once_the_new_tokens_were_used(used):
    user = await sign_up()
    first = await create(user.id)
    second = await refresh(first)
    await (verify(second.get_access_token()) if used == "access token" else refresh(second))
    with pytest.raises(TokenTheftError) as theft:
        await refresh(first)
    assert theft.value.session_handle == first.get_handle()
    assert (theft.value.user_id, theft.value.recipe_user_id) == (user.id, recipe_id(user))


async def test_refresh_refuses_what_is_not_a_refresh_token():
    token = tokens(await create())["refreshToken"]
    middle = len(token) // 3
    changed = token[:middle] + ("B" if token[middle] == "A" else "A") + token[middle + 1 :]
    for wrong in ["", "x", changed, token[:-1], token + "A"]:
        with pytest.raises(UnauthorisedError):
            await refresh(wrong)
    assert await refresh(token), "the token itself is still good"


async def test_a_revoked_session_cannot_be_refreshed():
    made = await create()
    handle, token = made.get_handle(), made.get_access_token()
    assert await session.revoke_session(handle) is True
    assert (await verify(token)).get_handle() == handle, "where the database is not asked"
    with pytest.raises(UnauthorisedError):
        await verify(token, check_database=True)
    with pytest.raises(UnauthorisedError):
        await refresh(made)
    assert await session.revoke_session(handle) is False, "a second time"
    assert await session.get_session_information(handle) is None
    assert await session.update_session_data_in_database(handle, {}) is False
    assert await session.merge_into_access_token_payload(handle, {"a": 1}) is False
    with pytest.raises(UnauthorisedError):
        await made.merge_into_access_token_payload({"a": 1})
    with pytest.raises(UnauthorisedError):
        await made.update_session_data_in_database({"a": 1})


async def test_a_session_revokes_itself():
    made = await create()
    await made.revoke_session()
    assert await session.get_session_information(made.get_handle()) is None


async def test_sessions_are_listed_and_revoked_by_user():
    user_id, other = new_id("user"), new_id("other")
    handles = {(await create(user_id)).get_handle() for _ in range(3)}
    stays = (await create(other)).get_handle()
    assert set(await session.get_all_session_handles_for_user(user_id)) == handles
    assert set(await session.revoke_all_sessions_for_user(user_id)) == handles
    assert await session.get_all_session_handles_for_user(user_id) == []
    assert await session.revoke_all_sessions_for_user(user_id) == []
    assert await session.get_all_session_handles_for_user(other) == [stays]


async def test_sessions_are_listed_and_revoked_tenant_by_tenant():
    user_id, tenant_id = new_id("user"), new_id("tenant")
    await create_or_update_tenant(tenant_id, None)
    here = (await create(user_id)).get_handle()
    there = (await create(user_id, tenant_id=tenant_id)).get_handle()
    assert await session.get_all_session_handles_for_user(user_id, True, PUBLIC) == [here]
    assert await session.get_all_session_handles_for_user(user_id, True, tenant_id) == [there]
    assert set(await session.get_all_session_handles_for_user(user_id)) == {here, there}
    assert (await session.get_session_information(there)).tenant_id == tenant_id
    assert await session.revoke_all_sessions_for_user(user_id, True, tenant_id) == [there]
    assert await session.get_all_session_handles_for_user(user_id) == [here]


async def test_sessions_end_with_their_tenant_and_with_their_user():
    user, tenant_id = await sign_up(), new_id("tenant")
    await create_or_update_tenant(tenant_id, None)
    here, there = await create(user.id), await create(user.id, tenant_id=tenant_id)
    await delete_tenant(tenant_id)
    assert await session.get_all_session_handles_for_user(user.id) == [here.get_handle()]
    with pytest.raises(UnauthorisedError):
        await refresh(there)
    await delete_user(user.id)
    with pytest.raises(UnauthorisedError):
        await refresh(here)


async def test_revoke_multiple_sessions_names_those_that_there_were():
    handles = [(await create()).get_handle() for _ in range(2)]
    stays = (await create()).get_handle()
    assert set(await session.revoke_multiple_sessions([*handles, new_id("no-handle")])) == set(handles)
    assert await session.revoke_multiple_sessions(handles) == []
    assert await session.revoke_multiple_sessions([]) == []
    assert await session.get_session_information(stays)


async def test_session_data_are_replaced():
    made = await create(data={"old": 1})
    data = {"text": "ä\"'\\ 🔑", "list": [1, 2.5, None, False], "empty": {}}
    assert await session.update_session_data_in_database(made.get_handle(), data) is True
    assert await made.get_session_data_from_database() == data
    await made.update_session_data_in_database({"now": 2})
    assert await made.get_session_data_from_database() == {"now": 2}


async def test_a_payload_changed_by_handle_shows_after_a_refresh_or_a_look_into_the_database():
    made = await create(payload={"plan": "free", "gone": 1})
    changes = {"plan": "pro", "gone": None, "more": [1]}
    assert await session.merge_into_access_token_payload(made.get_handle(), changes) is True

    def shown(payload):
        return {name: payload[name] for name in changes if name in payload}

    expected = {"plan": "pro", "more": [1]}
    info = await session.get_session_information(made.get_handle())
    assert shown(info.custom_claims_in_access_token_payload) == expected
    cached = await verify(made.get_access_token())
    assert shown(cached.get_access_token_payload()) == {"plan": "free", "gone": 1}, "the token as it was"
    looked = await verify(made.get_access_token(), check_database=True)
    assert shown(looked.get_access_token_payload()) == expected
    assert tokens(looked)["accessAndFrontTokenUpdated"] is True
    assert shown((await refresh(made)).get_access_token_payload()) == expected


async def test_a_payload_changed_on_a_session_gives_a_new_token_at_once():
    made = await create(payload={"plan": "free"})
    before = made.get_access_token()
    await made.merge_into_access_token_payload({"plan": "pro", "sum": 3})
    assert made.get_access_token() != before
    payload = (await verify(made.get_access_token())).get_access_token_payload()
    assert (payload["plan"], payload["sum"]) == ("pro", 3)
    assert (await refresh(made)).get_access_token_payload()["plan"] == "pro", "the refresh token stays good"


async def test_protected_claims_cannot_be_set():
    made = await create("ada", {"sub": "eve", "tId": "other", "plan": "free"})
    payload = made.get_access_token_payload()
    assert (payload["sub"], payload["tId"], payload["plan"]) == ("ada", PUBLIC, "free")
    for update in [{"sub": "eve"}, {"rsub": "eve"}, {"exp": 1}, {"sessionHandle": "x"}, {"antiCsrfToken": "x"}]:
        with pytest.raises(Exception, match="(?s)400.*The user payload contains protected field"):
            await session.merge_into_access_token_payload(made.get_handle(), update)
    assert (await session.get_session_information(made.get_handle())).user_id == "ada"
