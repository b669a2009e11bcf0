"""Every function of the EmailVerification recipe that needs no request."""

import pytest
from helpers import PUBLIC, UNKNOWN, email_delivery, init, mails, new_email, new_id, recipe_id, sign_up
from supertokens_python.asyncio import delete_user, get_user
from supertokens_python.recipe import emailverification, thirdparty
from supertokens_python.recipe.emailpassword.asyncio import update_email_or_password
from supertokens_python.recipe.emailverification import EmailVerificationClaim
from supertokens_python.recipe.emailverification import asyncio as verification
from supertokens_python.recipe.emailverification.interfaces import (
    CreateEmailVerificationLinkEmailAlreadyVerifiedError,
    CreateEmailVerificationTokenEmailAlreadyVerifiedError,
    CreateEmailVerificationTokenOkResult,
    SendEmailVerificationEmailAlreadyVerifiedError,
    SendEmailVerificationEmailOkResult,
    VerifyEmailUsingTokenInvalidTokenError,
    VerifyEmailUsingTokenOkResult,
)
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant
from supertokens_python.recipe.session import asyncio as session
from supertokens_python.recipe.session.exceptions import InvalidClaimsError
from supertokens_python.recipe.thirdparty.asyncio import manually_create_or_update_user

init(thirdparty.init(), emailverification.init(mode="REQUIRED", email_delivery=email_delivery))


async def token_for(user, email=None, tenant_id=PUBLIC):
    answer = await verification.create_email_verification_token(tenant_id, recipe_id(user), email)
    assert isinstance(answer, CreateEmailVerificationTokenOkResult)
    return answer.token


async def verify(token, tenant_id=PUBLIC):
    """Whether the token verified an address."""
    answer = await verification.verify_email_using_token(tenant_id, token)
    assert isinstance(answer, (VerifyEmailUsingTokenOkResult, VerifyEmailUsingTokenInvalidTokenError))
    return isinstance(answer, VerifyEmailUsingTokenOkResult)


async def is_verified(user, email=None):
    return await verification.is_email_verified(recipe_id(user), email)


async def test_a_token_verifies_the_address_once():
    user = await sign_up()
    assert await is_verified(user) is False
    tokens = [await token_for(user) for _ in range(2)]
    answer = await verification.verify_email_using_token(PUBLIC, tokens[0])
    assert isinstance(answer, VerifyEmailUsingTokenOkResult)
    assert (answer.user.recipe_user_id, answer.user.email) == (recipe_id(user), user.emails[0])
    assert await is_verified(user) is True
    assert (await get_user(user.id)).login_methods[0].verified is True
    for token in [*tokens, "no token"]:
        assert not await verify(token), "all tokens of the address are spent"


async def test_a_verified_address_gets_no_token():
    user = await sign_up()
    assert await verify(await token_for(user))
    token = await verification.create_email_verification_token(PUBLIC, recipe_id(user))
    assert isinstance(token, CreateEmailVerificationTokenEmailAlreadyVerifiedError)
    link = await verification.create_email_verification_link(PUBLIC, recipe_id(user), None)
    assert isinstance(link, CreateEmailVerificationLinkEmailAlreadyVerifiedError)
    mail = await verification.send_email_verification_email(PUBLIC, user.id, recipe_id(user), None)
    assert isinstance(mail, SendEmailVerificationEmailAlreadyVerifiedError)


async def test_the_link_in_the_mail_verifies():
    user = await sign_up()
    sent = await verification.send_email_verification_email(PUBLIC, user.id, recipe_id(user), None)
    assert isinstance(sent, SendEmailVerificationEmailOkResult)
    [mail] = [mail for mail in mails if mail.user.email == user.emails[0]]
    made = await verification.create_email_verification_link(PUBLIC, recipe_id(user), None)
    assert made.link != mail.email_verify_link
    assert await verify(mail.email_verify_link.split("token=")[1].split("&")[0])
    assert await is_verified(user) is True


async def test_an_address_becomes_unverified():
    user = await sign_up()
    assert await verify(await token_for(user))
    for _ in range(2):
        await verification.unverify_email(recipe_id(user))
        assert await is_verified(user) is False
    assert await verify(await token_for(user)), "and verified again"


async def test_revoked_tokens_are_worthless():
    user, other = await sign_up(), await sign_up()
    tokens, kept = [await token_for(user) for _ in range(2)], await token_for(other)
    await verification.revoke_email_verification_tokens(PUBLIC, recipe_id(user))
    assert [await verify(token) for token in tokens] == [False, False]
    assert await verify(kept)


async def test_each_address_of_a_user_is_verified_by_itself():
    user, email = await sign_up(), new_email()
    first, second = user.emails[0], await token_for(user, email)
    assert await verify(second)
    assert (await is_verified(user, email), await is_verified(user, first)) == (True, False)
    await update_email_or_password(recipe_id(user), email=email)
    assert (await get_user(user.id)).login_methods[0].verified is True, "it was verified before it was the user's"


async def test_any_id_and_any_address_can_be_verified_where_the_address_is_named():
    user_id, email = new_id("somebody"), new_email()
    assert await verify(await token_for(user_id, f" {email.upper()} "))
    assert await is_verified(user_id, email) is True
    with pytest.raises(Exception, match="Unknown User ID provided without email"):
        await verification.create_email_verification_token(PUBLIC, recipe_id(UNKNOWN))


async def test_a_token_is_good_in_its_tenant_alone():
    tenant_id = new_id("tenant")
    await create_or_update_tenant(tenant_id, None)
    user = await sign_up()
    token = await token_for(user, tenant_id=tenant_id)
    assert not await verify(token)
    assert await verify(token, tenant_id)
    assert await is_verified(user) is True, "what is verified is so in the whole app"


async def test_a_provider_vouches_for_an_address():
    answer = await manually_create_or_update_user(PUBLIC, "google", new_id("subject"), new_email(), True)
    assert await is_verified(answer.user) is True


async def test_verification_goes_with_the_user():
    user = await sign_up()
    assert await verify(await token_for(user))
    token = await token_for(user, new_email())
    await delete_user(user.id)
    assert await is_verified(user, user.emails[0]) is False
    assert not await verify(token)


async def test_a_session_is_held_back_until_the_address_is_verified():
    user = await sign_up()
    made = await session.create_new_session_without_request_response(PUBLIC, recipe_id(user))
    assert made.get_access_token_payload()["st-ev"]["v"] is False
    with pytest.raises(InvalidClaimsError):
        await session.get_session_without_request_response(made.get_access_token())
    assert await verify(await token_for(user))
    await made.fetch_and_set_claim(EmailVerificationClaim)
    verified = await session.get_session_without_request_response(made.get_access_token())
    assert verified.get_access_token_payload()["st-ev"]["v"] is True
