"""What is not there says so, as a GoTrue does where it is switched off."""

import uuid

import httpx
import pytest
from supabase_auth.types import CreateOAuthClientParams, PageParams, UpdateOAuthClientParams

from conftest import done
from helpers import AUTO, SITE, Instance, refused

NO_SAML = (404, "saml_provider_disabled", "^SAML 2.0 is disabled$")
NO_PROVIDER = (400, "validation_failed", "^Unsupported provider")
NO_OAUTH_SERVER = (404, "feature_disabled", "^OAuth server is disabled$")


async def test_sign_in_with_sso(flavour):
    for flow in ("implicit", "pkce"):
        client = flavour.client(AUTO, flow_type=flow)
        for who in ({"domain": "example.com"}, {"provider_id": str(uuid.uuid4())}):
            async with refused(*NO_SAML):
                await done(client.sign_in_with_sso(who))


@pytest.mark.parametrize(
    "provider, issuer",
    [
        ("google", "https://accounts.google.com"),
        ("apple", "https://appleid.apple.com"),
        ("azure", "https://login.microsoftonline.com"),
        ("facebook", "https://www.facebook.com"),
        ("kakao", "https://kauth.kakao.com"),
    ],
)
async def test_sign_in_with_id_token_where_its_provider_is_off(flavour, provider, issuer):
    given = {"provider": provider, "token": "bad.id.token", "nonce": "nonce"}
    async with refused(400, "provider_disabled", rf'^Provider \(issuer "{issuer}.*"\) is not enabled$'):
        await done(flavour.client(AUTO).sign_in_with_id_token(given))


async def test_sign_in_with_oauth(flavour):
    # The client makes the URL by itself; it is a browser that is told.
    options = {"redirect_to": f"{SITE}/in", "scopes": "repo"}
    answer = await done(flavour.client(AUTO).sign_in_with_oauth({"provider": "github", "options": options}))
    assert answer.url.startswith(f"{AUTO.url}/authorize?") and "provider=github" in answer.url
    response = httpx.get(answer.url)
    assert response.status_code == 400
    assert response.json()["error_code"] == "validation_failed"
    assert response.json()["msg"].startswith("Unsupported provider")


async def test_link_identity(flavour):
    client, _ = await flavour.member(Instance(manual_linking_enabled=True))
    async with refused(*NO_PROVIDER):
        await done(client.link_identity({"provider": "google", "options": {"redirect_to": SITE}}))


async def test_clients_of_the_oauth_server(flavour):
    admin, client_id = flavour.admin(AUTO), str(uuid.uuid4())
    create = CreateOAuthClientParams(client_name="shop", redirect_uris=[f"{SITE}/callback"])
    for call in (
        lambda: admin.oauth.list_clients(),
        lambda: admin.oauth.list_clients(PageParams(page=1, per_page=5)),
        lambda: admin.oauth.create_client(create),
        lambda: admin.oauth.get_client(client_id),
        lambda: admin.oauth.update_client(client_id, UpdateOAuthClientParams(client_name="other")),
        lambda: admin.oauth.delete_client(client_id),
        lambda: admin.oauth.regenerate_client_secret(client_id),
    ):
        async with refused(*NO_OAUTH_SERVER):
            await done(call())


async def test_factors_that_are_security_keys(flavour):
    client, _ = await flavour.member()
    async with refused(422, "mfa_webauthn_enroll_not_enabled"):
        await done(client.mfa.enroll({"factor_type": "webauthn", "friendly_name": "key"}))
