package s3

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Location is a bucket of a store, and the folder in it that is the shop's.
type Location struct {
	Host   string // and port, if it is not the usual one
	TLS    bool
	Region string
	Bucket string
	Prefix string // before every name: "" or a folder that ends with a slash

	key, secret string
}

const form = "must be like s3://KEY:SECRET@host/bucket/folder?region=us-east-1"

var (
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixPattern = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*/)*$`)
	regionPattern = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
)

// Parse reads s3://KEY:SECRET@host[:port]/bucket[/folder][?region=…&tls=off].
// The region is us-east-1 unless it is named. Its errors say what is wrong in
// one line without the secret.
func Parse(raw string) (Location, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "s3" || u.Hostname() == "" || u.Fragment != "" {
		return Location{}, errors.New(form)
	}
	secret, whole := u.User.Password()
	if u.User.Username() == "" || !whole || secret == "" {
		return Location{}, errors.New("lacks the key or the secret: " + form)
	}
	bucket, folder, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if folder != "" {
		folder += "/"
	}
	l := Location{Host: u.Host, TLS: true, Region: "us-east-1", Bucket: bucket, Prefix: folder, key: u.User.Username(), secret: secret}
	switch {
	case bucket == "":
		return Location{}, errors.New("lacks the bucket: " + form)
	case !bucketPattern.MatchString(bucket):
		return Location{}, fmt.Errorf("%q cannot be a bucket: %s", bucket, form)
	case !prefixPattern.MatchString(folder):
		return Location{}, fmt.Errorf("%q cannot be a folder: %s", folder, form)
	}
	for name, values := range u.Query() {
		switch value := values[len(values)-1]; {
		case name == "region" && regionPattern.MatchString(value):
			l.Region = value
		case name == "tls" && (value == "on" || value == "off"):
			l.TLS = value == "on"
		default:
			return Location{}, fmt.Errorf("?%s=%s is not understood: there are region=… and tls=on|off", name, value)
		}
	}
	return l, nil
}

// String is the location without its secret, for logs.
func (l Location) String() string { return "s3://" + l.Host + "/" + l.Bucket + "/" + l.Prefix }
