"""Sessions: kept in a storage, taken from a URL, refreshed, ended; and what a client reports of them."""

import asyncio
import time

import jwt as tokens
import pytest
from supabase_auth.errors import AuthImplicitGrantRedirectError, AuthInvalidJwtError
from supabase_auth.errors import AuthRetryableError, AuthSessionMissingError

from conftest import done
from helpers import AUTO, CONFIRMING, DEADLINE, PASSWORD, SECRET, Instance
from helpers import claims_of, events_of, mail_to, new_email, refused

KEY = "own"
UNKNOWN_TOKEN = (400, "refresh_token_not_found", "^Invalid Refresh Token: Refresh Token Not Found$")


async def session_of(client):
    return await done(client.get_session())


def expired(session):
    """The session as a storage keeps it, with an access token that is no longer good."""
    return session.model_copy(update={"expires_at": 1}).model_dump_json()


async def test_events(flavour):
    client = flavour.client(AUTO)
    events, heard = events_of(client), []
    subscription = client.on_auth_state_change(lambda event, session: heard.append((event, session)))
    email = new_email()
    await done(client.sign_up({"email": email, "password": PASSWORD}))
    assert heard == [("SIGNED_IN", await session_of(client))]
    subscription.unsubscribe()
    await done(client.refresh_session())
    await done(client.update_user({"data": {"plan": "pro"}}))
    session = await session_of(client)
    assert session.user.user_metadata["plan"] == "pro"
    async with refused(400, "invalid_credentials"):
        await done(client.sign_in_with_password({"email": email, "password": "wrong"}))
    await done(client.set_session(session.access_token, session.refresh_token))
    await done(client.sign_out({"scope": "others"}))
    await done(client.sign_out())
    assert events == ["SIGNED_IN", "TOKEN_REFRESHED", "USER_UPDATED", "SIGNED_IN", "SIGNED_OUT"]
    assert len(heard) == 1
    assert await session_of(client) is None and await done(client.get_user()) is None


async def test_initialize_from_storage(flavour):
    _, email = await flavour.member()
    options = {"storage": flavour.storage(), "storage_key": KEY}
    session = await session_of(await flavour.another(email, **options))
    client = flavour.client(AUTO, **options)
    events = events_of(client)
    await done(client.initialize_from_storage())
    assert events == ["SIGNED_IN"] and await session_of(client) == session

    # Once the access token has expired another one is fetched.
    await done(options["storage"].set_item(KEY, expired(session)))
    client = flavour.client(AUTO, auto_refresh_token=True, **options)
    events = events_of(client)
    await done(client.initialize())
    refreshed = await session_of(client)
    assert events == ["TOKEN_REFRESHED"] and refreshed.refresh_token != session.refresh_token
    await done(client.sign_out({"scope": "local"}))
    client = flavour.client(AUTO, auto_refresh_token=True, **options)
    await done(options["storage"].set_item(KEY, expired(session)))
    await done(client.initialize())
    assert await session_of(client) is None, "it has ended"


async def test_get_session_refreshes_what_has_expired(flavour):
    client, _ = await flavour.member()
    session = await session_of(client)
    storage = flavour.storage()
    await done(storage.set_item(KEY, expired(session)))
    other = flavour.client(AUTO, storage=storage, storage_key=KEY)
    refreshed = await session_of(other)
    assert refreshed.refresh_token != session.refresh_token and refreshed.user.id == session.user.id
    await done(storage.set_item(KEY, expired(session.model_copy(update={"refresh_token": "bad"}))))
    async with refused(*UNKNOWN_TOKEN):
        await session_of(other)


async def test_initialize_from_url(flavour):
    _, email = await flavour.member(CONFIRMING)
    client = flavour.client(CONFIRMING)
    events = events_of(client)
    await done(client.reset_password_for_email(email))
    mail = mail_to(email)
    await done(client.initialize_from_url(mail.target()))
    assert events == ["SIGNED_IN", "PASSWORD_RECOVERY"]
    assert (await session_of(client)).user.email == email
    with pytest.raises(AuthImplicitGrantRedirectError, match="^Email link is invalid or has expired$") as caught:
        await done(client.initialize_from_url(mail.target()))
    assert caught.value.details == {"code": "otp_expired", "error": "access_denied"}
    assert await session_of(client) is None


async def test_the_client_refreshes_by_itself(flavour):
    # It does so ten seconds before the access token expires, and again.
    client, email = await flavour.member(Instance(jwt_exp=12), auto_refresh_token=True)
    heard, end = [], time.monotonic() + DEADLINE
    client.on_auth_state_change(lambda event, session: heard.append((event, session)))
    while not heard and time.monotonic() < end:
        await asyncio.sleep(0.05)
    assert heard, "no session came by itself"
    event, session = heard[0]
    assert (event, session.user.email, session.expires_in) == ("TOKEN_REFRESHED", email, 12)
    await done(client.sign_out({"scope": "local"}))


async def test_a_session_that_is_not_kept(flavour):
    storage = flavour.storage()
    client, email = await flavour.member(persist_session=False, storage=storage, storage_key=KEY)
    assert (await session_of(client)).user.email == email
    assert (await done(client.refresh_session())).user.email == email
    assert await done(storage.get_item(KEY)) is None


async def test_refresh_session_with_a_token(flavour):
    client, email = await flavour.member()
    session, other = await session_of(client), flavour.client(AUTO)
    answer = await done(other.refresh_session(session.refresh_token))
    before, after = claims_of(session.access_token), claims_of(answer.session.access_token)
    assert answer.user.email == email
    for name in ("sub", "session_id", "aal", "amr"):
        assert before[name] == after[name]

    # The answer may have been lost: the same once more. What was used long before ends the session.
    again = (await done(flavour.client(AUTO).refresh_session(session.refresh_token))).session
    assert again.refresh_token == answer.session.refresh_token
    await done(other.refresh_session())
    async with refused(400, "refresh_token_already_used", "^Invalid Refresh Token: Already Used$"):
        await done(flavour.client(AUTO).refresh_session(session.refresh_token))
    async with refused(*UNKNOWN_TOKEN):
        await done(other.refresh_session())


async def test_refresh_session_is_refused(flavour):
    with pytest.raises(AuthSessionMissingError):
        await done(flavour.client(AUTO).refresh_session())
    for token in ("abc", "abcdefghijkl", "x" * 64):
        async with refused(*UNKNOWN_TOKEN):
            await done(flavour.client(AUTO).refresh_session(token))
    client, _ = await flavour.member()
    await done(flavour.admin(AUTO).sign_out((await session_of(client)).access_token))
    async with refused(*UNKNOWN_TOKEN):
        await done(client.refresh_session())
    client, _ = await flavour.member()
    user_id = (await session_of(client)).user.id
    await done(flavour.admin(AUTO).update_user_by_id(user_id, {"ban_duration": "1h"}))
    async with refused(400, "user_banned", "^Invalid Refresh Token: User Banned$"):
        await done(client.refresh_session())
    single = Instance(sessions_single_per_user=True)
    client, email = await flavour.member(single)
    await flavour.another(email, single)
    async with refused(400, "session_expired", r"\(Revoked by Newer Login\)$"):
        await done(client.refresh_session())


async def test_set_session_is_refused(flavour):
    client, _ = await flavour.member()
    session, other = await session_of(client), flavour.client(AUTO)
    with pytest.raises(AuthInvalidJwtError):
        await done(other.set_session("no token", session.refresh_token))
    with pytest.raises(AuthSessionMissingError):
        await done(other.set_session("", ""))
    forged = tokens.encode(claims_of(session.access_token), "another secret, just as long as that")
    async with refused(403, "bad_jwt"):
        await done(other.set_session(forged, session.refresh_token))
    past = tokens.encode({**claims_of(session.access_token), "exp": 1}, SECRET)
    async with refused(403, "bad_jwt", "^invalid JWT"):
        await done(other.get_user(past))
    assert await session_of(other) is None


async def test_sign_out_of_what_has_ended(flavour):
    for end in ("session", "user"):
        client, _ = await flavour.member()
        session, admin = await session_of(client), flavour.admin(AUTO)
        if end == "session":
            await done(admin.sign_out(session.access_token))
        else:
            await done(admin.delete_user(session.user.id))
        async with refused(403, f"{end}_not_found"):
            await done(client.get_user())
        async with refused(403, f"{end}_not_found"):
            await done(admin.sign_out(session.access_token))
        events = events_of(client)
        await done(client.sign_out())
        assert events == ["SIGNED_OUT"] and await session_of(client) is None
    await done(flavour.client(AUTO).sign_out())


@pytest.mark.parametrize("scope, here, there", [("global", 0, 0), ("local", 0, 1), ("others", 1, 0)])
async def test_admin_sign_out(flavour, scope, here, there):
    first, email = await flavour.member()
    clients = (first, await flavour.another(email))
    await done(flavour.admin(AUTO).sign_out((await session_of(first)).access_token, scope))
    for client, is_alive in zip(clients, (here, there), strict=True):
        if is_alive:
            assert (await done(client.refresh_session())).user.email == email
        else:
            async with refused(*UNKNOWN_TOKEN):
                await done(client.refresh_session())


async def test_close(flavour):
    client, admin = flavour.client(AUTO), flavour.admin(AUTO)
    await done(client.sign_in_anonymously())
    await done(admin.list_users(per_page=1))
    await done(client.close())
    await done(admin.close())
    for call in (client.get_user, admin.list_users):
        with pytest.raises(AuthRetryableError, match="closed"):
            await done(call())
