// The JWT and OpenId recipes, and the same functions of the Session recipe.
package clients

import (
	"net/http"
	"testing"

	"github.com/MicahParks/keyfunc/v2"
	jwttoken "github.com/golang-jwt/jwt/v5"
	"github.com/supertokens/supertokens-golang/recipe/jwt"
	"github.com/supertokens/supertokens-golang/recipe/jwt/jwtmodels"
	"github.com/supertokens/supertokens-golang/recipe/openid"
	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func withJWT(t *testing.T) {
	t.Helper()
	recipes := []supertokens.Recipe{
		jwt.Init(&jwtmodels.TypeInput{JwtValiditySeconds: ptr(uint64(1000))}), openid.Init(nil),
	}
	with(t, config{recipes: recipes})
}

// verified is a JWT's content, checked with the keys that are published at an address.
func verified(t *testing.T, text, keysAt string) object {
	t.Helper()
	keys := must(keyfunc.Get(keysAt, keyfunc.Options{}))(t)
	claims := jwttoken.MapClaims{}
	must(jwttoken.ParseWithClaims(text, claims, keys.Keyfunc))(t)
	return claims
}

const wellKnown = "/.well-known/jwks.json"

func TestCreateJWT(t *testing.T) {
	withJWT(t)
	payload := object{"own": object{"a": []any{1.0, nil, "ü"}}, "sub": "somebody"}
	token := there(t, must(jwt.CreateJWT(payload, ptr(uint64(60)), nil))(t).OK).Jwt
	claims := verified(t, token, authURL+wellKnown)
	equal(t, claims["own"], payload["own"])
	equal(t, claims["sub"], any("somebody"))
	equal(t, claims["exp"].(float64)-claims["iat"].(float64), 60)
	equal(t, claims["iss"], any(apiDomain), "the SDK's domain")
	header := part(t, token, 0)
	equal(t, []any{header["alg"], header["typ"]}, []any{"RS256", "JWT"})

	token = there(t, must(jwt.CreateJWT(nil, nil, nil))(t).OK).Jwt
	claims = verified(t, token, authURL+wellKnown)
	equal(t, claims["exp"].(float64)-claims["iat"].(float64), 1000, "the recipe's setting")
}

func TestJWTKeys(t *testing.T) {
	withJWT(t)
	kid := func(static *bool) string {
		token := there(t, must(jwt.CreateJWT(object{}, nil, static))(t).OK).Jwt
		verified(t, token, authURL+wellKnown)
		return part(t, token, 0)["kid"].(string)
	}
	matches(t, kid(nil), "^s-")
	matches(t, kid(ptr(true)), "^s-")
	matches(t, kid(ptr(false)), "^d-")
	equal(t, kid(nil), kid(ptr(true)), "one static key")

	published := []string{}
	for _, key := range there(t, must(jwt.GetJWKS())(t).OK).Keys {
		equal(t, []string{key.Kty, key.Alg, key.Use, key.E}, []string{"RSA", "RS256", "sig", "AQAB"})
		published = append(published, key.Kid)
	}
	sameMembers(t, published, []string{kid(ptr(true)), kid(ptr(false))})
}

func TestJWTsOfNoValidityAreRefused(t *testing.T) {
	withJWT(t)
	_, err := jwt.CreateJWT(object{}, ptr(uint64(0)), nil)
	fails(t, err, "400.*validity must be greater than or equal to 0")
}

func TestKeysBelongToAnApp(t *testing.T) {
	with(t, config{connectionURI: createApp(t, nil), recipes: []supertokens.Recipe{jwt.Init(nil)}})
	token := there(t, must(jwt.CreateJWT(object{}, nil, nil))(t).OK).Jwt
	keys := must(keyfunc.Get(authURL+wellKnown, keyfunc.Options{}))(t)
	_, err := jwttoken.Parse(token, keys.Keyfunc)
	fails(t, err, "key")
}

func TestTheSessionRecipeMakesJWTsToo(t *testing.T) {
	token := there(t, must(session.CreateJWT(object{"own": 1.0}, ptr(uint64(60)), nil))(t).OK).Jwt
	claims := verified(t, token, authURL+wellKnown)
	equal(t, claims["own"], any(1.0))
	equal(t, claims["iss"], any(apiDomain+"/auth"), "its issuer is the one that OpenID discovery names")
	isTrue(t, len(there(t, must(session.GetJWKS())(t).OK).Keys) >= 1, "no keys")
}

func TestOpenId(t *testing.T) {
	withJWT(t)
	for _, answer := range []any{
		there(t, must(openid.GetOpenIdDiscoveryConfiguration())(t).OK),
		there(t, must(session.GetOpenIdDiscoveryConfiguration())(t).OK),
	} {
		equal(t, show(answer), show(object{"Issuer": apiDomain + "/auth", "Jwks_uri": apiDomain + "/auth/jwt/jwks.json"}))
	}
	token := there(t, must(openid.CreateJWT(object{}, ptr(uint64(60)), nil))(t).OK).Jwt
	equal(t, verified(t, token, authURL+wellKnown)["iss"], any(apiDomain+"/auth"))
	equal(t, there(t, must(openid.GetJWKS())(t).OK), there(t, must(jwt.GetJWKS())(t).OK))
}

func TestTheApplicationPublishesTheKeys(t *testing.T) {
	application := serve(t, config{recipes: []supertokens.Recipe{jwt.Init(nil)}})
	token := there(t, must(jwt.CreateJWT(object{"own": 1.0}, nil, nil))(t).OK).Jwt
	equal(t, verified(t, token, application+"/auth/jwt/jwks.json")["own"], any(1.0))
	visitor := newBrowser(t, application, "header")
	answer := visitor.get("/auth/.well-known/openid-configuration")
	equal(t, answer.code, http.StatusOK, answer.text)
	equal(t, answer.json["issuer"], any(apiDomain+"/auth"))
	equal(t, answer.json["jwks_uri"], any(apiDomain+"/auth/jwt/jwks.json"))
}
