"""The application with anti-CSRF tokens: cookies alone change nothing."""

from application import Client, has_code, has_status
from helpers import PASSWORD, init, new_email

init(sessions={"anti_csrf": "VIA_TOKEN"})

NO_TOKEN = {"headers": {"anti-csrf": ""}}


async def test_cookies_alone_are_not_enough(url):
    client = Client(url)
    has_status(await client.form("/signup", {"email": new_email(), "password": PASSWORD}), "OK")
    first = client.tokens["anti-csrf"]
    has_code(await client.post("/me"), 200)
    has_code(await client.post("/me", **NO_TOKEN), 401)
    has_code(await client.post("/me", headers={"anti-csrf": "wrong"}), 401)
    has_code(await client.get("/me", **NO_TOKEN), 200)
    has_code(await client.post("/auth/session/refresh"), 200)
    assert client.tokens["anti-csrf"] != first, "a refresh brings another one"
    has_code(await client.post("/me", headers={"anti-csrf": first}), 401)
    has_code(await client.post("/me"), 200)


async def test_a_refresh_without_the_token_is_refused(url):
    client = Client(url)
    has_status(await client.form("/signup", {"email": new_email(), "password": PASSWORD}), "OK")
    thief = client.clone()
    has_code(await thief.post("/auth/session/refresh", **NO_TOKEN), 401)
    has_code(await client.post("/auth/session/refresh"), 200)


async def test_tokens_in_headers_need_none(url):
    client = Client(url, "header")
    has_status(await client.form("/signup", {"email": new_email(), "password": PASSWORD}), "OK")
    assert "anti-csrf" not in client.tokens
    has_code(await client.post("/me"), 200)
    has_code(await client.post("/auth/session/refresh"), 200)
