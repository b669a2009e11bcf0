"""Sign-in through a provider in a FastAPI application: a real authorization code flow against a provider of our own,
which each tenant has in the core."""

import httpx
import pytest
import pytest_asyncio
from application import Client, has_code, has_status
from helpers import PUBLIC, WEBSITE_DOMAIN, create_app, init, new_email, new_id
from oauth2_provider import CLIENT_ID, CLIENT_SECRET, Provider
from supertokens_python.asyncio import get_user, list_users_by_account_info
from supertokens_python.recipe import thirdparty
from supertokens_python.recipe.multitenancy.asyncio import (
    create_or_update_tenant,
    create_or_update_third_party_config,
)
from supertokens_python.recipe.multitenancy.interfaces import TenantConfigCreateOrUpdate
from supertokens_python.recipe.thirdparty import ProviderClientConfig, ProviderConfig
from supertokens_python.recipe.thirdparty.provider import UserFields, UserInfoMap
from supertokens_python.recipe.thirdparty.types import ThirdPartyInfo
from supertokens_python.types.base import AccountInfoInput

init(thirdparty.init(), connection_uri=create_app(new_id("oauth")))

CLAIMS = UserFields(user_id="sub", email="email", email_verified="email_verified")


def oauth2(provider, third_party_id, secret=CLIENT_SECRET, force_pkce=False, **more):
    return ProviderConfig(
        third_party_id=third_party_id,
        clients=[ProviderClientConfig(CLIENT_ID, secret, force_pkce=force_pkce)],
        authorization_endpoint=f"{provider.url}/authorize",
        token_endpoint=f"{provider.url}/token",
        user_info_endpoint=f"{provider.url}/userinfo",
        user_info_map=UserInfoMap(from_user_info_api=CLAIMS),
        **more,
    )


def openid(provider):
    return ProviderConfig(
        third_party_id="openid",
        clients=[ProviderClientConfig(CLIENT_ID, CLIENT_SECRET, force_pkce=True)],
        oidc_discovery_endpoint=f"{provider.url}/.well-known/openid-configuration",
        user_info_map=UserInfoMap(from_id_token_payload=CLAIMS),
    )


@pytest_asyncio.fixture(scope="session")
async def provider():
    running = Provider()
    stop = await running.start()
    for config in [
        oauth2(running, "plain"),
        oauth2(running, "pkce", force_pkce=True),
        oauth2(running, "without-email", require_email=False),
        oauth2(running, "distrusted", secret="not the secret"),
        openid(running),
    ]:
        await create_or_update_third_party_config(PUBLIC, config)
    yield running
    await stop()


def new_visitor(**more):
    return {"sub": new_id("visitor"), "email": new_email(), "email_verified": True, **more}


async def authorise(client, provider, third_party_id, visitor, tenant_id=PUBLIC):
    """Goes to the provider as `visitor` and comes back: what the front end sends to sign in."""
    provider.visitor = visitor
    back = f"{WEBSITE_DOMAIN}/auth/callback/{third_party_id}"
    query = {"thirdPartyId": third_party_id, "redirectURIOnProviderDashboard": back}
    begun = await client.http.get(f"/auth/{tenant_id}/authorisationurl", params=query)
    begun = has_status(begun, "OK")
    async with httpx.AsyncClient(trust_env=False) as browser:
        redirect = await browser.get(begun["urlWithQueryParams"])
    assert redirect.status_code == 302, redirect.text
    location = httpx.URL(redirect.headers["location"])
    assert str(location.copy_with(query=None)).rstrip("?") == back
    info = {"redirectURIOnProviderDashboard": back, "redirectURIQueryParams": dict(location.params)}
    if begun.get("pkceCodeVerifier"):
        info["pkceCodeVerifier"] = begun["pkceCodeVerifier"]
    return {"thirdPartyId": third_party_id, "redirectURIInfo": info}


async def sign_in(url, provider, visitor, third_party_id="plain"):
    client = Client(url)
    return client, await client.post("/auth/signinup", await authorise(client, provider, third_party_id, visitor))


async def users_of(third_party_id, visitor):
    account = AccountInfoInput(third_party=ThirdPartyInfo(visitor["sub"], third_party_id))
    return await list_users_by_account_info(PUBLIC, account)


@pytest.mark.parametrize("third_party_id", ["plain", "pkce", "openid"])
async def test_sign_up_session_sign_out_sign_in(url, provider, third_party_id):
    visitor = new_visitor()
    client, response = await sign_in(url, provider, visitor, third_party_id)
    answer = has_status(response, "OK")
    assert answer["createdNewRecipeUser"] is True
    user = answer["user"]
    assert user["emails"] == [visitor["email"]]
    assert user["thirdParty"] == [{"id": third_party_id, "userId": visitor["sub"]}]
    assert user["loginMethods"][0]["verified"] is True, "as the provider says"
    me = has_code(await client.get("/me/checked"), 200)
    assert (me["userId"], me["payload"]["tId"]) == (user["id"], PUBLIC)
    has_code(await client.post("/auth/session/refresh"), 200)
    has_code(await client.get("/me"), 200)
    has_status(await client.post("/auth/signout"), "OK")
    has_code(await client.get("/me"), 401)
    _, response = await sign_in(url, provider, visitor, third_party_id)
    again = has_status(response, "OK")
    assert (again["createdNewRecipeUser"], again["user"]["id"]) == (False, user["id"])


async def test_the_tokens_of_a_flow_in_the_front_end_sign_in_too(url, provider):
    client, visitor = Client(url), new_visitor()
    info = (await authorise(client, provider, "plain", visitor))["redirectURIInfo"]
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uri": info["redirectURIOnProviderDashboard"],
        "code": info["redirectURIQueryParams"]["code"],
    }
    async with httpx.AsyncClient(trust_env=False) as front_end:
        tokens = has_code(await front_end.post(f"{provider.url}/token", data=form), 200)
    answer = has_status(await client.post("/auth/signinup", {"thirdPartyId": "plain", "oAuthTokens": tokens}), "OK")
    assert answer["user"]["thirdParty"] == [{"id": "plain", "userId": visitor["sub"]}]


async def test_a_new_address_at_the_provider_is_the_users_new_address(url, provider):
    visitor, email = new_visitor(), new_email()
    user = has_status((await sign_in(url, provider, visitor))[1], "OK")["user"]
    changed = {**visitor, "email": email, "email_verified": False}
    assert has_status((await sign_in(url, provider, changed))[1], "OK")["user"]["id"] == user["id"]
    found = await get_user(user["id"])
    assert (found.emails, found.login_methods[0].verified) == ([email], False)


async def test_a_provider_that_names_no_address(url, provider):
    visitor = new_visitor()
    del visitor["email"], visitor["email_verified"]
    client, response = await sign_in(url, provider, visitor)
    has_status(response, "NO_EMAIL_GIVEN_BY_PROVIDER")
    has_code(await client.get("/me"), 401)
    assert await users_of("plain", visitor) == []
    _, response = await sign_in(url, provider, visitor, "without-email")
    [email] = has_status(response, "OK")["user"]["emails"]
    assert email.endswith("@stfakeemail.supertokens.com")


def unknown_code(info):
    info["redirectURIQueryParams"]["code"] = new_id("code")


def other_redirect(info):
    info["redirectURIOnProviderDashboard"] += "/else"


def no_verifier(info):
    info["pkceCodeVerifier"] = "another"


@pytest.mark.parametrize(
    ("third_party_id", "spoil", "refusal"),
    [
        ("plain", unknown_code, "invalid_grant"),
        ("plain", other_redirect, "invalid_grant"),
        ("pkce", no_verifier, "invalid_grant"),
        ("distrusted", lambda info: None, "invalid_client"),
    ],
)
async def test_a_flow_that_the_provider_refuses_signs_nobody_in(url, provider, third_party_id, spoil, refusal):
    client, visitor = Client(url), new_visitor()
    body = await authorise(client, provider, third_party_id, visitor)
    spoil(body["redirectURIInfo"])
    provider.refusals.clear()
    has_code(await client.post("/auth/signinup", body), 500)
    assert provider.refusals == [refusal]
    has_code(await client.get("/me"), 401)
    assert await users_of(third_party_id, visitor) == []


async def test_a_code_of_the_provider_is_good_once(url, provider):
    client, thief = Client(url), Client(url)
    body = await authorise(client, provider, "plain", new_visitor())
    has_status(await client.post("/auth/signinup", body), "OK")
    has_code(await thief.post("/auth/signinup", body), 500)
    has_code(await thief.get("/me"), 401)


async def test_an_unknown_provider_is_a_bad_request(url, provider):
    client, back = Client(url), f"{WEBSITE_DOMAIN}/auth/callback/absent"
    has_code(await client.get(f"/auth/authorisationurl?thirdPartyId=absent&redirectURIOnProviderDashboard={back}"), 400)
    info = {"redirectURIOnProviderDashboard": back, "redirectURIQueryParams": {"code": "any"}}
    has_code(await client.post("/auth/signinup", {"thirdPartyId": "absent", "redirectURIInfo": info}), 400)
    has_code(await client.post("/auth/signinup", {"thirdPartyId": "plain"}), 400)


@pytest.mark.parametrize(("first_factor", "code"), [("thirdparty", 200), ("emailpassword", 401)])
async def test_a_tenant_decides_who_may_come_this_way(url, provider, first_factor, code):
    tenant_id = new_id("tenant")
    await create_or_update_tenant(tenant_id, TenantConfigCreateOrUpdate(first_factors=[first_factor]))
    await create_or_update_third_party_config(tenant_id, oauth2(provider, "own"))
    client = Client(url)
    body = await authorise(client, provider, "own", new_visitor(), tenant_id)
    has_code(await client.post(f"/auth/{tenant_id}/signinup", body), code)
    me = has_code(await client.get("/me"), code)
    if code == 200:
        assert me["payload"]["tId"] == tenant_id
