-- From version 1 to version 2 of the store.

-- attributes that the directory refused while it took the others, see sync/refused.h
CREATE TABLE cs_refused (
	cs INTEGER NOT NULL REFERENCES cs ON DELETE CASCADE,
	attribute INTEGER NOT NULL, -- see the table attribute
	value INTEGER NOT NULL,     -- a hash of the values that were refused
	PRIMARY KEY (cs, attribute)
) STRICT, WITHOUT ROWID;
