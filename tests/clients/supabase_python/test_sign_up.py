"""Signing up with a password: confirmed by a code or a link, again, and where it is not allowed."""

import pytest
from supabase_auth.errors import AuthInvalidCredentialsError

from conftest import done
from helpers import ASYMMETRIC, AUTO, CLOSED, CONFIRMING, OTHER_PASSWORD, PASSWORD, SITE, Instance
from helpers import mail_to, methods_of, new_email, new_phone, refused, text_to


async def test_sign_up_by_phone_texts_a_code_where_numbers_are_confirmed(flavour):
    client, phone = flavour.client(CONFIRMING), new_phone()
    credentials = {"phone": phone, "password": PASSWORD, "options": {"channel": "whatsapp"}}
    answer = await done(client.sign_up(credentials))
    assert answer.session is None
    assert answer.user.phone == phone[1:] and not answer.user.phone_confirmed_at
    async with refused(400, "phone_not_confirmed"):
        await done(client.sign_in_with_password(credentials))
    async with refused(403, "otp_expired", "^Token has expired or is invalid$"):
        await done(client.verify_otp({"phone": phone, "token": "12345", "type": "sms"}))
    verified = await done(client.verify_otp({"phone": phone, "token": text_to(phone), "type": "sms"}))
    assert verified.user.id == answer.user.id and verified.user.phone_confirmed_at
    assert methods_of(verified.session) == ["otp"]
    assert (await done(client.sign_in_with_password(credentials))).user.id == answer.user.id


async def test_sign_up_by_a_link_that_leads_back(flavour):
    client, email = flavour.client(CONFIRMING), new_email()
    options = {"email_redirect_to": f"{SITE}/welcome?step=2"}
    answer = await done(client.sign_up({"email": email, "password": PASSWORD, "options": options}))
    target = mail_to(email).target()
    assert target.startswith(f"{SITE}/welcome?step=2#access_token=")
    await done(client.initialize(url=target))
    assert (await done(client.get_session())).user.id == answer.user.id


async def test_sign_up_again(flavour):
    client, email = flavour.client(CONFIRMING), new_email()
    first = (await done(client.sign_up({"email": email, "password": PASSWORD}))).user
    code = mail_to(email).code
    second = (await done(client.sign_up({"email": email, "password": OTHER_PASSWORD}))).user
    assert second.id == first.id
    async with refused(403, "otp_expired"):
        await done(client.verify_otp({"email": email, "token": code, "type": "signup"}))
    await done(client.verify_otp({"email": email, "token": mail_to(email).code, "type": "signup"}))
    async with refused(400, "invalid_credentials"):
        await flavour.another(email, CONFIRMING, OTHER_PASSWORD)
    await flavour.another(email, CONFIRMING)


async def test_sign_up_does_not_tell_who_has_an_account(flavour):
    client, email = await flavour.member(CONFIRMING)
    known = (await done(client.get_user())).user
    options = {"data": {"plan": "pro"}}
    answer = await done(flavour.client(CONFIRMING).sign_up({"email": email, "password": PASSWORD, "options": options}))
    assert answer.session is None
    assert answer.user.id != known.id and answer.user.identities == []
    assert (answer.user.email, answer.user.role) == (email, "")
    assert answer.user.confirmation_sent_at and not answer.user.email_confirmed_at


async def test_sign_up_by_phone_is_refused(flavour):
    async with refused(400, "validation_failed", r"^Invalid phone number format \(E.164 required\)$"):
        await done(flavour.client(AUTO).sign_up({"phone": "+0123", "password": PASSWORD}))
    async with refused(400, "phone_provider_disabled"):
        await done(flavour.client(ASYMMETRIC).sign_up({"phone": new_phone(), "password": PASSWORD}))
    async with refused(422, "signup_disabled"):
        await done(flavour.client(CLOSED).sign_up({"phone": new_phone(), "password": PASSWORD}))
    credentials = {"phone": new_phone(), "password": PASSWORD}
    await done(flavour.client(AUTO).sign_up(credentials))
    async with refused(422, "user_already_exists", "^User already registered"):
        await done(flavour.client(AUTO).sign_up(credentials))


async def test_what_the_client_refuses_by_itself(flavour):
    client = flavour.client(AUTO)
    for credentials in ({"email": new_email()}, {"phone": new_phone()}, {"password": PASSWORD}):
        with pytest.raises(AuthInvalidCredentialsError):
            await done(client.sign_up(credentials))
        with pytest.raises(AuthInvalidCredentialsError):
            await done(client.sign_in_with_password(credentials))
    for call in (client.sign_in_with_otp, client.resend):
        with pytest.raises(AuthInvalidCredentialsError):
            await done(call({"type": "signup"}))


async def test_too_soon(flavour):
    slow = Instance(smtp_max_frequency=None)
    client, credentials = flavour.client(slow), {"email": new_email(), "password": PASSWORD}
    await done(client.sign_up(credentials))
    seconds = r"^For security purposes, you can only request this after \d+ seconds\.?$"
    async with refused(429, "over_email_send_rate_limit", seconds):
        await done(client.sign_up(credentials))
    async with refused(429, "over_email_send_rate_limit", seconds):
        await done(client.resend({"type": "signup", "email": credentials["email"]}))


async def test_where_signing_up_is_switched_off(flavour):
    instance = Instance(disable_signup=True, external_anonymous_users_enabled=True)
    disabled = (422, "signup_disabled", "^Signups not allowed for this instance$")
    client = flavour.client(instance)
    async with refused(*disabled):
        await done(client.sign_up({"email": new_email(), "password": PASSWORD}))
    async with refused(*disabled):
        await done(client.sign_in_with_otp({"email": new_email()}))
    async with refused(*disabled):
        await done(client.sign_in_anonymously())

    # Who has an account, or is given one, signs in.
    _, email = await flavour.member(instance)
    await done(client.sign_in_with_otp({"email": email}))
    given = {"email": email, "token": mail_to(email).code, "type": "magiclink"}
    assert (await done(client.verify_otp(given))).user.email == email
    invited = new_email()
    await done(flavour.admin(instance).invite_user_by_email(invited))
    given = {"token_hash": mail_to(invited).token_hash, "type": "invite"}
    assert (await done(client.verify_otp(given))).user.email == invited


async def test_where_addresses_are_switched_off(flavour):
    client = flavour.client(CLOSED)
    async with refused(422, "email_provider_disabled"):
        await done(client.sign_in_with_password({"email": new_email(), "password": PASSWORD}))
    async with refused(422, "email_provider_disabled"):
        await done(client.sign_in_with_otp({"email": new_email()}))
    async with refused(400, "email_provider_disabled"):
        await done(client.reset_password_for_email(new_email()))
    async with refused(400, "email_provider_disabled"):
        await done(client.resend({"type": "signup", "email": new_email()}))
    async with refused(403, "otp_expired", "^Token has expired or is invalid$"):
        await done(client.verify_otp({"phone": new_phone(), "token": "123456", "type": "sms"}))
