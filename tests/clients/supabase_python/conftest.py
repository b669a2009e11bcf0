"""Every test runs with the client that blocks and with the one that does not."""

import inspect

import pytest
from supabase_auth import (
    AsyncGoTrueAdminAPI,
    AsyncGoTrueClient,
    SyncGoTrueAdminAPI,
    SyncGoTrueClient,
)

from helpers import ADMIN, AUTO, PASSWORD, new_email


class Flavour:
    """Clients of one kind; what they answer is waited for with `done`."""

    def __init__(self, client, admin):
        self._client, self._admin = client, admin

    def client(self, instance, **options):
        return self._client(url=instance.url, auto_refresh_token=False, **options)

    def admin(self, instance, token=ADMIN):
        return self._admin(url=instance.url, headers={"Authorization": f"Bearer {token}"})

    async def member(self, instance=AUTO, **attributes):
        """A client that is signed in as a new, confirmed user; with its address."""
        email = new_email()
        user = {"email": email, "password": PASSWORD, "email_confirm": True, **attributes}
        await done(self.admin(instance).create_user(user))
        client = self.client(instance)
        await done(client.sign_in_with_password({"email": email, "password": PASSWORD}))
        return client, email


async def done(answer):
    """The answer of either kind of client."""
    return await answer if inspect.isawaitable(answer) else answer


@pytest.fixture(params=["sync", "async"])
def flavour(request):
    if request.param == "sync":
        return Flavour(SyncGoTrueClient, SyncGoTrueAdminAPI)
    return Flavour(AsyncGoTrueClient, AsyncGoTrueAdminAPI)
