"""Users without a name, and how they get one."""

import pytest

from conftest import done
from helpers import AUTO, OTHER_PASSWORD, PASSWORD, Instance
from helpers import claims_of, mail_to, methods_of, new_email, new_phone, refused, text_to

CONFIRMING = Instance(external_anonymous_users_enabled=True, external_phone_enabled=True, sms_provider="twilio")


async def nobody(flavour, instance):
    """A client that is signed in without a name, and who it is."""
    client = flavour.client(instance)
    return client, (await done(client.sign_in_anonymously())).user


async def is_anonymous(client):
    """What the token says after a refresh, which has to be what the user says."""
    session = (await done(client.refresh_session())).session
    assert claims_of(session.access_token)["is_anonymous"] == session.user.is_anonymous
    return session.user.is_anonymous


async def test_an_address_that_is_confirmed(flavour):
    client, user = await nobody(flavour, CONFIRMING)
    assert methods_of(await done(client.get_session())) == ["anonymous"]
    email = new_email()
    pending = (await done(client.update_user({"email": email}))).user
    assert (pending.email, pending.new_email, pending.is_anonymous) == ("", email, True)
    assert await is_anonymous(client)
    answer = await done(client.verify_otp({"email": email, "token": mail_to(email).code, "type": "email_change"}))
    assert (answer.user.id, answer.user.email, answer.user.is_anonymous) == (user.id, email, False)
    assert [each.provider for each in answer.user.identities] == ["email"]
    assert answer.user.app_metadata == {"provider": "email", "providers": ["email"]}
    assert not await is_anonymous(client)
    await done(client.update_user({"password": PASSWORD}))
    signed_in = await flavour.another(email, CONFIRMING)
    assert (await done(signed_in.get_user())).user.id == user.id


async def test_a_number_that_is_confirmed(flavour):
    client, user = await nobody(flavour, CONFIRMING)
    phone = new_phone()
    assert (await done(client.update_user({"phone": phone}))).user.is_anonymous
    answer = await done(client.verify_otp({"phone": phone, "token": text_to(phone), "type": "phone_change"}))
    assert (answer.user.id, answer.user.phone, answer.user.is_anonymous) == (user.id, phone[1:], False)
    assert [each.provider for each in answer.user.identities] == ["phone"]
    assert not await is_anonymous(client)


@pytest.mark.parametrize("channel", ["email", "phone"])
async def test_an_address_or_a_number_where_nothing_is_confirmed(flavour, channel):
    client, user = await nobody(flavour, AUTO)
    address = new_email() if channel == "email" else new_phone()
    changed = (await done(client.update_user({channel: address, "password": OTHER_PASSWORD}))).user
    assert (changed.id, changed.is_anonymous) == (user.id, False)
    assert getattr(changed, channel) == address.removeprefix("+")
    assert not await is_anonymous(client)
    credentials = {channel: address, "password": OTHER_PASSWORD}
    assert (await done(flavour.client(AUTO).sign_in_with_password(credentials))).user.id == user.id


async def test_by_an_administrator(flavour):
    client, user = await nobody(flavour, AUTO)
    email = new_email()
    await done(flavour.admin(AUTO).update_user_by_id(user.id, {"email": email, "email_confirm": True}))
    changed = (await done(client.get_user())).user
    assert (changed.email, changed.is_anonymous) == (email, False)


async def test_what_needs_a_name(flavour):
    client, _ = await nobody(flavour, AUTO)
    async with refused(422, "validation_failed"):
        await done(client.update_user({"password": PASSWORD}))
    message = "^Reauthentication requires the user to have an email or a phone number$"
    async with refused(400, "validation_failed", message):
        await done(client.reauthenticate())
    async with refused(403, "no_authorization"):
        await done(client.mfa.enroll({"factor_type": "totp", "friendly_name": "app"}))
    _, taken = await flavour.member()
    async with refused(422, "email_exists"):
        await done(client.update_user({"email": taken}))
    assert (await done(client.update_user({"data": {"plan": "pro"}}))).user.user_metadata == {"plan": "pro"}
