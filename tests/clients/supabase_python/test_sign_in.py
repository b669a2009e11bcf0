"""Signing up and in: with a password, without a name, with a code or a link."""

import pytest
from supabase_auth.errors import AuthWeakPasswordError

from conftest import done
from helpers import AUTO, CLOSED, CONFIRMING, PASSWORD, claims_of, mail_to, new_email, new_phone, refused, text_to

NOTHING = (None, None)


async def test_sign_up_gives_a_session_where_nothing_is_confirmed(flavour):
    client, email = flavour.client(AUTO), new_email()
    data = {"boolean": True, "nested": {"number": 1}}
    credentials = {"email": email, "password": PASSWORD, "options": {"data": data}}
    answer = await done(client.sign_up(credentials))
    assert answer.session.access_token and answer.session.refresh_token
    assert (answer.session.expires_in, answer.session.token_type) == (3600, "bearer")
    assert answer.user.email == email
    assert answer.user.user_metadata.items() >= data.items()
    assert (await done(client.get_user())).user.id == answer.user.id
    async with refused(422, "user_already_exists", "^User already registered"):
        await done(flavour.client(AUTO).sign_up(credentials))


async def test_sign_up_mails_a_code_where_addresses_are_confirmed(flavour):
    client, email = flavour.client(CONFIRMING), new_email()
    credentials = {"email": email, "password": PASSWORD}
    answer = await done(client.sign_up(credentials))
    assert answer.session is None
    assert answer.user.confirmation_sent_at and not answer.user.email_confirmed_at
    async with refused(400, "email_not_confirmed"):
        await done(client.sign_in_with_password(credentials))
    given = {"email": email, "token": mail_to(email).code, "type": "signup"}
    assert (await done(client.verify_otp(given))).user.email_confirmed_at
    assert (await done(client.sign_in_with_password(credentials))).user.id == answer.user.id


async def test_sign_up_is_refused(flavour):
    client = flavour.client(AUTO)
    async with refused(400, "validation_failed", "^Unable to validate email address: invalid format$"):
        await done(client.sign_up({"email": "invalid", "password": PASSWORD}))
    with pytest.raises(AuthWeakPasswordError) as caught:
        await done(client.sign_up({"email": new_email(), "password": "123"}))
    assert caught.value.reasons == ["length"]
    assert caught.value.message == "Password should be at least 6 characters."
    async with refused(422, "signup_disabled", "^Signups not allowed for this instance$"):
        await done(flavour.client(CLOSED).sign_up({"email": new_email(), "password": PASSWORD}))


async def test_sign_up_by_phone(flavour):
    phone = new_phone()
    credentials = {"phone": phone, "password": PASSWORD, "options": {"data": {"plan": "pro"}}}
    answer = await done(flavour.client(AUTO).sign_up(credentials))
    assert answer.session
    assert (answer.user.phone, answer.user.user_metadata["plan"]) == (phone[1:], "pro")
    signed_in = await done(flavour.client(AUTO).sign_in_with_password({"phone": phone, "password": PASSWORD}))
    assert signed_in.user.id == answer.user.id
    assert signed_in.user.app_metadata == {"provider": "phone", "providers": ["phone"]}


async def test_sign_in_with_password(flavour):
    client, email = await flavour.member()
    session = await done(client.get_session())
    assert session.user.email == email
    assert session.user.app_metadata == {"provider": "email", "providers": ["email"]}
    assert claims_of(session.access_token)["amr"][0]["method"] == "password"
    for who in ({"email": email}, {"email": new_email()}, {"phone": new_phone()}):
        async with refused(400, "invalid_credentials", "^Invalid login credentials$"):
            await done(client.sign_in_with_password({**who, "password": "wrong"}))


async def test_sign_in_anonymously(flavour):
    client = flavour.client(AUTO)
    answer = await done(client.sign_in_anonymously({"options": {"data": {"plan": "pro"}}}))
    assert answer.session and answer.user.is_anonymous
    assert (answer.user.user_metadata, answer.user.identities) == ({"plan": "pro"}, [])
    async with refused(422, "anonymous_provider_disabled", "^Anonymous sign-ins are disabled$"):
        await done(flavour.client(CONFIRMING).sign_in_anonymously())


async def test_sign_in_with_otp_by_code_and_by_link(flavour):
    client, email = flavour.client(CONFIRMING), new_email()
    answer = await done(client.sign_in_with_otp({"email": email, "options": {"data": {"plan": "pro"}}}))
    assert (answer.user, answer.session) == NOTHING
    given = {"email": email, "token": mail_to(email).code, "type": "email"}
    user = (await done(client.verify_otp(given))).user
    assert user.user_metadata["plan"] == "pro"
    async with refused(403, "otp_expired", "^Token has expired or is invalid$"):
        await done(client.verify_otp(given))

    other = flavour.client(CONFIRMING)
    await done(other.sign_in_with_otp({"email": email, "options": {"should_create_user": False}}))
    found = mail_to(email).follow()
    assert found["type"] == "magiclink"
    session = (await done(other.set_session(found["access_token"], found["refresh_token"]))).session
    assert session.user.id == user.id


async def test_sign_in_with_otp_of_who_is_unknown(flavour):
    for who in ({"email": new_email()}, {"phone": new_phone()}):
        async with refused(422, "otp_disabled", "^Signups not allowed for otp$"):
            await done(flavour.client(AUTO).sign_in_with_otp({**who, "options": {"should_create_user": False}}))


async def test_sign_in_with_otp_by_phone(flavour):
    client, phone = flavour.client(CONFIRMING), new_phone()
    await done(client.sign_in_with_otp({"phone": phone}))
    answer = await done(client.verify_otp({"phone": phone, "token": text_to(phone), "type": "sms"}))
    assert answer.user.phone == phone[1:] and answer.user.phone_confirmed_at


async def test_verify_otp_with_a_token_hash(flavour):
    client, email = flavour.client(CONFIRMING), new_email()
    await done(client.sign_up({"email": email, "password": PASSWORD}))
    given = {"token_hash": mail_to(email).token_hash, "type": "signup"}
    assert (await done(client.verify_otp(given))).session.user.email == email
    async with refused(403, "otp_expired", "^Email link is invalid or has expired$"):
        await done(client.verify_otp(given))


@pytest.mark.parametrize("method", ["signup", "magiclink", "recovery"])
async def test_exchange_code_for_session(flavour, method):
    client = flavour.client(CONFIRMING, flow_type="pkce")
    if method == "signup":
        email = new_email()
        await done(client.sign_up({"email": email, "password": PASSWORD}))
    else:
        _, email = await flavour.member(CONFIRMING)
        if method == "magiclink":
            await done(client.sign_in_with_otp({"email": email}))
        else:
            await done(client.reset_password_for_email(email))
    code = mail_to(email).follow()["code"]
    answer = await done(client.exchange_code_for_session({"auth_code": code}))
    assert answer.user.email == email
    expected = "email/signup" if method == "signup" else method
    assert claims_of(answer.session.access_token)["amr"][0]["method"] == expected
    async with refused(404, "flow_state_not_found"):
        await done(client.exchange_code_for_session({"auth_code": code, "code_verifier": "v" * 43}))


async def test_resend(flavour):
    client, email = flavour.client(CONFIRMING), new_email()
    await done(client.sign_up({"email": email, "password": PASSWORD}))
    first = mail_to(email).code
    await done(client.resend({"type": "signup", "email": email}))
    second = mail_to(email).code
    assert first != second
    async with refused(403, "otp_expired"):
        await done(client.verify_otp({"email": email, "token": first, "type": "signup"}))
    assert (await done(client.verify_otp({"email": email, "token": second, "type": "signup"}))).session
    answer = await done(client.resend({"type": "phone_change", "phone": new_phone()}))
    assert (answer.user, answer.session) == NOTHING
