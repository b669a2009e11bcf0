"""Passkeys through the SDK's own APIs in a FastAPI application, with an authenticator in software."""

from application import Client, has_code, has_status
from authenticator import Authenticator
from helpers import WEBSITE_DOMAIN, email_delivery, init, mails, new_email
from supertokens_python.recipe import webauthn
from supertokens_python.recipe.webauthn.types.config import WebauthnConfig

init(webauthn.init(WebauthnConfig(email_delivery=email_delivery)))

ORIGIN, RP_ID = WEBSITE_DOMAIN, "localhost"


async def options(client, kind, **body):
    return has_status(await client.post(f"/auth/webauthn/options/{kind}", body), "OK")


async def register(client, key, path="/auth/webauthn/signup", body=None, **about):
    """Asks for options, lets the key answer, and sends what it said."""
    given = await options(client, "register", **about)
    credential = key.register(given, ORIGIN)
    sent = {"webauthnGeneratedOptionsId": given["webauthnGeneratedOptionsId"], "credential": credential}
    return await client.post(path, {**sent, **(body or {})})


async def sign_in(client, key):
    given = await options(client, "signin")
    assert given["rpId"] == RP_ID
    credential = key.sign(given, ORIGIN, RP_ID)
    sent = {"webauthnGeneratedOptionsId": given["webauthnGeneratedOptionsId"], "credential": credential}
    return await client.post("/auth/webauthn/signin", sent)


async def exists(client, email):
    return has_status(await client.get(f"/auth/webauthn/email/exists?email={email}"), "OK")["exists"]


async def test_sign_up_session_sign_out_sign_in(url):
    client, key, email = Client(url), Authenticator(), new_email()
    assert await exists(client, email) is False
    user = has_status(await register(client, key, email=email), "OK")["user"]
    assert user["emails"] == [email]
    assert user["webauthn"] == {"credentialIds": [key.credential_id]}
    assert has_code(await client.get("/me/checked"), 200)["userId"] == user["id"]
    assert await exists(client, email) is True
    has_status(await client.post("/auth/signout"), "OK")
    has_code(await client.get("/me"), 401)
    assert has_status(await sign_in(client, key), "OK")["user"]["id"] == user["id"]
    assert has_code(await client.get("/me"), 200)["userId"] == user["id"]


async def test_a_key_that_counts_signs_in_too(url):
    client, key = Client(url), Authenticator(counts=True)
    has_status(await register(client, key, email=new_email()), "OK")
    # The SDK sends the same signature twice: once to verify it, once to sign in.
    for _ in range(2):
        has_status(await sign_in(client, key), "OK")


async def test_an_unknown_key_is_refused(url):
    client, stranger = Client(url), Authenticator()
    stranger.register(await options(client, "register", email=new_email()), ORIGIN)
    has_status(await sign_in(client, stranger), "INVALID_CREDENTIALS_ERROR")
    has_code(await client.get("/me"), 401)


async def test_an_address_that_is_taken(url):
    client, email = Client(url), new_email()
    has_status(await register(client, Authenticator(), email=email), "OK")
    other = Client(url)
    has_status(await register(other, Authenticator(), email=email), "EMAIL_ALREADY_EXISTS_ERROR")
    has_code(await other.get("/me"), 401)


async def test_a_user_adds_lists_and_removes_keys(url):
    client, key, email = Client(url), Authenticator(), new_email()
    second = Authenticator()
    has_status(await register(client, key, email=email), "OK")
    has_status(await register(client, second, "/auth/webauthn/credential", email=email), "OK")
    listed = has_status(await client.get("/auth/webauthn/credential/list"), "OK")["credentials"]
    assert {one["webauthnCredentialId"] for one in listed} == {key.credential_id, second.credential_id}
    body = {"webauthnCredentialId": key.credential_id}
    has_status(await client.post("/auth/webauthn/credential/remove", body), "OK")
    has_status(await sign_in(Client(url), key), "INVALID_CREDENTIALS_ERROR")
    has_status(await sign_in(Client(url), second), "OK")
    has_code(await Client(url).get("/auth/webauthn/credential/list"), 401)


async def test_the_mail_of_a_recovery_brings_a_new_key(url):
    client, email, key = Client(url), new_email(), Authenticator()
    user = has_status(await register(client, Authenticator(), email=email), "OK")["user"]
    has_status(await client.post("/auth/user/webauthn/reset/token", {"email": email}), "OK")
    [mail] = [mail for mail in mails if mail.user.email == email]
    token = mail.recover_account_link.split("token=")[1].split("&")[0]
    recovered = await register(client, key, "/auth/user/webauthn/reset", {"token": token}, recoverAccountToken=token)
    has_status(recovered, "OK")
    assert has_status(await sign_in(Client(url), key), "OK")["user"]["id"] == user["id"]
    again = await client.post("/auth/webauthn/options/register", {"recoverAccountToken": token})
    has_status(again, "RECOVER_ACCOUNT_TOKEN_INVALID_ERROR")
