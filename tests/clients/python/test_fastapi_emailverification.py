"""An application that lets nobody in whose address is not verified."""

from application import Client, has_code, has_status
from helpers import PASSWORD, email_delivery, init, mails, new_email, recipe_id, sql
from supertokens_python.asyncio import get_user
from supertokens_python.recipe import emailverification
from supertokens_python.recipe.emailverification.asyncio import unverify_email

init(emailverification.init(mode="REQUIRED", email_delivery=email_delivery))

VERIFY = "/auth/user/email/verify"


async def sign_up(url, mode="cookie"):
    client, email = Client(url, mode), new_email()
    answer = has_status(await client.form("/signup", {"email": email, "password": PASSWORD}), "OK")
    return client, email, answer["user"]["id"]


async def mailed_token(client, email):
    has_status(await client.post(f"{VERIFY}/token"), "OK")
    mail = [mail for mail in mails if mail.user.email == email][-1]
    return mail.email_verify_link.split("token=")[1].split("&")[0]


def verify(client, token):
    return client.post(VERIFY, {"method": "token", "token": token})


async def test_the_mail_opens_the_door(url):
    client, email, user_id = await sign_up(url)
    refused = has_code(await client.get("/me"), 403)
    assert refused["claimValidationErrors"][0]["id"] == "st-ev"
    assert has_status(await client.get(VERIFY), "OK")["isVerified"] is False
    has_status(await verify(client, await mailed_token(client, email)), "OK")
    assert has_status(await client.get(VERIFY), "OK")["isVerified"] is True
    assert has_code(await client.get("/me"), 200)["payload"]["st-ev"]["v"] is True
    assert (await get_user(user_id)).login_methods[0].verified is True
    assert sql("SELECT email FROM auth.verified_emails WHERE user_id = %s", user_id) == [{"email": email}]


async def test_the_link_works_where_nobody_is_signed_in(url):
    client, email, _ = await sign_up(url, "header")
    token = await mailed_token(client, email)
    has_status(await verify(Client(url), token), "OK")
    assert has_status(await client.get(VERIFY), "OK")["isVerified"] is True
    has_code(await client.get("/me"), 200)


async def test_a_token_is_good_once(url):
    client, email, _ = await sign_up(url)
    token = await mailed_token(client, email)
    has_status(await verify(client, token), "OK")
    for wrong in [token, "no token"]:
        has_status(await verify(client, wrong), "EMAIL_VERIFICATION_INVALID_TOKEN_ERROR")
    has_status(await client.post(f"{VERIFY}/token"), "EMAIL_ALREADY_VERIFIED_ERROR")


async def test_an_address_that_becomes_unverified_shows_in_the_next_session(url):
    client, email, user_id = await sign_up(url)
    has_status(await verify(client, await mailed_token(client, email)), "OK")
    await unverify_email(recipe_id(user_id))
    has_status(await client.form("/signin", {"email": email, "password": PASSWORD}), "OK")
    has_code(await client.get("/me"), 403)


async def test_a_password_reset_by_mail_verifies_the_address(url):
    client, email, user_id = await sign_up(url)
    has_status(await client.form("/user/password/reset/token", {"email": email}), "OK")
    [mail] = [mail for mail in mails if getattr(mail, "password_reset_link", None) and mail.user.email == email]
    token = mail.password_reset_link.split("token=")[1].split("&")[0]
    answer = await client.form("/user/password/reset", {"password": "battery staple 2"}, method="token", token=token)
    has_status(answer, "OK")
    has_status(await client.form("/signin", {"email": email, "password": "battery staple 2"}), "OK")
    assert (await get_user(user_id)).login_methods[0].verified is True


async def test_a_token_needs_a_session(url):
    has_code(await Client(url).post(f"{VERIFY}/token"), 401)
    has_code(await Client(url).get(VERIFY), 401)
