"""Every function of the WebAuthn recipe that needs no request, with an authenticator in software."""

import pytest
from authenticator import Authenticator, authentication, decode, encode, registration
from helpers import PUBLIC, UNKNOWN, email_delivery, init, mails, new_email, new_id, recipe_id, sign_up
from supertokens_python.asyncio import get_user, list_users_by_account_info
from supertokens_python.recipe import webauthn
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant
from supertokens_python.recipe.webauthn.functions import update_user_email
from supertokens_python.recipe.webauthn.types.base import WebauthnInfoInput
from supertokens_python.recipe.webauthn.types.config import WebauthnConfig
from supertokens_python.types.base import AccountInfoInput

init(webauthn.init(WebauthnConfig(email_delivery=email_delivery)))

ORIGIN, RP_ID = "https://login.example.org", "example.org"
PARTY = {"relying_party_id": RP_ID, "relying_party_name": "Example", "origin": ORIGIN}


async def register_options(email=None, tenant_id=PUBLIC, **more):
    settings = {**PARTY, "timeout": 60_000, **more}
    answer = await webauthn.register_options(email=email or new_email(), tenant_id=tenant_id, **settings)
    assert answer.status == "OK"
    return answer


async def sign_in_options(tenant_id=PUBLIC, **more):
    answer = await webauthn.sign_in_options(tenant_id=tenant_id, **{**PARTY, "timeout": 60_000, **more})
    assert answer.status == "OK"
    return answer


def proof(options, credential):
    return {"webauthn_generated_options_id": options.webauthn_generated_options_id, "credential": credential}


async def new_user(key=None, email=None, tenant_id=PUBLIC):
    """A user and the key that lets it in."""
    key = key or Authenticator()
    options = await register_options(email, tenant_id)
    credential = registration(key.register(options.to_json(), ORIGIN))
    answer = await webauthn.sign_up(tenant_id=tenant_id, **proof(options, credential))
    assert answer.status == "OK"
    return answer.user, key


async def sign_in(key, tenant_id=PUBLIC, spoil=lambda body: body, **more):
    options = await sign_in_options(tenant_id, **more)
    credential = authentication(spoil(key.sign(options.to_json(), ORIGIN, RP_ID)))
    return await webauthn.sign_in(tenant_id=tenant_id, **proof(options, credential))


async def test_the_options_of_a_registration():
    email = new_email()
    options = await register_options(email.upper(), display_name="Someone")
    assert (options.rp.id, options.rp.name) == (RP_ID, "Example")
    assert (options.user.name, options.user.display_name) == (email, "Someone")
    assert decode(options.user.id).decode() == options.webauthn_generated_options_id, "nobody has the address yet"
    assert (options.timeout, options.expires_at - options.created_at) == (60_000, 60_000)
    assert [one.alg for one in options.pub_key_cred_params] == [-8, -7, -257]
    assert (options.attestation, options.exclude_credentials) == ("none", [])
    selection = options.authenticator_selection
    assert selection.to_json() == {
        "requireResidentKey": True,
        "residentKey": "required",
        "userVerification": "preferred",
    }
    assert len(decode(options.challenge)) == 32
    assert (await register_options(email)).challenge != options.challenge


async def test_options_are_kept_until_they_are_removed():
    email = new_email()
    for options, expected_email in [(await register_options(email), email), (await sign_in_options(), None)]:
        options_id = options.webauthn_generated_options_id
        kept = await webauthn.get_generated_options(webauthn_generated_options_id=options_id)
        assert kept.status == "OK"
        assert (kept.relying_party_id, kept.relying_party_name, kept.origin) == (RP_ID, "Example", ORIGIN)
        assert (kept.challenge, kept.email, kept.timeout) == (options.challenge, expected_email, 60_000)
        assert (kept.created_at, kept.expires_at) == (options.created_at, options.expires_at)
        for status in ["OK", "OPTIONS_NOT_FOUND_ERROR"]:
            answer = await webauthn.remove_generated_options(webauthn_generated_options_id=options_id)
            assert answer.status == status
        gone = await webauthn.get_generated_options(webauthn_generated_options_id=options_id)
        assert gone.status == "OPTIONS_NOT_FOUND_ERROR"


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "no url"},
        {"origin": "https://example.net"},
        {"origin": "https://notexample.org.example.net"},
        {"timeout": -1},
    ],
)
async def test_options_that_make_no_sense_are_refused(wrong):
    settings = {**PARTY, **wrong}
    for answer in [
        await webauthn.register_options(email=new_email(), **settings),
        await webauthn.sign_in_options(**settings),
    ]:
        assert answer.status == "INVALID_OPTIONS_ERROR", wrong


async def test_an_address_that_is_none_gets_no_options():
    answer = await webauthn.register_options(email="no address", **PARTY)
    assert answer.status == "INVALID_EMAIL_ERROR"


async def test_a_key_signs_up_and_in():
    email = new_email()
    user, key = await new_user(email=email)
    assert (user.emails, user.webauthn.credential_ids) == ([email], [key.credential_id])
    [method] = user.login_methods
    assert (method.recipe_id, method.email, method.verified) == ("webauthn", email, False)
    assert method.webauthn.credential_ids == [key.credential_id]
    for _ in range(2):
        answer = await sign_in(key)
        assert answer.status == "OK"
        assert (answer.user.id, answer.recipe_user_id) == (user.id, method.recipe_user_id)
    account = AccountInfoInput(webauthn=WebauthnInfoInput(credential_id=key.credential_id))
    assert [one.id for one in await list_users_by_account_info(PUBLIC, account)] == [user.id]
    assert await get_user(user.id) == user


async def test_credentials_are_verified_without_signing_in():
    user, key = await new_user()
    options = await sign_in_options()
    credential = authentication(key.sign(options.to_json(), ORIGIN, RP_ID))
    assert (await webauthn.verify_credentials(**proof(options, credential))).status == "OK"
    again = await webauthn.sign_in(**proof(options, credential))
    assert (again.status, again.user.id) == ("OK", user.id), "the SDK's own API does both with the same credential"
    other = authentication(key.sign((await sign_in_options()).to_json(), ORIGIN, RP_ID))
    assert (await webauthn.verify_credentials(**proof(options, other))).status == "INVALID_AUTHENTICATOR_ERROR"


async def test_an_address_signs_up_once_with_keys():
    email = new_email()
    await sign_up(email=email)
    user, _ = await new_user(email=email)
    assert [method.recipe_id for method in user.login_methods] == ["webauthn"], "another recipe does not count"
    options = await register_options(email)
    assert decode(options.user.id).decode() != options.webauthn_generated_options_id, "somebody has the address"
    credential = registration(Authenticator().register(options.to_json(), ORIGIN))
    assert (await webauthn.sign_up(**proof(options, credential))).status == "EMAIL_ALREADY_EXISTS_ERROR"


async def test_a_registration_must_fit_its_options():
    options, other = await register_options(), await register_options()
    unknown = await webauthn.sign_up(
        webauthn_generated_options_id=UNKNOWN,
        credential=registration(Authenticator().register(options.to_json(), ORIGIN)),
    )
    assert unknown.status == "OPTIONS_NOT_FOUND_ERROR"
    elsewhere = {**options.to_json(), "rp": {"id": "example.net", "name": "Example"}}
    for body in [
        Authenticator().register(other.to_json(), ORIGIN),
        Authenticator().register(options.to_json(), "https://example.org.evil.net"),
        Authenticator().register(elsewhere, ORIGIN),
    ]:
        answer = await webauthn.sign_up(**proof(options, registration(body)))
        assert answer.status == "INVALID_AUTHENTICATOR_ERROR"
    broken = Authenticator().register(options.to_json(), ORIGIN)
    broken["response"]["attestationObject"] = encode(b"no CBOR")
    assert (await webauthn.sign_up(**proof(options, registration(broken)))).status == "INVALID_CREDENTIALS_ERROR"
    assert await list_users_by_account_info(PUBLIC, AccountInfoInput(email=options.user.name)) == []


async def test_options_expire():
    options = await register_options(timeout=0)
    credential = registration(Authenticator().register(options.to_json(), ORIGIN))
    assert (await webauthn.sign_up(**proof(options, credential))).status == "INVALID_OPTIONS_ERROR"


async def test_a_signature_must_be_the_keys_own():
    _, key = await new_user()
    _, other = await new_user()

    def with_signature_of_another(body):
        flipped = bytearray(decode(body["response"]["signature"]))
        flipped[-1] ^= 1
        body["response"]["signature"] = encode(bytes(flipped))
        return body

    def as_another(body):
        return {**body, "id": other.credential_id, "rawId": other.credential_id}

    for spoil in [with_signature_of_another, as_another]:
        assert (await sign_in(key, spoil=spoil)).status == "INVALID_AUTHENTICATOR_ERROR"
    options, elsewhere = await sign_in_options(), await sign_in_options()
    credential = authentication(key.sign(elsewhere.to_json(), ORIGIN, RP_ID))
    assert (await webauthn.sign_in(**proof(options, credential))).status == "INVALID_AUTHENTICATOR_ERROR"
    assert (await sign_in(key)).status == "OK"


async def test_user_verification_is_demanded_where_it_is_required():
    _, key = await new_user()
    refused = await sign_in(key, user_verification="required")
    assert refused.status == "INVALID_AUTHENTICATOR_ERROR", "this key does not ask who is there"


async def test_a_key_that_counts_backwards_is_a_copy():
    _, key = await new_user(Authenticator(counts=True))
    for _ in range(3):
        assert (await sign_in(key)).status == "OK"
    key.device.sign_count = 0
    assert (await sign_in(key)).status == "INVALID_AUTHENTICATOR_ERROR"


async def test_an_unknown_key_is_not_found():
    stranger, options = Authenticator(), await register_options()
    stranger.register(options.to_json(), ORIGIN)
    assert (await sign_in(stranger)).status == "CREDENTIAL_NOT_FOUND_ERROR"


async def test_a_user_has_several_keys():
    user, key = await new_user()
    second, options = Authenticator(), await register_options(user.emails[0])
    credential = registration(second.register(options.to_json(), ORIGIN))
    added = await webauthn.register_credential(recipe_user_id=user.id, **proof(options, credential))
    assert added.status == "OK"
    listed = await webauthn.list_credentials(recipe_user_id=user.id)
    assert {one.webauthn_credential_id for one in listed.credentials} == {key.credential_id, second.credential_id}
    assert {(one.recipe_user_id, one.relying_party_id) for one in listed.credentials} == {(user.id, RP_ID)}
    assert (await sign_in(second)).user.id == user.id
    one = {"webauthn_credential_id": key.credential_id, "recipe_user_id": user.id}
    got = await webauthn.get_credential(**one)
    assert (got.status, got.webauthn_credential_id, got.relying_party_id) == ("OK", key.credential_id, RP_ID)
    for status in ["OK", "CREDENTIAL_NOT_FOUND_ERROR"]:
        assert (await webauthn.remove_credential(**one)).status == status
    assert (await webauthn.get_credential(**one)).status == "CREDENTIAL_NOT_FOUND_ERROR"
    assert (await sign_in(key)).status == "CREDENTIAL_NOT_FOUND_ERROR"
    assert (await get_user(user.id)).webauthn.credential_ids == [second.credential_id]
    assert (await webauthn.list_credentials(recipe_user_id=UNKNOWN)).credentials == []


async def test_a_lost_key_is_replaced_by_a_token():
    user, lost = await new_user()
    [email] = user.emails
    made = await webauthn.generate_recover_account_token(user_id=user.id, email=email)
    assert made.status == "OK"
    for _ in range(2):
        found = await webauthn.get_user_from_recover_account_token(token=made.token)
        assert (found.status, found.user.id, found.recipe_user_id.get_as_string()) == ("OK", user.id, user.id)
    options = await webauthn.register_options(recover_account_token=made.token, **PARTY)
    assert (options.status, options.user.name) == ("OK", email)
    key = Authenticator()
    credential = registration(key.register(options.to_json(), ORIGIN))
    recovered = await webauthn.recover_account(token=made.token, **proof(options, credential))
    assert recovered.status == "OK"
    assert (await sign_in(key)).user.id == user.id
    assert (await sign_in(lost)).status == "OK", "until it is removed"
    for answer in [
        await webauthn.consume_recover_account_token(token=made.token),
        await webauthn.get_user_from_recover_account_token(token=made.token),
        await webauthn.register_options(recover_account_token=made.token, **PARTY),
    ]:
        assert answer.status == "RECOVER_ACCOUNT_TOKEN_INVALID_ERROR"


async def test_consuming_a_token_ends_all_of_the_address():
    user, _ = await new_user()
    tokens = [
        (await webauthn.generate_recover_account_token(user_id=user.id, email=user.emails[0])).token for _ in range(2)
    ]
    consumed = await webauthn.consume_recover_account_token(token=tokens[0])
    assert (consumed.status, consumed.user_id, consumed.email) == ("OK", user.id, user.emails[0])
    again = await webauthn.consume_recover_account_token(token=tokens[1])
    assert again.status == "RECOVER_ACCOUNT_TOKEN_INVALID_ERROR"
    unknown = await webauthn.generate_recover_account_token(user_id=UNKNOWN, email=new_email())
    assert unknown.status == "UNKNOWN_USER_ID_ERROR"


async def test_the_mail_of_a_recovery_has_a_link():
    user, _ = await new_user()
    sent = await webauthn.send_recover_account_email(user_id=user.id, email=user.emails[0])
    assert sent.status == "OK"
    [mail] = [mail for mail in mails if mail.user.email == user.emails[0]]
    token = mail.recover_account_link.split("token=")[1].split("&")[0]
    assert (await webauthn.consume_recover_account_token(token=token)).status == "OK"


async def test_an_address_is_changed():
    user, key = await new_user()
    other, _ = await new_user()
    email = new_email()
    assert (await update_user_email(recipe_user_id=user.id, email=email)).status == "OK"
    assert (await get_user(user.id)).emails == [email]
    assert (await sign_in(key)).user.emails == [email]
    taken = await update_user_email(recipe_user_id=user.id, email=other.emails[0])
    assert taken.status == "EMAIL_ALREADY_EXISTS_ERROR"
    for unknown in [UNKNOWN, (await sign_up()).id]:
        answer = await update_user_email(recipe_user_id=unknown, email=new_email())
        assert answer.status == "UNKNOWN_USER_ID_ERROR"


async def test_options_are_good_in_their_tenant_alone():
    tenant_id = new_id("tenant")
    await create_or_update_tenant(tenant_id, None)
    options, key = await register_options(tenant_id=tenant_id), Authenticator()
    credential = registration(key.register(options.to_json(), ORIGIN))
    assert (await webauthn.sign_up(**proof(options, credential))).status == "OPTIONS_NOT_FOUND_ERROR"
    answer = await webauthn.sign_up(tenant_id=tenant_id, **proof(options, credential))
    assert (answer.status, answer.user.tenant_ids) == ("OK", [tenant_id])
    assert (await sign_in(key, tenant_id)).status == "OK"
    assert recipe_id(answer.user) == answer.recipe_user_id
