"""The application, for the tests that ask for its address."""

import pytest_asyncio


@pytest_asyncio.fixture(scope="session")
async def url():
    # Only here: most files need no web framework.
    import application

    address, stop = await application.start()
    yield address
    await stop()
