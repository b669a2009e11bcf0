"""Every function of the UserMetadata recipe."""

import asyncio

import pytest
from helpers import init, new_id, sign_up, sql
from supertokens_python.asyncio import delete_user
from supertokens_python.recipe import usermetadata
from supertokens_python.recipe.usermetadata.asyncio import (
    clear_user_metadata,
    get_user_metadata,
    update_user_metadata,
)

init(usermetadata.init())


async def metadata_of(user_id):
    return (await get_user_metadata(user_id)).metadata


async def test_a_user_without_metadata_has_an_empty_object():
    assert await metadata_of((await sign_up()).id) == {}
    assert await metadata_of(new_id("nobody")) == {}


@pytest.mark.parametrize(
    "value",
    ["text", 'ä"\\ 🔑', "", 0, -1, 1.5, 2**53, True, False, [], [1, None, {"a": []}], {}, {"deep": {"list": [None]}}],
)
async def test_values_come_back_as_they_were(value):
    user_id = new_id("user")
    assert (await update_user_metadata(user_id, {"value": value})).metadata == {"value": value}
    [stored] = [(await metadata_of(user_id))["value"]]
    assert stored == value
    assert type(stored) is type(value)


async def test_update_merges_at_the_top_and_replaces_below():
    user_id = new_id("user")
    await update_user_metadata(user_id, {"kept": 1, "replaced": {"a": 1, "b": 2}, "list": [1, 2]})
    answer = await update_user_metadata(user_id, {"replaced": {"c": None}, "list": [3], "added": "x"})
    expected = {"kept": 1, "replaced": {"c": None}, "list": [3], "added": "x"}
    assert answer.metadata == expected
    assert await metadata_of(user_id) == expected


async def test_none_removes_a_key():
    user_id = new_id("user")
    await update_user_metadata(user_id, {"gone": 1, "kept": 2})
    assert (await update_user_metadata(user_id, {"gone": None, "absent": None})).metadata == {"kept": 2}
    assert (await update_user_metadata(user_id, {})).metadata == {"kept": 2}, "an empty update changes nothing"


async def test_clear_takes_everything_and_may_be_repeated():
    user_id = new_id("user")
    await update_user_metadata(user_id, {"a": 1})
    for _ in range(2):
        await clear_user_metadata(user_id)
        assert await metadata_of(user_id) == {}


async def test_updates_at_once_are_all_kept():
    user_id = new_id("user")
    await asyncio.gather(*(update_user_metadata(user_id, {f"key {n}": n}) for n in range(8)))
    assert await metadata_of(user_id) == {f"key {n}": n for n in range(8)}


async def test_metadata_goes_with_its_user():
    user = await sign_up()
    await update_user_metadata(user.id, {"a": 1})
    await delete_user(user.id)
    assert await metadata_of(user.id) == {}
    assert sql("SELECT * FROM auth.user_metadata WHERE user_id = %s", user.id) == []
