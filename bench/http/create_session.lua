wrk.method = "POST"
wrk.path = "/recipe/session"
wrk.headers["cdi-version"] = "5.4"
wrk.body = '{"userId":"bench","userDataInJWT":{"iss":"https://api.example.org/auth"},"userDataInDatabase":{},"enableAntiCsrf":false}'
