"""The SDK without an event loop, as an application with Flask or Django calls it."""

import pytest
from helpers import PASSWORD, PUBLIC, init, new_email, new_id
from supertokens_python.recipe import usermetadata, userroles
from supertokens_python.recipe.emailpassword import syncio as emailpassword
from supertokens_python.recipe.emailpassword.interfaces import SignInOkResult, WrongCredentialsError
from supertokens_python.recipe.multitenancy.syncio import create_or_update_tenant, delete_tenant, get_tenant
from supertokens_python.recipe.session import syncio as session
from supertokens_python.recipe.session.exceptions import UnauthorisedError
from supertokens_python.recipe.usermetadata.syncio import get_user_metadata, update_user_metadata
from supertokens_python.recipe.userroles import syncio as roles
from supertokens_python.syncio import delete_user, get_user, get_users_newest_first

init(usermetadata.init(), userroles.init())


@pytest.fixture(name="user")
def new_user():
    return emailpassword.sign_up(PUBLIC, new_email(), PASSWORD).user


def test_users(user):
    answer = emailpassword.sign_in(PUBLIC, user.emails[0], PASSWORD)
    assert isinstance(answer, SignInOkResult)
    assert answer.user == user == get_user(user.id)
    assert isinstance(emailpassword.sign_in(PUBLIC, user.emails[0], "wrong"), WrongCredentialsError)
    assert user.id in [one.id for one in get_users_newest_first(PUBLIC, limit=10).users]
    delete_user(user.id)
    assert get_user(user.id) is None


def test_sessions(user):
    recipe_user_id = user.login_methods[0].recipe_user_id
    made = session.create_new_session_without_request_response(PUBLIC, recipe_user_id, {"plan": "free"})
    made.sync_merge_into_access_token_payload({"plan": "pro"})
    verified = session.get_session_without_request_response(made.get_access_token(), check_database=True)
    assert verified.get_access_token_payload()["plan"] == "pro"
    refresh_token = made.get_all_session_tokens_dangerously()["refreshToken"]
    refreshed = session.refresh_session_without_request_response(refresh_token)
    assert refreshed.get_handle() == made.get_handle()
    assert session.revoke_all_sessions_for_user(user.id) == [made.get_handle()]
    with pytest.raises(UnauthorisedError):
        session.refresh_session_without_request_response(refresh_token)


def test_roles_metadata_and_tenants(user):
    role, tenant_id = new_id("role"), new_id("tenant")
    roles.create_new_role_or_add_permissions(role, ["read"])
    roles.add_role_to_user(PUBLIC, user.id, role)
    assert roles.get_roles_for_user(PUBLIC, user.id).roles == [role]
    update_user_metadata(user.id, {"a": 1})
    assert get_user_metadata(user.id).metadata == {"a": 1}
    assert create_or_update_tenant(tenant_id, None).created_new is True
    assert get_tenant(tenant_id).tenant_id == tenant_id
    assert delete_tenant(tenant_id).did_exist is True
