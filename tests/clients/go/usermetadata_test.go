// The UserMetadata recipe's functions.
package clients

import (
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/usermetadata"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func metadataOf(t *testing.T, id string) object {
	t.Helper()
	return must(usermetadata.GetUserMetadata(id))(t)
}

func TestMetadataIsMergedAtTheTop(t *testing.T) {
	id := newID("visitor")
	equal(t, metadataOf(t, id), object{})
	first := object{"number": 1.5, "text": "ü", "list": []any{1.0, nil}, "deep": object{"a": 1.0, "b": nil}, "drop": true}
	equal(t, must(usermetadata.UpdateUserMetadata(id, first))(t), first)
	change := object{"deep": object{"c": 2.0}, "drop": nil, "unknown": nil, "new": false}
	want := object{
		"number": 1.5, "text": "ü", "list": []any{1.0, nil}, "deep": object{"c": 2.0}, "new": false,
	}
	equal(t, must(usermetadata.UpdateUserMetadata(id, change))(t), want)
	equal(t, must(usermetadata.UpdateUserMetadata(id, object{}))(t), want, "nothing")
	equal(t, metadataOf(t, id), want)
	equal(t, metadataOf(t, newID("visitor")), object{}, "somebody else's")
}

func TestClearUserMetadata(t *testing.T) {
	id := newID("visitor")
	must(usermetadata.UpdateUserMetadata(id, object{"a": 1}))(t)
	for range []int{1, 2} {
		noError(t, usermetadata.ClearUserMetadata(id))
		equal(t, metadataOf(t, id), object{})
	}
}

// A nil map goes out as null, which is no object.
func TestMetadataMustBeAnObject(t *testing.T) {
	_, err := usermetadata.UpdateUserMetadata(newID("visitor"), nil)
	fails(t, err, "400.*Field name 'metadataUpdate' is invalid in JSON input")
}

func TestMetadataGoesWithTheUser(t *testing.T) {
	user := signUp(t, public)
	must(usermetadata.UpdateUserMetadata(user.ID, object{"a": 1}))(t)
	noError(t, supertokens.DeleteUser(user.ID))
	equal(t, metadataOf(t, user.ID), object{})
}
