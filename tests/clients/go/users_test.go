// Users of all recipes: the functions of the supertokens package itself. Each test has an app of its own.
package clients

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/emailpassword"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy"
	"github.com/supertokens/supertokens-golang/recipe/passwordless"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func withApp(t *testing.T) {
	t.Helper()
	with(t, config{connectionURI: createApp(t, nil)})
}

func ids(page supertokens.UserPaginationResult) []string {
	list := []string{}
	for _, entry := range page.Users {
		list = append(list, entry.User["id"].(string))
	}
	return list
}

func count(t *testing.T, tenant *string, recipes ...string) float64 {
	t.Helper()
	var include *[]string
	if recipes != nil {
		include = &recipes
	}
	return must(supertokens.GetUserCount(include, tenant))(t)
}

func TestListedUsersNameTheirRecipe(t *testing.T) {
	withApp(t)
	byPassword := signUp(t, public)
	byCode := must(passwordless.SignInUpByPhoneNumber(public, newPhone()))(t).User
	byProvider, _ := signInWith(t, public, "github", newID("gh"), newEmail())
	page := must(supertokens.GetUsersOldestFirst(public, nil, nil, nil, nil))(t)
	isTrue(t, page.NextPaginationToken == nil, "there is another page")
	listed := map[string]object{}
	for _, entry := range page.Users {
		listed[entry.RecipeId] = entry.User
	}
	equal(t, listed, map[string]object{
		"emailpassword": {
			"id": byPassword.ID, "email": byPassword.Email, "timeJoined": float64(byPassword.TimeJoined),
			"tenantIds": []any{public},
		},
		"passwordless": {
			"id": byCode.ID, "phoneNumber": *byCode.PhoneNumber, "timeJoined": float64(byCode.TimeJoined),
			"tenantIds": []any{public},
		},
		"thirdparty": {
			"id": byProvider.ID, "email": byProvider.Email, "timeJoined": float64(byProvider.TimeJoined),
			"tenantIds":  []any{public},
			"thirdParty": object{"id": "github", "userId": byProvider.ThirdParty.UserID},
		},
	})
}

func TestUsersArePaged(t *testing.T) {
	withApp(t)
	for range []int{1, 2, 3, 4, 5} {
		signUp(t, public)
	}
	type list func(string, *string, *int, *[]string, map[string]string) (supertokens.UserPaginationResult, error)
	for name, list := range map[string]list{
		"oldest": supertokens.GetUsersOldestFirst, "newest": supertokens.GetUsersNewestFirst,
	} {
		all := ids(must(list(public, nil, nil, nil, nil))(t))
		equal(t, len(all), 5)
		sizes, paged := []int{}, []string{}
		var token *string
		for {
			page := must(list(public, token, ptr(2), nil, nil))(t)
			sizes, paged = append(sizes, len(page.Users)), append(paged, ids(page)...)
			if token = page.NextPaginationToken; token == nil {
				break
			}
		}
		equal(t, sizes, []int{2, 2, 1}, name)
		equal(t, paged, all, name)
	}
}

func TestUsersAreInTheOrderOfJoining(t *testing.T) {
	withApp(t)
	for range []int{1, 2, 3} {
		signUp(t, public)
	}
	times := func(page supertokens.UserPaginationResult) []float64 {
		list := []float64{}
		for _, entry := range page.Users {
			list = append(list, entry.User["timeJoined"].(float64))
		}
		return list
	}
	up := times(must(supertokens.GetUsersOldestFirst(public, nil, nil, nil, nil))(t))
	down := times(must(supertokens.GetUsersNewestFirst(public, nil, nil, nil, nil))(t))
	isTrue(t, up[0] <= up[1] && up[1] <= up[2], up)
	isTrue(t, down[0] >= down[1] && down[1] >= down[2], down)
}

func TestAPageOutlivesItsFirstUser(t *testing.T) {
	withApp(t)
	for range []int{1, 2, 3} {
		signUp(t, public)
	}
	all := ids(must(supertokens.GetUsersOldestFirst(public, nil, nil, nil, nil))(t))
	first := must(supertokens.GetUsersOldestFirst(public, nil, ptr(1), nil, nil))(t)
	noError(t, supertokens.DeleteUser(all[1]))
	rest := must(supertokens.GetUsersOldestFirst(public, first.NextPaginationToken, nil, nil, nil))(t)
	equal(t, ids(rest), all[2:])
}

func TestListsOfBadInputAreRefused(t *testing.T) {
	withApp(t)
	_, err := supertokens.GetUsersOldestFirst(public, nil, ptr(0), nil, nil)
	fails(t, err, "400.*limit must a positive integer with min value 1")
	_, err = supertokens.GetUsersOldestFirst(public, nil, ptr(501), nil, nil)
	fails(t, err, "400.*max limit allowed is 500")
	garbled := base64.StdEncoding.EncodeToString([]byte("garbled"))
	for _, token := range []string{"nonsense", garbled} {
		_, err = supertokens.GetUsersNewestFirst(public, &token, nil, nil, nil)
		fails(t, err, "400.*invalid pagination token")
	}
	_, err = supertokens.GetUsersNewestFirst(public, nil, nil, &[]string{"emailpassword", "random"}, nil)
	fails(t, err, "400.*Unknown recipe ID: random")
	_, err = supertokens.GetUsersWithSearchParams(public, "asc", nil, nil, nil, nil)
	fails(t, err, "400.*timeJoinedOrder can be either ASC OR DESC")
	_, err = supertokens.GetUserCount(&[]string{"random"}, nil)
	fails(t, err, "400.*Unknown recipe ID: random")
}

func TestUsersOfSomeRecipes(t *testing.T) {
	withApp(t)
	byPassword, byCode := signUp(t, public), signInUpByEmail(t, newEmail())
	byProvider, _ := signInWith(t, public, "github", newID("gh"), newEmail())
	for _, expected := range []struct{ recipes, ids []string }{
		{[]string{"emailpassword"}, []string{byPassword.ID}},
		{[]string{"passwordless"}, []string{byCode.ID}},
		{[]string{"emailpassword", "thirdparty"}, []string{byPassword.ID, byProvider.ID}},
	} {
		recipes := expected.recipes
		page := must(supertokens.GetUsersOldestFirst(public, nil, nil, &recipes, nil))(t)
		sameMembers(t, ids(page), expected.ids, recipes)
		equal(t, count(t, nil, recipes...), float64(len(expected.ids)), recipes)
	}
}

func TestSearch(t *testing.T) {
	withApp(t)
	address := func(name string) string {
		return there(t, must(emailpassword.SignUp(public, name, password))(t).OK).User.ID
	}
	john, jane := address("john@gmail.com"), address("Jane@Example.org")
	other, _ := signInWith(t, public, "google", "g-1", "john@web.example")
	both := signInUpByEmail(t, "johnny@example.org")
	equal(t, updateUser(t, both.ID, nil, ptr("+4915112345678")), "OK")
	for _, expected := range []struct {
		query map[string]string
		ids   []string
	}{
		{map[string]string{"email": "john"}, []string{john, other.ID, both.ID}},
		{map[string]string{"email": "JOHN@g"}, []string{john}},
		{map[string]string{"email": "example"}, []string{jane, both.ID}},
		{map[string]string{"email": "xample"}, []string{}},
		{map[string]string{"email": "jane; gmail"}, []string{john, jane}},
		{map[string]string{"phone": "+49151"}, []string{both.ID}},
		{map[string]string{"phone": "151"}, []string{}},
		{map[string]string{"provider": "goo"}, []string{other.ID}},
		{map[string]string{"provider": "oogle"}, []string{}},
		{map[string]string{"email": "john", "provider": "google"}, []string{other.ID}},
		{map[string]string{"email": "john", "phone": "+49"}, []string{both.ID}},
		{map[string]string{"phone": "+49", "provider": "google"}, []string{}},
		{map[string]string{"email": " ; "}, []string{john, jane, other.ID, both.ID}},
	} {
		about := fmt.Sprint(expected.query) // the SDK adds to the map
		page := must(supertokens.GetUsersOldestFirst(public, nil, nil, nil, expected.query))(t)
		sameMembers(t, ids(page), expected.ids, about)
	}
}

func TestUsersOfTenants(t *testing.T) {
	withApp(t)
	tenant := createTenant(t, nil)
	here, elsewhere, inBoth := signUp(t, public), signUp(t, tenant), signUp(t, public)
	must(multitenancy.AssociateUserToTenant(tenant, inBoth.ID))(t)
	list := func(tenant string) []string {
		return ids(must(supertokens.GetUsersNewestFirst(tenant, nil, nil, nil, nil))(t))
	}
	sameMembers(t, list(public), []string{here.ID, inBoth.ID})
	sameMembers(t, list(tenant), []string{elsewhere.ID, inBoth.ID})
	equal(t, []float64{count(t, ptr(public)), count(t, &tenant), count(t, nil)}, []float64{2, 2, 3})
	must(multitenancy.DisassociateUserFromTenant(tenant, elsewhere.ID))(t)
	equal(t, []float64{count(t, &tenant), count(t, nil)}, []float64{1, 3}, "a user in no tenant counts")
}

func TestDeleteUser(t *testing.T) {
	withApp(t)
	user, other := signUp(t, public), signUp(t, public)
	noError(t, supertokens.DeleteUser(user.ID))
	equal(t, ids(must(supertokens.GetUsersOldestFirst(public, nil, nil, nil, nil))(t)), []string{other.ID})
	equal(t, count(t, nil), 1)
	for _, id := range []string{user.ID, nobody, "nonsense"} {
		noError(t, supertokens.DeleteUser(id))
	}
	equal(t, count(t, nil), 1)
}

func TestMappedUsersAreListedWithTheirExternalId(t *testing.T) {
	withApp(t)
	user, external := signUp(t, public), newID("ext")
	mapID(t, user.ID, external, nil)
	equal(t, ids(must(supertokens.GetUsersOldestFirst(public, nil, nil, nil, nil))(t)), []string{external})
}
