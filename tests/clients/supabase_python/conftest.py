"""Every test runs with the client that blocks and with the one that does not."""

import inspect

import pytest
from supabase_auth import (
    AsyncGoTrueAdminAPI,
    AsyncGoTrueClient,
    AsyncMemoryStorage,
    SyncGoTrueAdminAPI,
    SyncGoTrueClient,
    SyncMemoryStorage,
)

from helpers import ADMIN, AUTO, PASSWORD, new_email


class Flavour:
    """Clients of one kind; what they answer is waited for with `done`."""

    def __init__(self, client, admin, storage):
        self._client, self._admin, self.storage = client, admin, storage

    def client(self, instance, **options):
        return self._client(url=instance.url, **{"auto_refresh_token": False, **options})

    def admin(self, instance, token=ADMIN):
        return self._admin(url=instance.url, headers={"Authorization": f"Bearer {token}"})

    async def member(self, instance=AUTO, attributes=None, **options):
        """A client that is signed in as a new, confirmed user; with its address."""
        email = new_email()
        user = {"email": email, "password": PASSWORD, "email_confirm": True, **(attributes or {})}
        await done(self.admin(instance).create_user(user))
        return await self.another(email, instance, **options), email

    async def another(self, email, instance=AUTO, password=PASSWORD, **options):
        """A client that is signed in as the user with this address."""
        client = self.client(instance, **options)
        await done(client.sign_in_with_password({"email": email, "password": password}))
        return client


async def done(answer):
    """The answer of either kind of client."""
    return await answer if inspect.isawaitable(answer) else answer


@pytest.fixture(params=["sync", "async"])
def flavour(request):
    if request.param == "sync":
        return Flavour(SyncGoTrueClient, SyncGoTrueAdminAPI, SyncMemoryStorage)
    return Flavour(AsyncGoTrueClient, AsyncGoTrueAdminAPI, AsyncMemoryStorage)
