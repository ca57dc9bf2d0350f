package httpapi

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// patches are the bodies of PATCH operations, by their types.
type patches map[reflect.Type]*huma.Schema

// refuseNull names a member of a PATCH that is null and cannot be. huma takes null
// for missing wherever a member may be missing: who means to clear one would be
// told that all went well.
func (p patches) refuseNull(data []byte, v any) error {
	schema := p[reflect.TypeOf(v).Elem()]
	if schema == nil {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return undecodable(err)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if member := schema.Properties[name]; member != nil && !member.Nullable && string(members[name]) == "null" {
			return &bodyError{"type", "body." + name, "must not be null"}
		}
	}
	return nil
}
