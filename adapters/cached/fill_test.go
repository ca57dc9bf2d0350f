package cached_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/money"
)

// fill returns a value in which nothing is zero, whatever fields are added to
// its type: what is lost on a way shows.
func fill[T any]() T {
	var v T
	n := 0
	fillValue(reflect.ValueOf(&v).Elem(), &n)
	return v
}

func fillValue(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 11, 5, 10, 30, 0, *n*1000, time.UTC)))
		return
	case money.Amount:
		v.Set(reflect.ValueOf(money.New(int64(*n), "EUR")))
		return
	case catalog.Attributes:
		v.Set(reflect.ValueOf(catalog.Attributes{"colour": catalog.Text("réd\x00"), "size": catalog.Num(0.1), "organic": catalog.Bool(true)}))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text " + string(rune('a'+*n%26)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n%255) + 1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fillValue(v.Index(i), n)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillValue(key, n)
		fillValue(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(v.Elem(), n)
	case reflect.Float64:
		v.SetFloat(float64(*n) / 10)
	case reflect.Array:
		for i := range v.Len() {
			fillValue(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fillValue(v.Field(i), n)
		}
	default:
		panic("cached: the test cannot fill a " + v.Type().String())
	}
}

func TestFill_LeavesNothingZero(t *testing.T) {
	t.Parallel()
	v := reflect.ValueOf(fill[catalog.Product]())
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("%s is zero", v.Type().Field(i).Name)
		}
	}
}
