"""Links of mails in the PKCE flow lead back with a code, for the client that asked alone."""

from conftest import done
from helpers import AUTO, CONFIRMING, OTHER_PASSWORD, PASSWORD, SITE
from helpers import events_of, mail_to, methods_of, new_email, new_phone, refused, text_to

UNKNOWN_CODE = (404, "flow_state_not_found")


def pkce(flavour):
    return flavour.client(CONFIRMING, flow_type="pkce")


async def test_exchange_after_reset_password_for_email(flavour):
    _, email = await flavour.member(CONFIRMING)
    client = pkce(flavour)
    events = events_of(client)
    await done(client.reset_password_for_email(email, {"redirect_to": f"{SITE}/reset"}))
    mail = mail_to(email)
    await done(client.exchange_code_for_session({"auth_code": mail.follow()["code"]}))
    assert events == ["PASSWORD_RECOVERY"]
    await done(client.update_user({"password": OTHER_PASSWORD}))
    await flavour.another(email, CONFIRMING, OTHER_PASSWORD)


async def test_exchange_after_a_change_of_address(flavour):
    _, email = await flavour.member(CONFIRMING)
    client, new = await flavour.another(email, CONFIRMING, flow_type="pkce"), new_email("next")
    assert (await done(client.update_user({"email": new}))).user.new_email == new
    assert mail_to(email).follow()["message"].startswith("Confirmation link accepted")
    answer = await done(client.exchange_code_for_session({"auth_code": mail_to(new).follow()["code"]}))
    assert (answer.user.email, methods_of(answer.session)) == (new, ["email_change"])


async def test_exchange_by_another_client(flavour):
    client, other, email = pkce(flavour), pkce(flavour), new_email()
    await done(client.sign_in_with_otp({"email": email}))
    await done(other.sign_in_with_otp({"email": new_email()}))
    code = mail_to(email).follow()["code"]
    events = events_of(other)
    async with refused(400, "bad_code_verifier"):
        await done(other.exchange_code_for_session({"auth_code": code}))
    async with refused(400, "validation_failed"):
        await done(flavour.client(CONFIRMING).exchange_code_for_session({"auth_code": code}))
    assert events == [] and await done(other.get_session()) is None
    assert (await done(client.exchange_code_for_session({"auth_code": code}))).user.email == email


async def test_exchange_with_a_verifier_of_ones_own(flavour):
    storage, email = flavour.storage(), new_email()
    client = flavour.client(CONFIRMING, flow_type="pkce", storage=storage, storage_key="own")
    await done(client.sign_up({"email": email, "password": PASSWORD}))
    verifier = await done(storage.get_item("own-code-verifier"))
    given = {"auth_code": mail_to(email).follow()["code"], "code_verifier": verifier}
    other = flavour.client(CONFIRMING)
    assert (await done(other.exchange_code_for_session(given))).user.email == email
    async with refused(*UNKNOWN_CODE):
        await done(other.exchange_code_for_session(given))


async def test_exchange_of_a_code_that_never_was(flavour):
    client = pkce(flavour)
    async with refused(400, "validation_failed"):
        await done(client.exchange_code_for_session({"auth_code": "mock_code"}))
    await done(client.sign_in_with_otp({"email": new_email()}))
    async with refused(*UNKNOWN_CODE):
        await done(client.exchange_code_for_session({"auth_code": "mock_code"}))


async def test_a_code_of_a_pkce_mail_can_be_typed_in(flavour):
    client, email = pkce(flavour), new_email()
    await done(client.sign_in_with_otp({"email": email}))
    answer = await done(client.verify_otp({"email": email, "token": mail_to(email).code, "type": "email"}))
    assert methods_of(answer.session) == ["otp"]


async def test_what_needs_no_link(flavour):
    client = flavour.client(AUTO, flow_type="pkce")
    assert (await done(client.sign_up({"email": new_email(), "password": PASSWORD}))).session
    client, phone = pkce(flavour), new_phone()
    await done(client.sign_in_with_otp({"phone": phone}))
    assert (await done(client.verify_otp({"phone": phone, "token": text_to(phone), "type": "sms"}))).session
