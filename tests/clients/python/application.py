"""A small application with the SDK's middleware, and a client that keeps its tokens as a browser would."""

import asyncio
import base64
import json

import httpx
import uvicorn
from fastapi import Body, Depends, FastAPI, Request
from fastapi.responses import PlainTextResponse
from helpers import PUBLIC, recipe_id
from supertokens_python.framework.fastapi import get_middleware
from supertokens_python.recipe.session.asyncio import create_new_session, get_session, refresh_session
from supertokens_python.recipe.session.framework.fastapi import verify_session

app = FastAPI()
app.add_middleware(get_middleware())


@app.exception_handler(Exception)
async def tell_why(_, error):
    return PlainTextResponse(str(error), 500)


def tell(session):
    return {
        "userId": session.get_user_id(),
        "handle": session.get_handle(),
        "payload": session.get_access_token_payload(),
    }


@app.api_route("/me", methods=["GET", "POST"])
async def me(session=Depends(verify_session())):
    return tell(session)


@app.get("/me/checked")
async def me_checked(session=Depends(verify_session(check_database=True))):
    return tell(session)


@app.get("/visitor")
async def visitor(session=Depends(verify_session(session_required=False))):
    return {"known": session is not None}


@app.put("/me/payload")
async def change_payload(changes: dict = Body(), session=Depends(verify_session())):
    await session.merge_into_access_token_payload(changes)
    return tell(session)


# The functions of the session recipe that take a request.


@app.post("/enter/{user_id}")
async def enter(request: Request, user_id: str):
    return tell(await create_new_session(request, PUBLIC, recipe_id(user_id), {"made": "by hand"}, {"n": 1}))


@app.get("/look")
async def look(request: Request):
    return tell(await get_session(request))


@app.post("/auth/session/again")
async def again(request: Request):
    return tell(await refresh_session(request))


async def start(app=app):
    """Runs an application on a free port, in this event loop; answers with its URL and what stops it."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        assert not running.done(), "the application did not start"
        await asyncio.sleep(0.01)
    [listener] = server.servers
    port = listener.sockets[0].getsockname()[1]

    async def stop():
        server.should_exit = True
        await running

    return f"http://127.0.0.1:{port}", stop


class Client:
    """Keeps tokens in cookies, or with mode "header" in the headers that SuperTokens has for them."""

    def __init__(self, url, mode="cookie"):
        self.url, self.mode = url, mode
        self.http = httpx.AsyncClient(base_url=url, trust_env=False)
        self.tokens = {}

    def clone(self):
        """Another client with the same tokens: what a thief has."""
        copy = Client(self.url, self.mode)
        copy.http.cookies = httpx.Cookies(self.http.cookies)
        copy.tokens = dict(self.tokens)
        return copy

    @property
    def access(self):
        return self._token("sAccessToken", "st-access-token")

    @property
    def refresh(self):
        return self._token("sRefreshToken", "st-refresh-token")

    def _token(self, cookie, header):
        return self.tokens.get(header) if self.mode == "header" else self.http.cookies.get(cookie)

    async def call(self, method, path, body=None, headers=None):
        """The answer, as httpx has it."""
        sent = {"st-auth-mode": self.mode, **(headers or {})}
        if anti_csrf := self.tokens.get("anti-csrf"):
            sent.setdefault("anti-csrf", anti_csrf)
        if self.mode == "header" and (token := self.refresh if path.startswith("/auth/session/") else self.access):
            sent.setdefault("authorization", f"Bearer {token}")
        response = await self.http.request(method, path, json=body, headers=sent)
        for name in ["st-access-token", "st-refresh-token", "anti-csrf"]:
            if name in response.headers:
                self.tokens[name] = response.headers[name]
        return response

    async def get(self, path, **more):
        return await self.call("GET", path, **more)

    async def post(self, path, body=None, **more):
        return await self.call("POST", path, body or {}, **more)

    async def form(self, path, fields, **more):
        """One of the SDK's APIs that take form fields."""
        form_fields = [{"id": name, "value": value} for name, value in fields.items()]
        return await self.post(f"/auth{path}", {"formFields": form_fields, **more})


def front_token(response):
    """What the front end learns of the session."""
    return json.loads(base64.b64decode(response.headers["front-token"]))


def has_code(response, code):
    """The answer has this code; if not, its text says why."""
    assert response.status_code == code, response.text
    return response.json() if response.headers.get("content-type", "").startswith("application/json") else None


def has_status(response, status):
    """The answer has code 200 and this status."""
    answer = has_code(response, 200)
    assert answer["status"] == status, response.text
    return answer
