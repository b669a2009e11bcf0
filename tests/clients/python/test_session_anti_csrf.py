"""Sessions with an anti-CSRF token of their own: it must come with every verification and refresh."""

import pytest
from helpers import PUBLIC, init, new_id, recipe_id
from supertokens_python.recipe.session import asyncio as session
from supertokens_python.recipe.session.exceptions import TryRefreshTokenError, UnauthorisedError

init(sessions={"anti_csrf": "VIA_TOKEN"})

get = session.get_session_without_request_response
refresh = session.refresh_session_without_request_response


async def create(**options):
    """The tokens of a new session: access, refresh, anti-CSRF."""
    made = await session.create_new_session_without_request_response(PUBLIC, recipe_id(new_id("user")), **options)
    return of(made)


def of(some_session):
    tokens = some_session.get_all_session_tokens_dangerously()
    return tokens["accessToken"], tokens["refreshToken"], tokens["antiCsrfToken"]


@pytest.mark.parametrize("check_database", [False, True])
async def test_verification_needs_the_token(check_database):
    access, _, anti_csrf = await create()
    assert anti_csrf
    assert await get(access, anti_csrf, check_database=check_database)
    for wrong in [None, "", "wrong", anti_csrf + "x", (await create())[2]]:
        with pytest.raises(TryRefreshTokenError):
            await get(access, wrong, check_database=check_database)
    assert await get(access, anti_csrf_check=False, check_database=check_database), "unless it is not asked for"


async def test_refresh_needs_the_token_and_gives_another():
    access, token, anti_csrf = await create()
    for wrong in [None, "wrong"]:
        with pytest.raises(UnauthorisedError):
            await refresh(token, anti_csrf_token=wrong)
    new_access, new_token, new_anti_csrf = of(await refresh(token, anti_csrf_token=anti_csrf))
    assert new_anti_csrf not in (None, anti_csrf)
    with pytest.raises(TryRefreshTokenError):
        await get(new_access, anti_csrf)
    confirmed = await get(new_access, new_anti_csrf)
    assert await get(confirmed.get_access_token(), new_anti_csrf), "the confirmed token bears it still"
    with pytest.raises(UnauthorisedError):
        await refresh(new_token, anti_csrf_token=anti_csrf)
    assert await refresh(new_token, anti_csrf_token=new_anti_csrf)


async def test_a_session_may_go_without():
    access, token, anti_csrf = await create(disable_anti_csrf=True)
    assert anti_csrf is None
    assert await get(access, anti_csrf_check=False)
    with pytest.raises(TryRefreshTokenError):
        await get(access)
    _, _, still_none = of(await refresh(token, disable_anti_csrf=True))
    assert still_none is None
    _, _, given = of(await refresh(token))
    assert given, "a refresh with anti-CSRF gives one from then on"


async def test_a_changed_payload_keeps_the_token():
    access, _, anti_csrf = await create()
    live = await get(access, anti_csrf)
    await live.merge_into_access_token_payload({"plan": "pro"})
    verified = await get(live.get_access_token(), anti_csrf)
    assert verified.get_access_token_payload()["plan"] == "pro"
    with pytest.raises(TryRefreshTokenError):
        await get(live.get_access_token(), "wrong")
