-- oldest: 1
CREATE TABLE catalog_realm (one INTEGER PRIMARY KEY CHECK (one = 1)) STRICT;
