"""Users who come from a provider, with an ID token of its."""

import time
import uuid

import pytest

from conftest import done
from helpers import PASSWORD, Instance, events_of, mail_to, methods_of, new_email, refused, sql
from openid_provider import Provider, new_account

PROVIDER, OTHER = Provider("RS256"), Provider("ES256")
INSTANCE = Instance(**PROVIDER.settings)
BAD_TOKEN = (400, None, "^Bad ID token$")


async def sign_in(flavour, credentials, instance=INSTANCE):
    return await done(flavour.client(instance).sign_in_with_id_token(credentials))


def providers_of(user):
    return sorted(identity.provider for identity in user.identities)


@pytest.mark.parametrize("provider", [PROVIDER, OTHER], ids=lambda provider: provider.algorithm)
async def test_sign_in_with_id_token(flavour, provider):
    instance = Instance(**provider.settings)
    account, nonce = new_account(name="Ada"), str(uuid.uuid4())
    client = flavour.client(instance)
    events = events_of(client)
    first = await done(client.sign_in_with_id_token(provider.credentials(account, nonce)))
    assert "SIGNED_IN" in events
    assert methods_of(first.session) == ["oauth"]
    assert first.user.email == account["email"] and first.user.email_confirmed_at is not None
    assert first.user.app_metadata == {"provider": "keycloak", "providers": ["keycloak"]}
    assert first.user.user_metadata["full_name"] == "Ada"
    [identity] = (await done(client.get_user_identities())).identities
    assert (identity.provider, identity.id) == ("keycloak", account["sub"])
    assert (await done(client.refresh_session())).user.id == first.user.id
    assert (await done(client.get_user())).user.id == first.user.id

    again = await sign_in(flavour, provider.credentials({**account, "name": "Ada Lovelace"}), instance)
    assert again.user.id == first.user.id
    assert again.user.user_metadata["full_name"] == "Ada Lovelace"
    assert len(again.user.identities) == 1


async def test_who_signed_up_by_mail_and_confirmed_it_is_the_same_user(flavour):
    client, email = await flavour.member(INSTANCE)
    user = (await done(client.get_user())).user
    answer = await sign_in(flavour, PROVIDER.credentials(new_account(email=email)))
    assert answer.user.id == user.id
    assert providers_of(answer.user) == ["email", "keycloak"]
    await flavour.another(email, INSTANCE)


async def test_who_never_confirmed_an_address_loses_the_password(flavour):
    client, email = flavour.client(INSTANCE), new_email()
    given = {"email": email, "password": PASSWORD, "options": {"data": {"planted": True}}}
    squatter = (await done(client.sign_up(given))).user
    answer = await sign_in(flavour, PROVIDER.credentials(new_account(email=email)))
    assert answer.user.id == squatter.id
    assert providers_of(answer.user) == ["keycloak"]
    assert "planted" not in answer.user.user_metadata
    async with refused(400, "invalid_credentials"):
        await done(client.sign_in_with_password({"email": email, "password": PASSWORD}))


async def test_an_address_that_the_provider_does_not_vouch_for(flavour):
    account = new_account(email_verified=False)
    async with refused(422, "provider_email_needs_verification", "^Unverified email with keycloak"):
        await sign_in(flavour, PROVIDER.credentials(account))
    given = {"email": account["email"], "token": mail_to(account["email"]).code, "type": "signup"}
    proven = (await done(flavour.client(INSTANCE).verify_otp(given))).user
    assert (await sign_in(flavour, PROVIDER.credentials(account))).user.id == proven.id


async def test_nonces(flavour):
    nonce = str(uuid.uuid4())
    given = PROVIDER.credentials(new_account(), nonce)
    without = {name: value for name, value in given.items() if name != "nonce"}
    both = "^Passed nonce and nonce in id_token should either both exist or not"
    for credentials, message in (
        (without, both),
        ({**PROVIDER.credentials(new_account()), "nonce": nonce}, both),
        ({**given, "nonce": str(uuid.uuid4())}, "^Nonces mismatch$"),
        (PROVIDER.credentials(new_account(nonce=nonce)) | {"nonce": nonce}, "^Nonces mismatch$"),
    ):
        async with refused(400, None, message):
            await sign_in(flavour, credentials)
    await sign_in(flavour, given)


async def test_tokens_that_are_not_good(flavour):
    account, before = new_account(), int(time.time()) - 1
    good = PROVIDER.credentials(account)
    [head, _, signature] = good["token"].split(".")
    [_, payload, _] = PROVIDER.credentials(new_account())["token"].split(".")
    for credentials in (
        {**good, "token": "bad.id.token"},
        {**good, "token": ".".join([head, payload, signature])},
        {**good, "access_token": "another"},
        PROVIDER.credentials(account, exp=before),
        PROVIDER.credentials(account, iss=OTHER.url),
        OTHER.credentials(account),
        OTHER.credentials(account, iss=PROVIDER.url),
    ):
        async with refused(*BAD_TOKEN):
            await sign_in(flavour, credentials)
    for audience in ("other-app", ["other-app", "third-app"], []):
        async with refused(400, None, "^Unacceptable audience in id_token$"):
            await sign_in(flavour, PROVIDER.credentials(account, aud=audience))
    async with refused(400, None, "^id_token required$"):
        await sign_in(flavour, {**good, "token": ""})
    await sign_in(flavour, PROVIDER.credentials(account, aud=["other-app", "app"]))


async def test_who_is_not_let_in(flavour):
    account = new_account()
    user = (await sign_in(flavour, PROVIDER.credentials(account))).user
    await done(flavour.admin(INSTANCE).update_user_by_id(user.id, {"ban_duration": "1h"}))
    async with refused(403, "user_banned"):
        await sign_in(flavour, PROVIDER.credentials(account))
    closed = Instance(**PROVIDER.settings, disable_signup=True)
    async with refused(422, "signup_disabled"):
        await sign_in(flavour, PROVIDER.credentials(new_account()), closed)
    off = Instance(**{**PROVIDER.settings, "external_keycloak_enabled": False})
    async with refused(400, "provider_disabled", rf'^Provider \(issuer "{PROVIDER.url}"\) is not enabled$'):
        await sign_in(flavour, PROVIDER.credentials(new_account()), off)
    async with refused(400, "validation_failed"):
        await sign_in(flavour, {**PROVIDER.credentials(new_account()), "provider": "nobody"})


async def test_a_provider_that_changes_its_key(flavour):
    provider = Provider("ES256")
    instance, account = Instance(**provider.settings), new_account()
    former = provider.credentials(account)
    user = (await sign_in(flavour, former, instance)).user
    provider.change_key()
    # Its keys are asked for at most once a minute: let that be over.
    age = "UPDATE auth.provider_documents SET fetched_at = now() - interval '2 minutes' WHERE url LIKE %s RETURNING 1"
    assert sql(age, f"{provider.url}/%").split() == ["1", "1"]
    assert (await sign_in(flavour, provider.credentials(account), instance)).user.id == user.id
    async with refused(*BAD_TOKEN):
        await sign_in(flavour, former, instance)
