"""Sign-up to sign-out through the SDK's own APIs in a FastAPI application, with tokens in cookies and in headers."""

import jwt
import pytest
from application import Client, front_token, has_code, has_status
from helpers import API_DOMAIN, PASSWORD, init, mails, new_email, new_id, sql
from supertokens_python.recipe.session.asyncio import get_jwks, get_session_information

init()

NEW_PASSWORD = "battery staple 2"


@pytest.fixture(params=["cookie", "header"])
def mode(request):
    return request.param


@pytest.fixture(name="client")
def new_client(url, mode):
    return Client(url, mode)


async def sign_up(client, email=None):
    answer = has_status(await client.form("/signup", {"email": email or new_email(), "password": PASSWORD}), "OK")
    return answer["user"]


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


async def test_sign_up_signs_in(client, mode):
    email = new_email()
    response = await client.form("/signup", {"email": email, "password": PASSWORD})
    user = has_status(response, "OK")["user"]
    assert user["emails"] == [email]
    assert front_token(response)["uid"] == user["id"]
    assert has_code(await client.get("/me"), 200)["userId"] == user["id"]
    if mode == "cookie":
        cookies = {cookie.name: cookie for cookie in client.http.cookies.jar}
        assert {name: cookie.path for name, cookie in cookies.items()} == {
            "sAccessToken": "/",
            "sRefreshToken": "/auth/session/refresh",
        }
        assert all(cookie.has_nonstandard_attr("HttpOnly") for cookie in cookies.values())
        assert client.tokens == {}, "no tokens for scripts"
    else:
        assert not client.http.cookies, "no cookies"
    assert sql("SELECT email FROM auth.users WHERE id = %s", user["id"]) == [{"email": email}]
    assert sql("SELECT subject FROM auth.sessions WHERE user_id = %s", user["id"]) == [{"subject": user["id"]}]


async def test_sign_in_needs_the_right_password(url, client, mode):
    email = new_email()
    user = await sign_up(Client(url, mode), email)
    for fields in [{"email": email, "password": "wrong"}, {"email": new_email(), "password": PASSWORD}]:
        has_status(await client.form("/signin", fields), "WRONG_CREDENTIALS_ERROR")
    has_code(await client.get("/me"), 401)
    answer = has_status(await client.form("/signin", {"email": email.upper(), "password": PASSWORD}), "OK")
    assert answer["user"]["id"] == user["id"]
    assert has_code(await client.get("/me"), 200)["userId"] == user["id"]


async def test_refresh_gives_new_tokens_and_the_session_stays(client):
    user = await sign_up(client)
    access, refresh, before = client.access, client.refresh, has_code(await client.get("/me"), 200)
    has_code(await client.post("/auth/session/refresh"), 200)
    assert (client.refresh != refresh, client.access != access) == (True, True)
    assert claims(client.access)["parentRefreshTokenHash1"], "a token that must be confirmed"
    after = has_code(await client.get("/me"), 200)
    assert (after["userId"], after["handle"]) == (user["id"], before["handle"])
    assert claims(client.access)["parentRefreshTokenHash1"] is None, "confirmed by its first use"
    settled = client.access
    has_code(await client.get("/me"), 200)
    assert client.access == settled


async def test_a_stolen_refresh_token_ends_the_session(client):
    await sign_up(client)
    thief = client.clone()
    handle = has_code(await client.get("/me"), 200)["handle"]
    has_code(await client.post("/auth/session/refresh"), 200)
    has_code(await client.get("/me"), 200)
    theft = await thief.post("/auth/session/refresh")
    assert has_code(theft, 401) == {"message": "token theft detected"}
    has_code(await client.get("/me/checked"), 401)
    has_code(await client.post("/auth/session/refresh"), 401)
    assert await get_session_information(handle) is None


async def test_sign_out_ends_the_session_and_takes_the_tokens(client):
    await sign_up(client)
    keeper = client.clone()
    response = await client.post("/auth/signout")
    has_status(response, "OK")
    assert response.headers["front-token"] == "remove"
    assert (client.access or "", client.refresh or "") == ("", "")
    has_code(await client.get("/me"), 401)
    has_code(await keeper.get("/me"), 200)
    has_code(await keeper.get("/me/checked"), 401)
    has_code(await keeper.post("/auth/session/refresh"), 401)


async def test_a_changed_payload_comes_back_in_the_tokens(client):
    await sign_up(client)
    has_code(await client.call("PUT", "/me/payload", {"plan": "pro"}), 200)
    assert claims(client.access)["plan"] == "pro"
    assert has_code(await client.get("/me/checked"), 200)["payload"]["plan"] == "pro"
    has_code(await client.post("/auth/session/refresh"), 200)
    assert has_code(await client.get("/me"), 200)["payload"]["plan"] == "pro"


async def test_sessions_by_hand(client, mode):
    user_id = new_id("guest")
    assert has_code(await client.get("/visitor"), 200) == {"known": False}
    entered = has_code(await client.post(f"/enter/{user_id}"), 200)
    assert entered["payload"]["made"] == "by hand"
    assert has_code(await client.get("/visitor"), 200) == {"known": True}
    looked = has_code(await client.get("/look"), 200)
    assert (looked["userId"], looked["handle"]) == (user_id, entered["handle"])
    if mode == "cookie":
        [cookie] = [cookie for cookie in client.http.cookies.jar if cookie.name == "sRefreshToken"]
        client.http.cookies.set("sRefreshToken", cookie.value, domain=cookie.domain, path="/auth/session/again")
    assert has_code(await client.post("/auth/session/again"), 200)["handle"] == entered["handle"]
    assert (await get_session_information(entered["handle"])).session_data_in_database == {"n": 1}


async def test_no_session_without_tokens_nor_with_false_ones(url, client, mode):
    for call in [client.get("/me"), client.get("/look"), client.post("/auth/session/refresh")]:
        has_code(await call, 401)
    has_code(await client.post("/auth/signout"), 401)
    await sign_up(client)
    head, body, _ = client.access.split(".")
    headers = {"authorization": f"Bearer {head}.{body}.AAAA"}
    has_code(await Client(url, "header").get("/me", headers=headers), 401)


async def test_a_password_is_reset_by_the_link_in_the_mail(url):
    client, email = Client(url), new_email()
    await sign_up(client, email)
    has_status(await client.form("/user/password/reset/token", {"email": email}), "OK")
    [mail] = [mail for mail in mails if mail.user.email == email]
    token = mail.password_reset_link.split("token=")[1].split("&")[0]

    async def reset(password):
        return await client.form("/user/password/reset", {"password": password}, method="token", token=token)

    has_status(await reset("weak"), "FIELD_ERROR")
    has_status(await reset(NEW_PASSWORD), "OK")
    has_status(await reset(NEW_PASSWORD), "RESET_PASSWORD_INVALID_TOKEN_ERROR")
    has_status(await client.form("/signin", {"email": email, "password": PASSWORD}), "WRONG_CREDENTIALS_ERROR")
    has_status(await client.form("/signin", {"email": email, "password": NEW_PASSWORD}), "OK")


async def test_nobody_learns_from_a_reset_whether_an_address_is_known(url):
    email = new_email()
    has_status(await Client(url).form("/user/password/reset/token", {"email": email}), "OK")
    assert [mail for mail in mails if mail.user.email == email] == []


@pytest.mark.parametrize(
    ("email", "password", "wrong"),
    [
        ("no address", PASSWORD, {"email"}),
        (None, "short1", {"password"}),
        (None, "no digits at all", {"password"}),
        ("", "", {"email", "password"}),
    ],
)
async def test_wrong_input_makes_no_user(url, email, password, wrong):
    client, email = Client(url), new_email() if email is None else email
    answer = has_status(await client.form("/signup", {"email": email, "password": password}), "FIELD_ERROR")
    assert {field["id"] for field in answer["formFields"]} == wrong
    assert not client.http.cookies
    assert sql("SELECT id FROM auth.users WHERE email = %s", email) == []


async def test_an_address_that_is_taken_can_be_asked_for(url):
    client, email = Client(url), new_email()
    path = f"/auth/emailpassword/email/exists?email={email}"
    assert has_code(await client.get(path), 200) == {"status": "OK", "exists": False}
    await sign_up(client, email)
    assert has_code(await client.get(path), 200) == {"status": "OK", "exists": True}
    answer = has_status(await client.form("/signup", {"email": email, "password": PASSWORD}), "FIELD_ERROR")
    assert "already exists" in answer["formFields"][0]["error"]


async def test_the_application_publishes_the_keys_and_the_discovery_document(url):
    client = Client(url)
    published = has_code(await client.get("/auth/jwt/jwks.json"), 200)["keys"]
    assert published == [vars(key) for key in (await get_jwks()).keys]
    document = has_code(await client.get("/auth/.well-known/openid-configuration"), 200)
    assert document["issuer"] == f"{API_DOMAIN}/auth"
