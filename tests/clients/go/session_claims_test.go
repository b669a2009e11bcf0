// The Session recipe: claims, in the payload of access tokens.
package clients

import (
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/recipe/session/claims"
	sessionerrors "github.com/supertokens/supertokens-golang/recipe/session/errors"
	"github.com/supertokens/supertokens-golang/recipe/session/sessmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

// What the application knows of users: their plan.
var plans = map[string]string{}

var planClaim, planValidators = claims.PrimitiveClaim("plan",
	func(id, _ string, _ supertokens.UserContext) (any, error) { return plans[id], nil }, nil)

func planOf(t *testing.T, handle string) any {
	t.Helper()
	return there(t, must(session.GetClaimValue(handle, planClaim))(t).OK).Value
}

func TestClaimsOfALiveSession(t *testing.T) {
	made := createSession(t, public, newID("visitor"), object{"own": 1.0}, nil)
	equal(t, made.GetClaimValue(planClaim), nil)
	plans[made.GetUserID()] = "free"
	noError(t, made.FetchAndSetClaim(planClaim))
	equal(t, made.GetClaimValue(planClaim), any("free"))
	noError(t, made.SetClaimValue(planClaim, "paid"))
	equal(t, made.GetClaimValue(planClaim), any("paid"))
	equal(t, planOf(t, made.GetHandle()), any("paid"), "stored")
	equal(t, part(t, made.GetAccessToken(), 1)["own"], any(1.0), "the rest of the payload stays")
	equal(t, must(getSession(made.GetAccessToken(), checked))(t).GetClaimValue(planClaim), any("paid"))
	noError(t, made.RemoveClaim(planClaim))
	equal(t, made.GetClaimValue(planClaim), nil)
	equal(t, planOf(t, made.GetHandle()), nil, "stored")
}

func TestClaimsByHandle(t *testing.T) {
	made := createSession(t, public, newID("visitor"), nil, nil)
	handle := made.GetHandle()
	plans[made.GetUserID()] = "free"
	equal(t, must(session.FetchAndSetClaim(handle, planClaim))(t), true)
	equal(t, planOf(t, handle), any("free"))
	equal(t, must(session.SetClaimValue(handle, planClaim, "paid"))(t), true)
	equal(t, planOf(t, handle), any("paid"))
	equal(t, refresh(t, made).GetClaimValue(planClaim), any("paid"), "a refresh brings it to the token")
	equal(t, must(session.RemoveClaim(handle, planClaim))(t), true)
	equal(t, planOf(t, handle), nil)
}

func TestClaimsOfUnknownSessions(t *testing.T) {
	equal(t, must(session.FetchAndSetClaim(nobody, planClaim))(t), false)
	equal(t, must(session.SetClaimValue(nobody, planClaim, "paid"))(t), false)
	equal(t, must(session.RemoveClaim(nobody, planClaim))(t), false)
	equal(t, status(must(session.GetClaimValue(nobody, planClaim))(t)), "SessionDoesNotExistError")
	equal(t, status(must(session.ValidateClaimsForSessionHandle(nobody, nil))(t)), "SessionDoesNotExistError")
}

func TestAssertClaims(t *testing.T) {
	made := createSession(t, public, newID("visitor"), nil, nil)
	noError(t, made.SetClaimValue(planClaim, "free"))
	isFree := []claims.SessionClaimValidator{planValidators.HasValue("free", nil, nil)}
	isPaid := []claims.SessionClaimValidator{planValidators.HasValue("paid", nil, nil)}
	noError(t, made.AssertClaims(isFree))
	invalid := failsAs[sessionerrors.InvalidClaimError](t, made.AssertClaims(isPaid))
	equal(t, len(invalid.InvalidClaims), 1)
	equal(t, invalid.InvalidClaims[0].ID, "plan")

	options := func(validators []claims.SessionClaimValidator) *sessmodels.VerifySessionOptions {
		return &sessmodels.VerifySessionOptions{
			OverrideGlobalClaimValidators: func([]claims.SessionClaimValidator, sessmodels.SessionContainer,
				supertokens.UserContext) ([]claims.SessionClaimValidator, error) {
				return validators, nil
			},
		}
	}
	equal(t, must(getSession(made.GetAccessToken(), options(isFree)))(t).GetHandle(), made.GetHandle())
	_, err := getSession(made.GetAccessToken(), options(isPaid))
	failsAs[sessionerrors.InvalidClaimError](t, err)
}

// A claim that is missing is fetched by the validator, and kept by the server.
func TestValidatorsFetchMissingClaims(t *testing.T) {
	made := createSession(t, public, newID("visitor"), nil, nil)
	plans[made.GetUserID()] = "free"
	noError(t, made.AssertClaims([]claims.SessionClaimValidator{planValidators.HasValue("free", nil, nil)}))
	equal(t, made.GetClaimValue(planClaim), any("free"))
	equal(t, planOf(t, made.GetHandle()), any("free"))
}

func TestValidateClaimsForSessionHandle(t *testing.T) {
	made := createSession(t, public, newID("visitor"), nil, nil)
	plans[made.GetUserID()] = "free"
	validate := func(value string) []claims.ClaimValidationError {
		answer := must(session.ValidateClaimsForSessionHandle(made.GetHandle(), func([]claims.SessionClaimValidator,
			sessmodels.SessionInformation, supertokens.UserContext) []claims.SessionClaimValidator {
			return []claims.SessionClaimValidator{planValidators.HasValue(value, nil, nil)}
		}))(t)
		return there(t, answer.OK).InvalidClaims
	}
	equal(t, len(validate("free")), 0)
	equal(t, planOf(t, made.GetHandle()), any("free"), "what was missing has been fetched and stored")
	equal(t, len(validate("paid")), 1)
}

func TestValidateClaimsInJWTPayload(t *testing.T) {
	made := createSession(t, public, newID("visitor"), nil, nil)
	noError(t, made.SetClaimValue(planClaim, "free"))
	validate := func(value string) int {
		return len(must(session.ValidateClaimsInJWTPayload(public, made.GetUserID(), made.GetAccessTokenPayload(),
			func([]claims.SessionClaimValidator, string, ...supertokens.UserContext) []claims.SessionClaimValidator {
				return []claims.SessionClaimValidator{planValidators.HasValue(value, nil, nil)}
			}))(t))
	}
	equal(t, []int{validate("free"), validate("paid")}, []int{0, 1})
}
