"""Codes and links: of every type, by code and by hash, sent anew, and refused."""

import pytest

from conftest import done
from helpers import AUTO, CONFIRMING, PASSWORD, SITE, Instance
from helpers import events_of, mail_to, methods_of, new_email, new_phone, refused, text_to

WRONG_CODE = (403, "otp_expired", "^Token has expired or is invalid$")
WRONG_LINK = (403, "otp_expired", "^Email link is invalid or has expired$")
TYPES = ["signup", "invite", "magiclink", "recovery", "email_change", "email"]


async def sent(flavour, kind):
    """The address and the mail for a type of verification, in the one way or another of asking for it."""
    if kind in ("signup", "invite"):
        email = new_email()
        if kind == "signup":
            await done(flavour.client(CONFIRMING).sign_up({"email": email, "password": PASSWORD}))
        else:
            await done(flavour.admin(CONFIRMING).invite_user_by_email(email))
        return email, mail_to(email)
    client, email = await flavour.member(CONFIRMING)
    if kind == "recovery":
        await done(client.reset_password_for_email(email))
    elif kind == "email_change":
        new = new_email("next")
        await done(client.update_user({"email": new}))
        given = {"email": email, "token": mail_to(email).code, "type": "email_change"}
        half = await done(client.verify_otp(given))
        assert (half.user, half.session) == (None, None), "the new address has to confirm, too"
        email = new
    else:
        await done(client.sign_in_with_otp({"email": email}))
    return email, mail_to(email)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("way", ["code", "hash"])
async def test_verify_otp(flavour, kind, way):
    email, mail = await sent(flavour, kind)
    client = flavour.client(CONFIRMING)
    if way == "code":
        given, wrong = {"email": email, "token": mail.code, "type": kind}, {"email": email, "token": "12345"}
    else:
        given, wrong = {"token_hash": mail.token_hash, "type": kind}, {"token_hash": "0" * 56}
    refusal = WRONG_CODE if way == "code" else WRONG_LINK
    events = events_of(client)
    async with refused(*refusal):
        await done(client.verify_otp({**wrong, "type": kind}))
    assert events == []

    answer = await done(client.verify_otp(given))
    assert answer.user.email == email and answer.user.email_confirmed_at
    assert methods_of(answer.session) == ["otp"]
    assert events == ["PASSWORD_RECOVERY" if kind == "recovery" else "SIGNED_IN"]
    assert (await done(client.get_user())).user.id == answer.user.id
    async with refused(*refusal):
        await done(flavour.client(CONFIRMING).verify_otp(given))


async def test_verify_otp_by_phone(flavour):
    client, _ = await flavour.member(CONFIRMING)
    phone = new_phone()
    await done(client.update_user({"phone": phone}))
    code = text_to(phone)
    for given in ({"token": "12345", "type": "phone_change"}, {"token": code, "type": "sms"}):
        async with refused(*WRONG_CODE):
            await done(client.verify_otp({"phone": phone, **given}))
    changed = await done(client.verify_otp({"phone": phone, "token": code, "type": "phone_change"}))
    assert changed.user.phone == phone[1:] and methods_of(changed.session) == ["otp"]

    other = flavour.client(CONFIRMING)
    await done(other.sign_in_with_otp({"phone": phone, "options": {"should_create_user": False}}))
    code = text_to(phone)
    given = {"phone": phone, "token": code, "type": "sms"}
    assert (await done(other.verify_otp(given))).user.id == changed.user.id
    async with refused(*WRONG_CODE):
        await done(other.verify_otp(given))


async def test_verify_otp_of_nonsense(flavour):
    client = flavour.client(AUTO)
    async with refused(400, "validation_failed", r"^Invalid phone number format \(E.164 required\)$"):
        await done(client.verify_otp({"phone": "invalid", "token": "123456", "type": "sms"}))
    async with refused(422, "validation_failed", "^Invalid email format$"):
        await done(client.verify_otp({"email": "invalid", "token": "123456", "type": "email"}))
    async with refused(400, "validation_failed", "^Verify requires either a token or a token hash$"):
        await done(client.verify_otp({"email": new_email(), "type": "email"}))
    async with refused(400, "validation_failed"):
        await done(client.verify_otp({"token_hash": "0" * 56, "type": "sms"}))
    for given in ({"email": new_email(), "type": "signup"}, {"phone": new_phone(), "type": "phone_change"}):
        async with refused(*WRONG_CODE):
            await done(client.verify_otp({**given, "token": "123456"}))


async def test_sign_in_with_otp_where_nothing_is_confirmed(flavour):
    client, email = flavour.client(AUTO), new_email()
    options = {"email_redirect_to": f"{SITE}/in", "data": {"plan": "pro"}}
    await done(client.sign_in_with_otp({"email": email, "options": options}))
    mail = mail_to(email)
    found = mail.follow()
    assert found["type"] == "magiclink"
    user = (await done(client.set_session(found["access_token"], found["refresh_token"]))).user
    assert (user.email, user.user_metadata["plan"]) == (email, "pro")
    async with refused(400, "validation_failed", "^Unable to validate email address: invalid format$"):
        await done(client.sign_in_with_otp({"email": "invalid"}))


async def test_sign_in_with_otp_by_phone_where_nobody_sends(flavour):
    async with refused(500, "unexpected_failure"):
        await done(flavour.client(AUTO).sign_in_with_otp({"phone": new_phone()}))
    async with refused(400, "phone_provider_disabled"):
        await done(flavour.client(Instance()).sign_in_with_otp({"phone": new_phone()}))


async def test_resend_of_a_change_of_address(flavour):
    client, email = await flavour.member(CONFIRMING)
    new = new_email("next")
    await done(client.update_user({"email": new}))
    former = {address: mail_to(address).code for address in (email, new)}
    await done(flavour.client(CONFIRMING).resend({"type": "email_change", "email": email}))
    for address in (email, new):
        given = {"email": address, "type": "email_change"}
        async with refused(*WRONG_CODE):
            await done(client.verify_otp({**given, "token": former[address]}))
        await done(client.verify_otp({**given, "token": mail_to(address).code}))
    assert (await done(client.get_user())).user.email == new


async def test_resend_by_phone(flavour):
    client, phone, new = flavour.client(CONFIRMING), new_phone(), new_phone()
    await done(client.sign_up({"phone": phone, "password": PASSWORD}))
    former = text_to(phone)
    await done(client.resend({"type": "sms", "phone": phone}))
    code = text_to(phone)
    async with refused(*WRONG_CODE):
        await done(client.verify_otp({"phone": phone, "token": former, "type": "sms"}))
    await done(client.verify_otp({"phone": phone, "token": code, "type": "sms"}))

    await done(client.update_user({"phone": new}))
    former = text_to(new)
    await done(client.resend({"type": "phone_change", "phone": phone}))
    code = text_to(new)
    async with refused(*WRONG_CODE):
        await done(client.verify_otp({"phone": new, "token": former, "type": "phone_change"}))
    assert (await done(client.verify_otp({"phone": new, "token": code, "type": "phone_change"}))).user.phone == new[1:]


async def test_resend_tells_nothing_of_nobody(flavour):
    client = flavour.client(CONFIRMING)
    for who in ({"type": "signup", "email": new_email()}, {"type": "email_change", "email": new_email()}):
        assert (await done(client.resend(who))).message_id is None
    assert (await done(client.resend({"type": "sms", "phone": new_phone()}))).message_id is None
    async with refused(400, "validation_failed"):
        await done(client.resend({"type": "recovery", "email": new_email()}))
    async with refused(400, "validation_failed", "^Type provided requires a phone number$"):
        await done(client.resend({"type": "sms", "email": new_email()}))
    async with refused(400, "phone_provider_disabled"):
        await done(flavour.client(Instance()).resend({"type": "sms", "phone": new_phone()}))
