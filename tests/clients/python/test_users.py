"""Users as the SDK's core functions list, count, find and delete them, in an app of their own."""

import asyncio

import pytest
import pytest_asyncio
from helpers import PUBLIC, UNKNOWN, create_app, init, new_email, new_id, new_phone, recipe_id, sign_up, sql
from supertokens_python import asyncio as supertokens
from supertokens_python.recipe import passwordless, thirdparty
from supertokens_python.recipe.emailpassword.asyncio import create_reset_password_token
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant
from supertokens_python.recipe.passwordless import ContactEmailOrPhoneConfig
from supertokens_python.recipe.passwordless.asyncio import signinup
from supertokens_python.recipe.session import asyncio as session
from supertokens_python.recipe.thirdparty.asyncio import manually_create_or_update_user
from supertokens_python.recipe.thirdparty.types import ThirdPartyInfo
from supertokens_python.types.base import AccountInfoInput

USERS = 60
AT_ONCE = 4

app_id = new_id("users")
init(
    thirdparty.init(),
    passwordless.init(contact_config=ContactEmailOrPhoneConfig(), flow_type="USER_INPUT_CODE"),
    connection_uri=create_app(app_id),
)

OLDEST, NEWEST = supertokens.get_users_oldest_first, supertokens.get_users_newest_first
BOTH_WAYS = pytest.mark.parametrize(("get_users", "direction"), [(OLDEST, 1), (NEWEST, -1)])


@pytest_asyncio.fixture(scope="session")
async def users():
    """The users of the public tenant, with addresses and passwords; each test leaves them as they are."""

    async def sign_up_some():
        return [await sign_up() for _ in range(USERS // AT_ONCE)]

    return sum(await asyncio.gather(*(sign_up_some() for _ in range(AT_ONCE))), [])


def sorted_ids(users, direction):
    # By time joined; users of the same millisecond by id, downwards, in either direction.
    by_id = sorted((user.id for user in users), reverse=True)
    joined = {user.id: user.time_joined for user in users}
    return sorted(by_id, key=lambda user_id: direction * joined[user_id])


async def pages(get_users, **options):
    """The ids on every page."""
    token, read = None, []
    while True:
        page = await get_users(PUBLIC, pagination_token=token, **options)
        read.append([user.id for user in page.users])
        token = page.next_pagination_token
        if token is None:
            return read


@BOTH_WAYS
@pytest.mark.parametrize("limit", [None, 7, 30, 500])
async def test_every_user_is_shown_once_in_order_whatever_the_size_of_the_pages(users, get_users, direction, limit):
    read = await pages(get_users, limit=limit)
    assert sum(read, []) == sorted_ids(users, direction)
    assert len(read) == -(-USERS // (limit or 100))


@BOTH_WAYS
async def test_users_are_filtered_by_recipe(users, get_users, direction):
    read = await pages(get_users, include_recipe_ids=["emailpassword", "passwordless"])
    assert sum(read, []) == sorted_ids(users, direction)
    assert await pages(get_users, include_recipe_ids=["thirdparty", "passwordless"]) == [[]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 501}, "max limit allowed is 500"),
        ({"limit": 0}, "limit must a positive integer"),
        ({"pagination_token": "nonsense"}, "invalid pagination token"),
        ({"include_recipe_ids": ["nonsense"]}, "Unknown recipe ID: nonsense"),
    ],
)
async def test_nonsense_is_refused(options, message):
    with pytest.raises(Exception, match=f"(?s)400.*{message}"):
        await OLDEST(PUBLIC, **options)


async def test_pages_stay_whole_while_users_come_and_go(users):
    first = await OLDEST(PUBLIC, limit=20)
    late = await sign_up()
    next_one = await OLDEST(PUBLIC, limit=1, pagination_token=first.next_pagination_token)
    assert next_one.users[0].id == sorted_ids(users, 1)[20]
    await supertokens.delete_user(late.id)
    gone = await sign_up()
    at_the_end = await OLDEST(PUBLIC, limit=USERS)
    assert at_the_end.next_pagination_token, "the token names the user that came last"
    await supertokens.delete_user(gone.id)
    assert (await OLDEST(PUBLIC, pagination_token=at_the_end.next_pagination_token)).users == []


async def test_a_search_takes_the_beginning_of_an_address_or_of_its_domain(users):
    email = f"needle@{new_id('haystack')}.example.org"
    user = await sign_up(email=email)

    async def found(**query):
        return [user.id for user in (await OLDEST(PUBLIC, query=query)).users]

    for text in [email, "NEEDLE", email.split("@")[1][:15], "nobody@example.net;needle"]:
        assert await found(email=text) == [user.id], text
    assert await found(email="nobody@example.net") == []
    assert await found(email="needle", phone="+49") == [], "both, of one login method"
    await supertokens.delete_user(user.id)


async def test_a_search_takes_phone_numbers_and_providers():
    phone, subject = new_phone(), new_id("subject")
    by_phone = (await signinup(PUBLIC, None, phone)).user
    by_provider = (await manually_create_or_update_user(PUBLIC, "rare-provider", subject, new_email(), True)).user
    for query, user in [({"phone": phone[:10]}, by_phone), ({"provider": "rare"}, by_provider)]:
        assert [one.id for one in (await NEWEST(PUBLIC, query=query)).users] == [user.id], query
        await supertokens.delete_user(user.id)


async def test_users_are_counted_by_tenant_by_recipe_and_in_the_whole_app(users):
    tenant_id = new_id("tenant")
    await create_or_update_tenant(tenant_id, None)
    user = await sign_up(tenant_id)
    assert await supertokens.get_user_count(["emailpassword"], PUBLIC) == USERS
    assert await supertokens.get_user_count(["passwordless"]) == 0
    assert await supertokens.get_user_count(["emailpassword"]) == USERS + 1
    await supertokens.delete_user(user.id)
    assert await supertokens.get_user_count(["emailpassword"]) == USERS


async def test_users_are_counted_without_a_choice_of_recipes(users):
    # The SDK sends the list of recipes then, too, and empty.
    assert await supertokens.get_user_count(tenant_id=PUBLIC) == USERS
    assert await supertokens.get_user_count() == USERS


async def test_a_user_is_found_by_id():
    user = await sign_up()
    assert await supertokens.get_user(user.id) == user
    for unknown in [UNKNOWN, "no uuid at all"]:
        assert await supertokens.get_user(unknown) is None
    await supertokens.delete_user(user.id)


async def test_users_are_found_by_what_they_sign_in_with():
    email, phone, third_party = new_email(), new_phone(), ThirdPartyInfo(new_id("subject"), "google")
    by_mail = await sign_up(email=email)
    by_phone = (await signinup(PUBLIC, None, phone)).user
    by_provider = (
        await manually_create_or_update_user(PUBLIC, third_party.id, third_party.user_id, new_email(), True)
    ).user

    async def found(union=False, **account):
        answer = await supertokens.list_users_by_account_info(PUBLIC, AccountInfoInput(**account), union)
        return [user.id for user in answer]

    assert await found(email=email) == [by_mail.id]
    assert await found(email=f" {email.upper()} ") == [by_mail.id], "normalised"
    assert await found(email=email[:-1]) == [], "the whole address counts"
    assert await found(phone_number=phone) == [by_phone.id]
    assert await found(third_party=third_party) == [by_provider.id]
    assert await found(third_party=ThirdPartyInfo(third_party.user_id, "github")) == []
    assert await found(email=email, phone_number=phone) == [], "all of it"
    both = await found(True, email=email, phone_number=phone, third_party=third_party)
    assert both == [by_mail.id, by_phone.id, by_provider.id], "any of it"
    assert await found() == []
    for user in [by_mail, by_phone, by_provider]:
        await supertokens.delete_user(user.id)


async def test_a_deletion_leaves_nothing_behind_and_frees_the_address():
    user = await sign_up()
    await create_reset_password_token(PUBLIC, user.id, user.emails[0])
    await session.create_new_session_without_request_response(PUBLIC, recipe_id(user))
    for _ in range(2):
        await supertokens.delete_user(user.id)
        assert await supertokens.get_user(user.id) is None
    for table, column in [
        ("users", "id"),
        ("login_methods", "user_id"),
        ("login_method_tenants", "user_id"),
        ("one_time_tokens", "subject"),
        ("sessions", "subject"),
        ("active_users", "user_id"),
    ]:
        assert sql(f"SELECT * FROM auth.{table} WHERE {column}::text = %s", user.id) == [], table
    heir = await sign_up(email=user.emails[0])
    assert heir.id != user.id
    await supertokens.delete_user(heir.id)


async def test_the_users_are_rows_of_the_app(users):
    rows = sql("SELECT id, email FROM auth.users WHERE app_id = %s", app_id)
    assert {(row["id"], row["email"]) for row in rows} == {(user.id, user.emails[0]) for user in users}
