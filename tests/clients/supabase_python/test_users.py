"""Sessions, what users change about themselves, and administration."""

import uuid

import jwt as tokens
import pytest
from supabase_auth.errors import AuthError

from conftest import done
from helpers import ADMIN, ASYMMETRIC, AUTO, CONFIRMING, OTHER_PASSWORD, PASSWORD, RSA_KID, SECRET, SITE, Instance
from helpers import claims_of, mail_to, new_email, new_phone, refused, text_to

UNKNOWN_TOKEN = (400, "refresh_token_not_found", "^Invalid Refresh Token: Refresh Token Not Found$")
NOT_FOUND = (404, "user_not_found", "^User not found$")


async def test_refresh_session_and_set_session(flavour):
    client, email = await flavour.member()
    session = await done(client.get_session())
    refreshed = (await done(client.refresh_session())).session
    assert refreshed.refresh_token != session.refresh_token
    other = flavour.client(AUTO)
    taken = await done(other.set_session(refreshed.access_token, refreshed.refresh_token))
    assert taken.user.email == email
    expired = tokens.encode({**claims_of(session.access_token), "exp": 1}, SECRET)
    async with refused(*UNKNOWN_TOKEN):
        await done(flavour.client(AUTO).set_session(expired, "invalid-refresh-token"))
    again = await done(flavour.client(AUTO).set_session(expired, refreshed.refresh_token))
    assert again.user.email == email


async def test_get_user(flavour):
    client, _ = await flavour.member()
    session = await done(client.get_session())
    assert (await done(flavour.client(AUTO).get_user(session.access_token))).user.id == session.user.id
    forged = tokens.encode(claims_of(session.access_token), "another secret, just as long as that")
    async with refused(403, "bad_jwt", "unable to parse or verify signature"):
        await done(client.get_user(forged))


async def test_get_claims(flavour):
    client, _ = await flavour.member()
    assert (await done(client.get_claims()))["headers"]["alg"] == "HS256"
    client, email = await flavour.member(ASYMMETRIC)
    answer = await done(client.get_claims())
    assert (answer["headers"]["alg"], answer["headers"]["kid"]) == ("RS256", RSA_KID)
    assert answer["claims"]["email"] == email

    own = Instance(mailer_autoconfirm=True, jwt_secret=None)
    client, email = flavour.client(own), new_email()
    await done(client.sign_up({"email": email, "password": PASSWORD}))
    answer = await done(client.get_claims())
    assert (answer["headers"]["alg"], answer["claims"]["email"]) == ("ES256", email)


@pytest.mark.parametrize("scope, here, there", [("global", 0, 0), ("local", 0, 1), ("others", 1, 0)])
async def test_sign_out(flavour, scope, here, there):
    first, email = await flavour.member()
    second = flavour.client(AUTO)
    await done(second.sign_in_with_password({"email": email, "password": PASSWORD}))
    jwts = [(await done(client.get_session())).access_token for client in (first, second)]
    await done(first.sign_out({"scope": scope}))
    for jwt, is_alive in zip(jwts, (here, there), strict=True):
        if is_alive:
            assert (await done(flavour.client(AUTO).get_user(jwt))).user.email == email
        else:
            async with refused(403, "session_not_found"):
                await done(flavour.client(AUTO).get_user(jwt))


async def test_update_user_data_and_password(flavour):
    client, email = await flavour.member()
    await done(client.update_user({"data": {"hello": "world", "more": 1}}))
    user = (await done(client.update_user({"data": {"hello": None}}))).user
    assert "hello" not in user.user_metadata and user.user_metadata["more"] == 1
    await done(client.update_user({"password": OTHER_PASSWORD}))
    async with refused(422, "same_password"):
        await done(client.update_user({"password": OTHER_PASSWORD}))
    async with refused(400, "invalid_credentials"):
        await done(flavour.client(AUTO).sign_in_with_password({"email": email, "password": PASSWORD}))
    await done(flavour.client(AUTO).sign_in_with_password({"email": email, "password": OTHER_PASSWORD}))


async def test_update_user_email_and_phone(flavour):
    client, email = await flavour.member(CONFIRMING)
    new, phone = new_email("next"), new_phone()
    assert (await done(client.update_user({"email": new}))).user.new_email == new
    half = await done(client.verify_otp({"email": new, "token": mail_to(new).code, "type": "email_change"}))
    assert half.session is None
    given = {"email": email, "token": mail_to(email).code, "type": "email_change"}
    assert (await done(client.verify_otp(given))).user.email == new
    await done(client.update_user({"phone": phone}))
    given = {"phone": phone, "token": text_to(phone), "type": "phone_change"}
    assert (await done(client.verify_otp(given))).user.phone == phone[1:]


async def test_reauthenticate_and_reset_password(flavour):
    client, email = await flavour.member(CONFIRMING)
    await done(client.reauthenticate())
    await done(client.update_user({"password": OTHER_PASSWORD, "nonce": mail_to(email).code}))
    await done(flavour.client(CONFIRMING).reset_password_for_email(email, {"redirect_to": f"{SITE}/reset"}))
    found = mail_to(email).follow()
    assert found["type"] == "recovery"
    other = flavour.client(CONFIRMING)
    await done(other.set_session(found["access_token"], found["refresh_token"]))
    await done(other.update_user({"password": PASSWORD}))
    await done(flavour.client(CONFIRMING).sign_in_with_password({"email": email, "password": PASSWORD}))


async def test_identities(flavour):
    client, email = await flavour.member()
    identities = (await done(client.get_user_identities())).identities
    assert [(each.provider, each.identity_data["email"]) for each in identities] == [("email", email)]
    for call in (lambda: client.unlink_identity(identities[0]), lambda: client.link_identity({"provider": "google"})):
        async with refused(404, "manual_linking_disabled", "^Manual linking is disabled$"):
            await done(call())


async def test_admin_creates_lists_changes_and_deletes(flavour):
    admin, email = flavour.admin(AUTO), new_email()
    attributes = {"email": email, "password": PASSWORD, "user_metadata": {"a": 1}, "app_metadata": {"roles": ["x"]}}
    user = (await done(admin.create_user(attributes))).user
    assert user.user_metadata == {"a": 1}
    assert user.app_metadata == {"provider": "email", "providers": ["email"], "roles": ["x"]}
    assert user.id in [each.id for each in await done(admin.list_users())]
    assert (await done(admin.get_user_by_id(user.id))).user == user
    for change in ({"email": new_email("next")}, {"user_metadata": {"a": 2}}, {"role": "editor"}):
        ((name, value),) = change.items()
        assert getattr((await done(admin.update_user_by_id(user.id, change))).user, name) == value
    assert not user.email_confirmed_at
    assert (await done(admin.update_user_by_id(user.id, {"email_confirm": True}))).user.email_confirmed_at
    await done(admin.delete_user(user.id))
    async with refused(*NOT_FOUND):
        await done(admin.get_user_by_id(user.id))
    async with refused(*NOT_FOUND):
        await done(admin.delete_user(user.id))


async def test_admin_pages(flavour):
    instance = Instance()
    admin = flavour.admin(instance)
    made = [(await done(admin.create_user({"email": new_email(), "password": PASSWORD}))).user.id for _ in range(3)]
    pages = [await done(admin.list_users(page=page, per_page=2)) for page in (1, 2)]
    # The newest first; it is the same for all tenants of an app, so there may be more.
    assert [user.id for user in pages[0]] == [made[2], made[1]]
    assert pages[1][0].id == made[0]
    async with refused(400, "validation_failed"):
        await done(admin.list_users(page=-1))


async def test_admin_deletes_softly(flavour):
    client, email = await flavour.member()
    admin, user = flavour.admin(AUTO), (await done(client.get_user())).user
    await done(admin.delete_user(user.id, should_soft_delete=True))
    assert (await done(admin.get_user_by_id(user.id))).user.email != email
    again = await done(flavour.client(AUTO).sign_up({"email": email, "password": PASSWORD}))
    assert again.user.id != user.id


async def test_admin_is_refused(flavour):
    admin = flavour.admin(AUTO)
    async with refused(400, "validation_failed", "^Unable to validate email address: invalid format$"):
        await done(admin.create_user({"email": "invalid", "password": PASSWORD}))
    async with refused(*NOT_FOUND):
        await done(admin.update_user_by_id(str(uuid.uuid4()), {"role": "editor"}))
    client, _ = await flavour.member()
    jwt = (await done(client.get_session())).access_token
    async with refused(403, "not_admin", "^User not allowed$"):
        await done(flavour.admin(AUTO, jwt).list_users())
    async with refused(403, "bad_jwt", "^invalid JWT"):
        await done(admin.sign_out("this-is-a-bad-token"))
    with pytest.raises(AuthError):
        await done(flavour.client(AUTO).admin.list_users())


async def test_admin_invites(flavour):
    email = new_email()
    options = {"redirect_to": f"{SITE}/welcome", "data": {"team": "one"}}
    user = (await done(flavour.admin(CONFIRMING).invite_user_by_email(email, options))).user
    assert user.invited_at and user.user_metadata == {"team": "one"}
    given = {"token_hash": mail_to(email).token_hash, "type": "invite"}
    assert (await done(flavour.client(CONFIRMING).verify_otp(given))).user.id == user.id


@pytest.mark.parametrize("kind", ["signup", "invite", "magiclink", "recovery", "email_change_current"])
async def test_admin_generates_links(flavour, kind):
    client, email = await flavour.member(CONFIRMING)
    if kind in ("signup", "invite"):
        email = new_email()
    params = {"type": kind, "email": email, "options": {"redirect_to": f"{SITE}/welcome"}}
    if kind == "signup":
        params["password"] = PASSWORD
    if kind == "email_change_current":
        params["new_email"] = new_email("next")
    answer = await done(flavour.admin(CONFIRMING).generate_link(params))
    shown = "email_change" if kind == "email_change_current" else kind
    for part in ("?token", f"type={shown}", f"redirect_to={SITE}/welcome"):
        assert part in answer.properties.action_link
    verified = await done(client.verify_otp({"token_hash": answer.properties.hashed_token, "type": shown}))
    if kind == "email_change_current":
        assert answer.user.new_email == params["new_email"]
        assert verified.session is None, "the new address has to confirm, too"
    else:
        assert verified.user.id == answer.user.id


async def test_the_administrators_token_is_no_users(flavour):
    async with refused(403, "bad_jwt", "missing sub claim"):
        await done(flavour.client(AUTO).get_user(ADMIN))
