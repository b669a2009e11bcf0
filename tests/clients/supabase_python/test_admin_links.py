"""Administration: invitations, and links that an application sends by itself."""

import pytest

from conftest import done
from helpers import AUTO, CONFIRMING, OTHER_PASSWORD, PASSWORD, SITE, Instance, Mail
from helpers import mail_to, methods_of, new_email, refused

INVALID_EMAIL = (400, "validation_failed", "^Unable to validate email address: invalid format$")


@pytest.mark.parametrize("kind", ["signup", "invite", "magiclink", "recovery"])
async def test_link_and_code_sign_in(flavour, kind):
    for way in ("link", "code"):
        email = new_email() if kind in ("signup", "invite") else (await flavour.member(CONFIRMING))[1]
        params = {"type": kind, "email": email, "options": {"redirect_to": f"{SITE}/welcome"}}
        if kind == "signup":
            params["password"] = OTHER_PASSWORD
        if kind in ("signup", "invite"):
            params["options"]["data"] = {"team": "one"}
        answer = await done(flavour.admin(CONFIRMING).generate_link(params))
        properties = answer.properties
        assert (properties.verification_type, properties.redirect_to) == (kind, f"{SITE}/welcome")
        client = flavour.client(CONFIRMING)
        if way == "link":
            await done(client.initialize_from_url(Mail(properties.action_link, None).target()))
        else:
            await done(client.verify_otp({"email": email, "token": properties.email_otp, "type": kind}))
        session = await done(client.get_session())
        assert (session.user.id, methods_of(session)) == (answer.user.id, ["otp"])
        if kind in ("signup", "invite"):
            assert session.user.user_metadata["team"] == "one"
        if kind == "signup":
            await flavour.another(email, CONFIRMING, OTHER_PASSWORD)


async def test_both_links_of_a_change_of_address(flavour):
    client, email = await flavour.member(CONFIRMING)
    admin, new = flavour.admin(CONFIRMING), new_email("next")
    links = []
    for kind in ("email_change_current", "email_change_new"):
        params = {"type": kind, "email": email, "new_email": new, "options": {"redirect_to": SITE}}
        answer = await done(admin.generate_link(params))
        assert answer.user.new_email == new and "type=email_change&" in answer.properties.action_link
        links.append(answer.properties.action_link)
    assert Mail(links[0], None).follow()["message"].startswith("Confirmation link accepted")
    assert (await done(client.get_user())).user.email == email
    await done(client.initialize_from_url(Mail(links[1], None).target()))
    assert (await done(client.get_user())).user.email == new


async def test_the_one_link_of_a_change_of_address(flavour):
    instance = Instance(mailer_secure_email_change_enabled=False)
    client, email = await flavour.member(instance)
    admin, params = flavour.admin(instance), {"email": email, "new_email": new_email("next")}
    async with refused(400, "validation_failed"):
        await done(admin.generate_link({"type": "email_change_current", **params}))
    properties = (await done(admin.generate_link({"type": "email_change_new", **params}))).properties
    answer = await done(client.verify_otp({"token_hash": properties.hashed_token, "type": "email_change"}))
    assert answer.user.email == params["new_email"]


async def test_a_magic_link_to_nobody_signs_up(flavour):
    answer = await done(flavour.admin(AUTO).generate_link({"type": "magiclink", "email": new_email()}))
    assert answer.properties.verification_type == "signup"
    given = {"token_hash": answer.properties.hashed_token, "type": "signup"}
    assert (await done(flavour.client(AUTO).verify_otp(given))).user.id == answer.user.id


async def test_a_link_leads_only_where_it_may(flavour):
    params = {"type": "invite", "email": new_email(), "options": {"redirect_to": "https://evil.example/steal"}}
    assert (await done(flavour.admin(CONFIRMING).generate_link(params))).properties.redirect_to == SITE
    elsewhere = Instance(uri_allow_list="https://*.example.com/*")
    params["options"]["redirect_to"] = "https://www.example.com/in"
    properties = (await done(flavour.admin(elsewhere).generate_link(params))).properties
    assert Mail(properties.action_link, None).target().startswith("https://www.example.com/in#access_token=")


async def test_links_are_refused(flavour):
    client, email = await flavour.member(CONFIRMING)
    _, taken = await flavour.member(CONFIRMING)
    admin = flavour.admin(CONFIRMING)
    for refusal, params in (
        (INVALID_EMAIL, {"type": "signup", "email": "invalid", "password": PASSWORD}),
        ((400, "validation_failed"), {"type": "signup", "email": new_email()}),
        ((422, "weak_password"), {"type": "signup", "email": new_email(), "password": "123"}),
        ((422, "email_exists"), {"type": "signup", "email": email, "password": PASSWORD}),
        ((422, "email_exists"), {"type": "invite", "email": email}),
        ((404, "user_not_found"), {"type": "recovery", "email": new_email()}),
        ((404, "user_not_found"), {"type": "email_change_new", "email": new_email(), "new_email": new_email()}),
        ((422, "email_exists"), {"type": "email_change_new", "email": email, "new_email": taken}),
        ((400, "validation_failed"), {"type": "email_change_new", "email": email, "new_email": "invalid"}),
        ((400, "validation_failed"), {"type": "reauthentication", "email": email}),
    ):
        async with refused(*refusal):
            await done(admin.generate_link(params))
    for token, refusal in (((await done(client.get_session())).access_token, "not_admin"), ("nothing", "bad_jwt")):
        async with refused(403, refusal):
            await done(flavour.admin(CONFIRMING, token).generate_link({"type": "invite", "email": new_email()}))


async def test_invite_user_by_email(flavour):
    admin, email = flavour.admin(CONFIRMING), new_email()
    first = (await done(admin.invite_user_by_email(email))).user
    former = mail_to(email)
    again = (await done(admin.invite_user_by_email(email, {"redirect_to": f"{SITE}/welcome"}))).user
    assert again.id == first.id and again.invited_at >= first.invited_at
    assert again.confirmation_sent_at and not again.email_confirmed_at
    mail, client = mail_to(email), flavour.client(CONFIRMING)
    assert former.follow()["error_code"] == "otp_expired"
    target = mail.target()
    assert target.startswith(f"{SITE}/welcome#access_token=")
    await done(client.initialize(url=target))
    await done(client.update_user({"password": PASSWORD}))
    await flavour.another(email, CONFIRMING)
    message = "^A user with this email address has already been registered$"
    async with refused(422, "email_exists", message):
        await done(admin.invite_user_by_email(email))


async def test_invitations_are_refused(flavour):
    async with refused(*INVALID_EMAIL):
        await done(flavour.admin(CONFIRMING).invite_user_by_email("invalid"))
    client, _ = await flavour.member(CONFIRMING)
    async with refused(403, "not_admin", "^User not allowed$"):
        jwt = (await done(client.get_session())).access_token
        await done(flavour.admin(CONFIRMING, jwt).invite_user_by_email(new_email()))
