"""Second factors: authenticator apps and phones."""

import uuid

import pytest

from authenticator import code_of
from conftest import done
from helpers import AUTO, OTHER_PASSWORD, Instance
from helpers import claims_of, events_of, methods_of, new_phone, refused, text_to

FACTORS = Instance(
    external_phone_enabled=True,
    sms_provider="twilio",
    mfa_phone_enroll_enabled=True,
    mfa_phone_verify_enabled=True,
)
APP = {"factor_type": "totp", "friendly_name": "app"}
NOT_FOUND = (404, "mfa_factor_not_found")


async def secured(flavour):
    """A client with a session of two factors, its user's address, and the app with its secret."""
    client, email = await flavour.member(FACTORS)
    app = await done(client.mfa.enroll(APP))
    await done(client.mfa.challenge_and_verify({"factor_id": app.id, "code": code_of(app.totp.secret)}))
    return client, email, app


async def levels_of(client):
    answer = await done(client.mfa.get_authenticator_assurance_level())
    return answer.current_level, answer.next_level, [each.method for each in answer.current_authentication_methods]


async def factors_of(client):
    """Who counts: the ids of all factors, and those of the verified ones by type."""
    factors = await done(client.mfa.list_factors())
    return tuple([factor.id for factor in each] for each in (factors.all, factors.totp, factors.phone))


async def test_an_app(flavour):
    client, email = await flavour.member(FACTORS)
    assert await levels_of(flavour.client(FACTORS)) == (None, None, [])
    assert await levels_of(client) == ("aal1", "aal1", ["password"])
    assert await factors_of(client) == ([], [], [])
    app = await done(client.mfa.enroll({**APP, "issuer": "Shop"}))
    assert (app.type, app.friendly_name, app.phone) == ("totp", "app", None)
    assert app.totp.qr_code.startswith("data:image/svg+xml;utf-8,<svg") and app.totp.qr_code.rstrip().endswith("</svg>")
    for part in ("otpauth://totp/Shop:", f"secret={app.totp.secret}", "issuer=Shop", "period=30", "digits=6"):
        assert part in app.totp.uri
    assert await factors_of(client) == ([app.id], [], [])

    challenge = await done(client.mfa.challenge({"factor_id": app.id}))
    assert challenge.factor_type == "totp"
    session, events = await done(client.get_session()), events_of(client)
    other = await flavour.another(email, FACTORS)
    given = {"factor_id": app.id, "challenge_id": challenge.id, "code": code_of(app.totp.secret)}
    answer = await done(client.mfa.verify(given))
    assert (answer.token_type, answer.user.factors[0].status) == ("bearer", "verified")
    assert answer.refresh_token != session.refresh_token
    assert claims_of(answer.access_token)["session_id"] == claims_of(session.access_token)["session_id"]
    assert events == ["MFA_CHALLENGE_VERIFIED"]
    assert await levels_of(client) == ("aal2", "aal2", ["totp", "password"])
    assert await factors_of(client) == ([app.id], [app.id], [])
    # It stays so, and a session of one factor is over.
    await done(client.refresh_session())
    assert await levels_of(client) == ("aal2", "aal2", ["totp", "password"])
    async with refused(403, "session_not_found"):
        await done(other.get_user())


async def test_a_session_that_needs_the_app(flavour):
    _, email, app = await secured(flavour)
    low = await flavour.another(email, FACTORS)
    assert await levels_of(low) == ("aal1", "aal2", ["password"])
    async with refused(403, "insufficient_aal"):
        await done(low.mfa.enroll({**APP, "friendly_name": "second"}))
    async with refused(422, "insufficient_aal"):
        await done(low.mfa.unenroll({"factor_id": app.id}))
    async with refused(401, "insufficient_aal"):
        await done(low.update_user({"password": OTHER_PASSWORD}))
    code = code_of(app.totp.secret, 1)
    await done(low.mfa.challenge_and_verify({"factor_id": app.id, "code": code}))
    assert await levels_of(low) == ("aal2", "aal2", ["totp", "password"])
    await done(low.update_user({"password": OTHER_PASSWORD}))


async def test_unenroll(flavour):
    client, _, app = await secured(flavour)
    second = await done(client.mfa.enroll({**APP, "friendly_name": "second"}))
    assert (await done(client.mfa.unenroll({"factor_id": second.id}))).id == second.id
    assert (await done(client.mfa.unenroll({"factor_id": app.id}))).id == app.id
    assert await factors_of(client) == ([], [], [])
    await done(client.refresh_session())
    assert await levels_of(client) == ("aal1", "aal1", ["password"])
    async with refused(*NOT_FOUND):
        await done(client.mfa.unenroll({"factor_id": app.id}))


async def test_enroll_is_refused(flavour):
    client, _ = await flavour.member(FACTORS)
    await done(client.mfa.enroll(APP))
    async with refused(422, "mfa_factor_name_conflict"):
        await done(client.mfa.enroll(APP))
    assert (await done(client.mfa.enroll({"factor_type": "totp"}))).friendly_name == ""
    async with refused(422, "mfa_factor_name_conflict"):
        await done(client.mfa.enroll({"factor_type": "totp"}))
    for phone in ("", "invalid"):
        async with refused(400, "validation_failed"):
            await done(client.mfa.enroll({"factor_type": "phone", "friendly_name": "phone", "phone": phone}))
    client, _ = await flavour.member(AUTO)
    async with refused(422, "mfa_phone_enroll_not_enabled"):
        await done(client.mfa.enroll({"factor_type": "phone", "friendly_name": "phone", "phone": new_phone()}))
    client, _ = await flavour.member(Instance(mfa_totp_enroll_enabled=False))
    async with refused(422, "mfa_totp_enroll_not_enabled"):
        await done(client.mfa.enroll(APP))


async def test_codes_are_refused(flavour):
    client, _ = await flavour.member(FACTORS)
    app = await done(client.mfa.enroll(APP))
    wrong = (422, "mfa_verification_failed", "^Invalid TOTP code entered$")
    async with refused(*wrong):
        await done(client.mfa.challenge_and_verify({"factor_id": app.id, "code": "000000"}))
    async with refused(400, "validation_failed"):
        await done(client.mfa.challenge_and_verify({"factor_id": app.id, "code": ""}))
    challenge = await done(client.mfa.challenge({"factor_id": app.id}))
    given = {"factor_id": app.id, "challenge_id": challenge.id}
    async with refused(*wrong):
        await done(client.mfa.verify({**given, "code": "000000"}))
    # The same challenge can be answered after that, and once.
    await done(client.mfa.verify({**given, "code": code_of(app.totp.secret)}))
    async with refused(422, "mfa_ip_address_mismatch"):
        await done(client.mfa.verify({**given, "code": code_of(app.totp.secret, 1)}))


async def test_factors_of_others(flavour):
    client, _ = await flavour.member(FACTORS)
    other, _ = await flavour.member(FACTORS)
    mine, theirs = [await done(each.mfa.enroll(APP)) for each in (client, other)]
    challenge = await done(other.mfa.challenge({"factor_id": theirs.id}))
    for call in (
        lambda: client.mfa.challenge({"factor_id": theirs.id}),
        lambda: client.mfa.unenroll({"factor_id": theirs.id}),
        lambda: client.mfa.verify({"factor_id": theirs.id, "challenge_id": challenge.id, "code": "123456"}),
        lambda: client.mfa.challenge({"factor_id": str(uuid.uuid4())}),
    ):
        async with refused(*NOT_FOUND):
            await done(call())
    async with refused(422, "mfa_factor_not_found"):
        await done(client.mfa.verify({"factor_id": mine.id, "challenge_id": challenge.id, "code": "123456"}))
    async with refused(404, "validation_failed"):
        await done(client.mfa.challenge({"factor_id": "no-uuid"}))


async def test_a_phone(flavour):
    client, _ = await flavour.member(FACTORS)
    number = new_phone()
    phone = await done(client.mfa.enroll({"factor_type": "phone", "friendly_name": "phone", "phone": number}))
    assert (phone.type, phone.friendly_name, phone.totp) == ("phone", "phone", None)
    challenge = await done(client.mfa.challenge({"factor_id": phone.id, "channel": "sms"}))
    assert challenge.factor_type == "phone"
    code = text_to(number)
    async with refused(429, "over_sms_send_rate_limit"):
        await done(client.mfa.challenge({"factor_id": phone.id}))
    given = {"factor_id": phone.id, "challenge_id": challenge.id}
    async with refused(422, "mfa_verification_failed"):
        await done(client.mfa.verify({**given, "code": "12345"}))
    await done(client.mfa.verify({**given, "code": code}))
    assert await levels_of(client) == ("aal2", "aal2", ["mfa/phone", "password"])
    assert await factors_of(client) == ([phone.id], [], [phone.id])
    assert (await done(client.mfa.list_factors())).phone[0].phone == number[1:]
    async with refused(422, "mfa_verified_factor_exists"):
        await done(client.mfa.enroll({"factor_type": "phone", "friendly_name": "again", "phone": number}))
    await done(client.mfa.unenroll({"factor_id": phone.id}))
    assert await factors_of(client) == ([], [], [])


async def test_enroll_tells_the_number_as_it_was_given(flavour):
    client, _ = await flavour.member(FACTORS)
    number = new_phone()
    phone = await done(client.mfa.enroll({"factor_type": "phone", "friendly_name": "phone", "phone": number}))
    assert phone.phone == number


async def test_a_challenge_goes_where_it_can(flavour):
    client, _ = await flavour.member(FACTORS)
    params = {"factor_type": "phone", "friendly_name": "phone", "phone": new_phone()}
    phone = await done(client.mfa.enroll(params))
    async with refused(400, "validation_failed"):
        await done(client.mfa.challenge({"factor_id": phone.id, "channel": "pigeon"}))
    await done(client.mfa.challenge({"factor_id": phone.id, "channel": "whatsapp"}))
    assert len(text_to(params["phone"])) == 6


async def test_admin_lists_and_deletes_factors(flavour):
    client, _, app = await secured(flavour)
    admin, user_id = flavour.admin(FACTORS), (await done(client.get_session())).user.id
    second = await done(client.mfa.enroll({**APP, "friendly_name": "second"}))
    listed = await done(admin.mfa.list_factors({"user_id": user_id}))
    shown = {factor.id: (factor.friendly_name, factor.factor_type, factor.status) for factor in listed}
    assert shown == {app.id: ("app", "totp", "verified"), second.id: ("second", "totp", "unverified")}
    for factor in (second, app):
        assert (await done(admin.mfa.delete_factor({"user_id": user_id, "id": factor.id}))).id == factor.id
    assert await done(admin.mfa.list_factors({"user_id": user_id})) == []
    session = (await done(client.refresh_session())).session
    assert (claims_of(session.access_token)["aal"], methods_of(session)) == ("aal1", ["password"])


async def test_admin_is_refused(flavour):
    client, _, app = await secured(flavour)
    admin, user_id = flavour.admin(FACTORS), (await done(client.get_session())).user.id
    other, _ = await flavour.member(FACTORS)
    other_id = (await done(other.get_session())).user.id
    for user, factor in ((user_id, str(uuid.uuid4())), (other_id, app.id)):
        async with refused(*NOT_FOUND):
            await done(admin.mfa.delete_factor({"user_id": user, "id": factor}))
    unknown = str(uuid.uuid4())
    for call in (
        lambda: admin.mfa.list_factors({"user_id": unknown}),
        lambda: admin.mfa.delete_factor({"user_id": unknown, "id": app.id}),
    ):
        async with refused(404, "user_not_found"):
            await done(call())
    with pytest.raises(ValueError, match="not a valid uuid"):
        await done(admin.mfa.list_factors({"user_id": "no-uuid"}))
    jwt = (await done(client.get_session())).access_token
    async with refused(403, "not_admin"):
        await done(flavour.admin(FACTORS, jwt).mfa.list_factors({"user_id": user_id}))
