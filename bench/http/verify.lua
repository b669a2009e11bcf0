-- Opens a session with the first request and verifies its token with all others.
local token

request = function()
    if not token then
        return wrk.format("POST", "/recipe/session", { ["cdi-version"] = "5.4" },
            '{"userId":"bench","userDataInJWT":{},"userDataInDatabase":{},"enableAntiCsrf":false}')
    end
    return wrk.format("POST", "/recipe/session/verify", { ["cdi-version"] = "5.4" },
        '{"accessToken":"' .. token .. '","doAntiCsrfCheck":false,"enableAntiCsrf":false,"checkDatabase":false}')
end

response = function(_, _, body)
    token = token or string.match(body, '"accessToken":{.-"token":"([^"]+)"')
end
