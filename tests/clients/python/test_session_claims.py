"""Claims: set, fetched, validated and removed, on a session at hand and by its handle."""

import pytest
from helpers import PUBLIC, init, new_id, recipe_id
from supertokens_python.recipe.session import asyncio as session
from supertokens_python.recipe.session.claims import BooleanClaim, PrimitiveArrayClaim, PrimitiveClaim
from supertokens_python.recipe.session.exceptions import InvalidClaimsError
from supertokens_python.recipe.session.interfaces import (
    ClaimsValidationResult,
    GetClaimValueOkResult,
    SessionDoesNotExistError,
)

# What the application knows about its users, by user id.
plans = {}

plan = PrimitiveClaim("plan", lambda user_id, *_: plans.get(user_id))
roles = PrimitiveArrayClaim("roles", lambda user_id, *_: [f"of {user_id}", "reader"])
adult = BooleanClaim("adult", lambda *_: True)

init()


def create():
    return session.create_new_session_without_request_response(PUBLIC, recipe_id(new_id("user")))


async def stored(made, claim):
    answer = await session.get_claim_value(made.get_handle(), claim)
    assert isinstance(answer, GetClaimValueOkResult)
    return answer.value


async def test_a_claim_is_set_read_and_removed_on_the_session_at_hand():
    made = await create()
    assert await made.get_claim_value(plan) is None
    await made.set_claim_value(plan, "pro")
    assert await made.get_claim_value(plan) == "pro", "in the token"
    assert await stored(made, plan) == "pro", "in the database"
    await made.fetch_and_set_claim(roles)
    assert await made.get_claim_value(roles) == [f"of {made.get_user_id()}", "reader"]
    await made.remove_claim(plan)
    assert await made.get_claim_value(plan) is None
    assert await stored(made, plan) is None
    assert len(await stored(made, roles)) == 2, "the other claim stays"
    verified = await session.get_session_without_request_response(made.get_access_token())
    assert "plan" not in verified.get_access_token_payload()


async def test_a_claim_is_set_read_and_removed_by_handle():
    made = await create()
    handle = made.get_handle()
    assert await session.set_claim_value(handle, plan, "pro") is True
    assert await stored(made, plan) == "pro"
    plans[made.get_user_id()] = "enterprise"
    assert await session.fetch_and_set_claim(handle, plan) is True
    assert await stored(made, plan) == "enterprise"
    assert await session.fetch_and_set_claim(handle, adult) is True
    assert await session.remove_claim(handle, plan) is True
    assert await stored(made, plan) is None
    refresh_token = made.get_all_session_tokens_dangerously()["refreshToken"]
    refreshed = await session.refresh_session_without_request_response(refresh_token)
    assert await refreshed.get_claim_value(adult) is True, "a refreshed token has it"


async def test_claims_of_a_session_that_is_not_there():
    handle = new_id("no-handle")
    assert await session.set_claim_value(handle, plan, "pro") is False
    assert await session.fetch_and_set_claim(handle, plan) is False
    assert await session.remove_claim(handle, plan) is False
    assert isinstance(await session.get_claim_value(handle, plan), SessionDoesNotExistError)
    assert isinstance(await session.validate_claims_for_session_handle(handle), SessionDoesNotExistError)


async def test_validation_by_handle_fetches_what_is_missing_and_names_what_is_wrong():
    made = await create()
    plans[made.get_user_id()] = "free"

    async def invalid(*validators):
        answer = await session.validate_claims_for_session_handle(made.get_handle(), lambda *_: list(validators))
        assert isinstance(answer, ClaimsValidationResult)
        return answer.invalid_claims

    assert await invalid(plan.validators.has_value("free"), adult.validators.is_true(None)) == []
    assert await stored(made, plan) == "free", "what was fetched is stored"
    [wrong] = await invalid(plan.validators.has_value("pro"), roles.validators.includes("reader"))
    assert wrong.id_ == "plan"
    assert wrong.reason == {"message": "wrong value", "expectedValue": "pro", "actualValue": "free"}
    [excluded] = await invalid(roles.validators.excludes("reader"))
    assert excluded.id_ == "roles"


async def test_a_session_whose_claims_do_not_hold_is_refused():
    made = await create()
    await made.set_claim_value(plan, "free")
    needs_pro = plan.validators.has_value("pro")

    def get(*validators):
        return session.get_session_without_request_response(
            made.get_access_token(), override_global_claim_validators=lambda others, *_: [*others, *validators]
        )

    with pytest.raises(InvalidClaimsError) as refused:
        await made.assert_claims([needs_pro])
    assert [one.id_ for one in refused.value.payload] == ["plan"]
    with pytest.raises(InvalidClaimsError):
        await get(needs_pro)
    await made.set_claim_value(plan, "pro")
    await made.assert_claims([needs_pro])
    fetched = await get(needs_pro, adult.validators.is_true(None))
    assert await fetched.get_claim_value(adult) is True, "fetched on the way"
    assert fetched.get_access_token() != made.get_access_token(), "and put into a new token"
    assert await stored(made, adult) is True
