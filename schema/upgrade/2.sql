-- From version 1 to version 2 of the store.

-- rows that have left their DN to another one
CREATE INDEX cs_aside ON cs (connector, dn) WHERE dn_key IS NULL;

-- cs.blocked is a mask of enum authority: over what of the object somebody else has the say. What
-- version 1 wrote is all (1) or nothing (0).
DROP INDEX cs_blocked;
CREATE INDEX cs_blocked ON cs (connector, class) WHERE blocked <> 0;

-- Values that the directory accepted and never shows (SCHEMA_UNREADABLE), as an image, see
-- sync/acknowledged.h: of attributes only, references have their rows. An attribute without values
-- was sent, and whether it was accepted is not known. NULL: there are none.
ALTER TABLE cs ADD COLUMN acknowledged BLOB;

-- attributes that the directory refused while it took the others, see sync/refused.h
CREATE TABLE cs_refused (
	cs INTEGER NOT NULL REFERENCES cs ON DELETE CASCADE,
	attribute INTEGER NOT NULL, -- see the table attribute
	value INTEGER NOT NULL,     -- a hash of the values that were refused
	PRIMARY KEY (cs, attribute)
) STRICT, WITHOUT ROWID;

-- Errors are keyed by whose step met them, so that one direction or target does not clear or
-- overwrite another's: inbound of the object's connector, outbound to each target, export, import.
ALTER TABLE cs_error RENAME TO cs_error_1;
CREATE TABLE cs_error (
	cs INTEGER NOT NULL REFERENCES cs ON DELETE CASCADE,
	phase INTEGER NOT NULL,     -- enum error_phase: import, inbound, export, outbound
	connector INTEGER NOT NULL REFERENCES connector, -- outbound: the target; else the object's own
	type TEXT NOT NULL,         -- 'AttributeValueMustBeUnique'
	text TEXT NOT NULL,
	first INTEGER NOT NULL,     -- unix time
	last INTEGER NOT NULL,
	count INTEGER NOT NULL,
	retry_at INTEGER NOT NULL,  -- export: not before this time
	PRIMARY KEY (cs, phase, connector)
) STRICT, WITHOUT ROWID;
INSERT INTO cs_error
SELECT e.cs, e.phase, cs.connector, e.type, e.text, e.first, e.last, e.count, e.retry_at
FROM cs_error_1 e JOIN cs ON cs.id = e.cs;
DROP TABLE cs_error_1;
CREATE INDEX cs_error_step ON cs_error (connector, phase, cs);

-- Objects without a join wait for metaverse objects by the keys that their joins look up (as in
-- mv_key): when one of these comes, goes or changes, inbound looks at the object again.
CREATE TABLE cs_wait (
	cs INTEGER NOT NULL REFERENCES cs ON DELETE CASCADE,
	attribute INTEGER NOT NULL, -- of the metaverse
	hash INTEGER NOT NULL,      -- of the folded value, as in mv_key
	PRIMARY KEY (cs, attribute, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX cs_wait_key ON cs_wait (attribute, hash);

-- Version 1 did not know what waits, and with several targets forgot removed references when the
-- first one had seen them: everything is looked at, and all references are compared, once.
UPDATE connector SET full_sync_required = 1, outbound_seq = max(outbound_seq - 1, 0);
INSERT INTO meta (name, value) SELECT 'links_purged', value FROM meta WHERE name = 'next_seq';

-- How many rows of cs there are of each sort, so that nobody who asks for numbers has to count: they
-- are sums over these few rows. store/tally.c keeps it true with every change, in the transaction of
-- the change, and fills it after an upgrade.
CREATE TABLE cs_tally (
	connector INTEGER NOT NULL REFERENCES connector,
	class TEXT NOT NULL,        -- class, kind, want, state and blocked: as in cs
	kind INTEGER NOT NULL,
	want INTEGER NOT NULL,
	state INTEGER NOT NULL,
	blocked INTEGER NOT NULL,
	joined INTEGER NOT NULL,    -- 1: to a metaverse object
	anchored INTEGER NOT NULL,  -- 1: the directory has given an anchor
	present INTEGER NOT NULL,   -- 1: the directory has the object
	n INTEGER NOT NULL,         -- how many; 0: there were some
	PRIMARY KEY (connector, class, kind, want, state, blocked, joined, anchored, present)
) STRICT, WITHOUT ROWID;

-- The same of cs_error.
CREATE TABLE cs_error_tally (
	connector INTEGER NOT NULL REFERENCES connector, -- connector and phase: as in cs_error
	phase INTEGER NOT NULL,
	n INTEGER NOT NULL,
	PRIMARY KEY (connector, phase)
) STRICT, WITHOUT ROWID;

-- Since when the mask of an object (cs.blocked) is what it is. No row: since the object is known.
CREATE TABLE cs_authority (
	cs INTEGER PRIMARY KEY REFERENCES cs ON DELETE CASCADE,
	since INTEGER NOT NULL      -- unix time
) STRICT;

-- Changes that were not sent since somebody else has the authority, the newest ones. As it was then:
-- the object may be gone.
CREATE TABLE soa_skip (
	id INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,        -- unix time
	run INTEGER NOT NULL,
	connector TEXT NOT NULL,    -- the target
	class TEXT NOT NULL,
	dn TEXT NOT NULL,           -- in the target
	anchor TEXT,
	source_dn TEXT,             -- NULL: no source has the object any more
	name TEXT,
	blocked INTEGER NOT NULL,   -- the mask then
	operation TEXT NOT NULL,    -- 'update', 'delete' ...
	attributes TEXT             -- 'title, mail'
) STRICT;
CREATE INDEX soa_skip_connector ON soa_skip (connector);
CREATE INDEX soa_skip_anchor ON soa_skip (anchor, at);

-- A job that moves the source of authority of objects. What a killed one has begun is seen to by the
-- next one.
CREATE TABLE soa_job (
	id INTEGER PRIMARY KEY,
	connector TEXT NOT NULL,    -- the target
	authority INTEGER NOT NULL, -- enum authority
	managed INTEGER NOT NULL,   -- 1: to the target's side, 0: back to the source
	uid INTEGER NOT NULL,       -- who asked for it; -1: not known
	started INTEGER NOT NULL,   -- unix time
	ended INTEGER               -- NULL: at work, or killed
) STRICT;
CREATE INDEX soa_job_ended ON soa_job (ended);

-- The objects of a job.
CREATE TABLE soa_item (
	job INTEGER NOT NULL REFERENCES soa_job ON DELETE CASCADE,
	number INTEGER NOT NULL,    -- from 1 on, in the order of the job
	cs INTEGER NOT NULL,
	anchor TEXT NOT NULL,
	class TEXT NOT NULL,
	dn TEXT NOT NULL,           -- for people: in the source, or in the target
	state INTEGER NOT NULL,     -- enum soa_item_state
	at INTEGER NOT NULL,        -- unix time of the state
	error TEXT,                 -- why it failed
	PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;
-- those whose outcome is not known yet
CREATE INDEX soa_item_open ON soa_item (job, number) WHERE state = 2;
