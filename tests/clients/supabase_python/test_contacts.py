"""Addresses and numbers that users change, and identities that they give up."""

import pytest

from conftest import done
from helpers import AUTO, CONFIRMING, PASSWORD, SITE, Instance
from helpers import mail_to, new_email, new_phone, refused

LINKING = Instance(manual_linking_enabled=True, external_phone_enabled=True)


async def test_an_address_that_the_new_one_alone_confirms(flavour):
    instance = Instance(mailer_secure_email_change_enabled=False)
    client, email = await flavour.member(instance)
    new = new_email("next")
    pending = (await done(client.update_user({"email": new}, {"email_redirect_to": f"{SITE}/changed"}))).user
    assert (pending.email, pending.new_email) == (email, new)
    target = mail_to(new).target()
    assert target.startswith(f"{SITE}/changed#access_token=")
    await done(client.initialize_from_url(target))
    user = (await done(client.get_user())).user
    assert (user.email, user.new_email, user.identities[0].identity_data["email"]) == (new, None, new)
    async with refused(400, "invalid_credentials"):
        await flavour.another(email, instance)
    await flavour.another(new, instance)


async def test_an_address_stays_pending_even_where_nothing_is_confirmed(flavour):
    client, email = await flavour.member()
    new = new_email("next")
    assert (await done(client.update_user({"email": new}))).user.email == email
    given = {"token_hash": mail_to(new).token_hash, "type": "email_change"}
    assert (await done(client.verify_otp(given))).user.email == new


async def test_a_number_is_taken_at_once_where_nothing_is_confirmed(flavour):
    client, email = await flavour.member()
    phone = new_phone()
    user = (await done(client.update_user({"phone": phone}))).user
    assert user.phone == phone[1:] and user.phone_confirmed_at
    signed_in = await done(flavour.client(AUTO).sign_in_with_password({"phone": phone, "password": PASSWORD}))
    assert signed_in.user.email == email


async def test_addresses_and_numbers_are_refused(flavour):
    client, _ = await flavour.member()
    phone = new_phone()
    _, taken = await flavour.member(attributes={"phone": phone, "phone_confirm": True})
    async with refused(422, "email_exists"):
        await done(client.update_user({"email": taken.upper()}))
    async with refused(422, "phone_exists"):
        await done(client.update_user({"phone": phone}))
    async with refused(400, "validation_failed", "^Unable to validate email address: invalid format$"):
        await done(client.update_user({"email": "invalid"}))
    async with refused(400, "validation_failed", r"^Invalid phone number format \(E.164 required\)$"):
        await done(client.update_user({"phone": "invalid"}))
    slow = Instance(smtp_max_frequency=None)
    client, _ = await flavour.member(slow)
    await done(client.update_user({"email": new_email("next")}))
    async with refused(429, "over_email_send_rate_limit"):
        await done(client.update_user({"email": new_email("next")}))


async def with_both(flavour):
    """A client of a user with an address and a number: with the identities by provider."""
    phone = new_phone()
    client, email = await flavour.member(LINKING, attributes={"phone": phone, "phone_confirm": True})
    identities = (await done(client.get_user_identities())).identities
    return client, {"email": email, "phone": phone}, {each.provider: each for each in identities}


@pytest.mark.parametrize("gone, left", [("email", "phone"), ("phone", "email")])
async def test_unlink_identity(flavour, gone, left):
    client, addresses, identities = await with_both(flavour)
    await done(client.unlink_identity(identities[gone]))
    user = (await done(client.get_user())).user
    assert (getattr(user, gone), getattr(user, left)) == ("", addresses[left].removeprefix("+"))
    assert [each.provider for each in user.identities] == [left]
    assert user.app_metadata["providers"] == [left]
    async with refused(400, "invalid_credentials"):
        await done(flavour.client(LINKING).sign_in_with_password({gone: addresses[gone], "password": PASSWORD}))
    async with refused(422, "single_identity_not_deletable"):
        await done(client.unlink_identity(identities[left]))


async def test_unlink_identity_is_refused(flavour):
    client, _, identities = await with_both(flavour)
    _, _, others = await with_both(flavour)
    async with refused(422, "identity_not_found"):
        await done(client.unlink_identity(others["phone"]))
    async with refused(404, "validation_failed"):
        await done(client.unlink_identity(identities["email"].model_copy(update={"identity_id": "no-uuid"})))
    client, _ = await flavour.member(CONFIRMING)
    async with refused(404, "manual_linking_disabled", "^Manual linking is disabled$"):
        await done(client.unlink_identity(identities["email"]))
