"""Passwords: forgotten, changed, and what is asked for before."""

import pytest
from supabase_auth.errors import AuthSessionMissingError, AuthWeakPasswordError

from conftest import done
from helpers import AUTO, CONFIRMING, OTHER_PASSWORD, PASSWORD, SITE, Instance
from helpers import claims_of, mail_to, new_email, new_phone, refused, sql, text_to


async def test_reset_password_by_either_name(flavour):
    client, email = await flavour.member(CONFIRMING)
    await done(client.reset_password_email(email, {"redirect_to": f"{SITE}/reset"}))
    assert mail_to(email).target().startswith(f"{SITE}/reset#access_token=")
    # A session of a link may set a password, and ends the others.
    await done(client.reset_password_for_email(email))
    other = flavour.client(CONFIRMING)
    await done(other.verify_otp({"email": email, "token": mail_to(email).code, "type": "recovery"}))
    await done(other.update_user({"password": OTHER_PASSWORD}))
    async with refused(403, "session_not_found"):
        await done(client.get_user())
    await flavour.another(email, CONFIRMING, OTHER_PASSWORD)


async def test_reset_password_is_refused(flavour):
    for instance in (AUTO, CONFIRMING):
        assert await done(flavour.client(instance).reset_password_for_email(new_email())) is None
    async with refused(400, "validation_failed", "^Unable to validate email address: invalid format$"):
        await done(flavour.client(AUTO).reset_password_for_email("invalid"))
    slow = Instance(smtp_max_frequency=None)
    client, email = await flavour.member(slow)
    await done(client.reset_password_for_email(email))
    async with refused(429, "over_email_send_rate_limit"):
        await done(client.reset_password_for_email(email))


async def test_update_user_with_a_nonce(flavour):
    instance = Instance(update_password_require_reauthentication=True)
    client, email = await flavour.member(instance)
    session_id = claims_of((await done(client.get_session())).access_token)["session_id"]
    sql("UPDATE auth.sessions SET created_at = created_at - interval '25 h' WHERE id = %s", session_id)
    async with refused(400, "reauthentication_needed"):
        await done(client.update_user({"password": OTHER_PASSWORD}))
    answer = await done(client.reauthenticate())
    assert (answer.user, answer.session) == (None, None)
    code = mail_to(email).code
    async with refused(422, "reauthentication_not_valid"):
        await done(client.update_user({"password": OTHER_PASSWORD, "nonce": "12345"}))
    await done(client.update_user({"password": OTHER_PASSWORD, "nonce": code}))
    async with refused(422, "reauthentication_not_valid"):
        await done(client.update_user({"password": PASSWORD, "nonce": code}))
    # A new session needs none.
    other = await flavour.another(email, instance, OTHER_PASSWORD)
    await done(other.update_user({"password": PASSWORD}))


async def test_reauthenticate_by_phone(flavour):
    instance = Instance(external_phone_enabled=True, sms_provider="twilio")
    phone = new_phone()
    credentials = {"phone": phone, "password": PASSWORD}
    await done(flavour.admin(instance).create_user({**credentials, "phone_confirm": True}))
    client = flavour.client(instance)
    await done(client.sign_in_with_password(credentials))
    await done(client.reauthenticate())
    await done(client.update_user({"password": OTHER_PASSWORD, "nonce": text_to(phone)}))
    await done(client.sign_in_with_password({"phone": phone, "password": OTHER_PASSWORD}))


async def test_update_user_with_the_current_password(flavour):
    client, email = await flavour.member(Instance(update_password_require_current_password=True))
    async with refused(400, "current_password_required"):
        await done(client.update_user({"password": OTHER_PASSWORD}))
    async with refused(400, "current_password_invalid"):
        await done(client.update_user({"password": OTHER_PASSWORD, "current_password": "wrong"}))
    await done(client.update_user({"password": OTHER_PASSWORD, "current_password": PASSWORD}))
    await done(client.sign_in_with_password({"email": email, "password": OTHER_PASSWORD}))


async def test_passwords_are_refused(flavour):
    client, _ = await flavour.member(Instance(password_min_length=8, password_required_characters="abc:0123456789"))
    with pytest.raises(AuthWeakPasswordError) as caught:
        await done(client.update_user({"password": "xyz"}))
    assert caught.value.reasons == ["length", "characters"]
    async with refused(400, "validation_failed", "^Password cannot be longer than 72 characters$"):
        await done(client.update_user({"password": "a1" * 37}))
    async with refused(422, "same_password", "^New password should be different from the old password.$"):
        await done(client.update_user({"password": PASSWORD}))


async def test_without_a_session(flavour):
    client = flavour.client(AUTO)
    identity = (await done((await flavour.member())[0].get_user_identities())).identities[0]
    for call in (
        lambda: client.reauthenticate(),
        lambda: client.update_user({"password": PASSWORD}),
        lambda: client.get_user_identities(),
        lambda: client.unlink_identity(identity),
        lambda: client.link_identity({"provider": "google"}),
        lambda: client.mfa.enroll({"factor_type": "totp", "friendly_name": "app"}),
        lambda: client.mfa.challenge({"factor_id": identity.id}),
        lambda: client.mfa.unenroll({"factor_id": identity.id}),
    ):
        with pytest.raises(AuthSessionMissingError):
            await done(call())
