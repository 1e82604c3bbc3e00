-- The store of adsyncd, version 1 (PRAGMA user_version): connector spaces, metaverse, links, runs.
-- This file is frozen: stores of version 1 exist. What changes is a file of its own in upgrade/, the
-- version in its name; a new store gets this file and then each of those in their order.
-- One file, SQLite WAL. The change number `seq` grows with every change that a later step must
-- look at; a delta sync is "rows whose seq is newer", a full sync is "all rows".

-- single values: next_seq and what the scheduler must remember over a restart
CREATE TABLE meta (
	name TEXT PRIMARY KEY,      -- 'next_seq', 'next_cycle', 'last_cycle' ...
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- numbers for attribute names, used in images and link rows
CREATE TABLE attribute (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE   -- case-sensitive
) STRICT;

-- one row per configured connector; rows stay when a connector leaves the configuration
CREATE TABLE connector (
	id INTEGER PRIMARY KEY,     -- also the order of creation, which breaks ties of precedence
	name TEXT NOT NULL UNIQUE,
	type TEXT NOT NULL,         -- 'ad', 'entra'
	cursor BLOB,                -- covers what was committed with it; NULL: full import next
	inbound_seq INTEGER NOT NULL DEFAULT 0,  -- inbound has seen every cs row up to here
	link_seq INTEGER NOT NULL DEFAULT 0,     -- inbound has seen every cs_link row up to here
	outbound_seq INTEGER NOT NULL DEFAULT 0, -- outbound has seen every mv and mv_link row up to here
	rules_digest TEXT,          -- of the rules at the last full sync; another digest asks for one
	full_import_required INTEGER NOT NULL DEFAULT 0,
	full_sync_required INTEGER NOT NULL DEFAULT 1,
	last_import INTEGER,        -- unix time of the last import that succeeded
	import_full_running INTEGER NOT NULL DEFAULT 0 -- a full import was cut short
) STRICT;

-- metaverse objects
CREATE TABLE mv (
	id INTEGER PRIMARY KEY,
	class TEXT NOT NULL,        -- 'person', 'group'
	image BLOB NOT NULL,        -- attributes, see model/image.h
	deleted INTEGER NOT NULL DEFAULT 0, -- no rule holds it any more; outbound deprovisions, then it goes
	seq INTEGER NOT NULL,
	created INTEGER NOT NULL,   -- unix time
	times BLOB                  -- when attributes changed since then, see sync/lineage.h; NULL: none
) STRICT;
CREATE INDEX mv_seq ON mv (seq);

-- look-up of metaverse objects by the attributes that joins use
CREATE TABLE mv_key (
	attribute INTEGER NOT NULL,
	hash INTEGER NOT NULL,      -- of the folded value; the caller compares the value itself
	mv INTEGER NOT NULL REFERENCES mv ON DELETE CASCADE,
	PRIMARY KEY (attribute, hash, mv)
) STRICT, WITHOUT ROWID;
CREATE INDEX mv_key_mv ON mv_key (mv);

-- references between metaverse objects (member, manager ...), one row each
CREATE TABLE mv_link (
	mv INTEGER NOT NULL REFERENCES mv ON DELETE CASCADE,
	attribute INTEGER NOT NULL,
	target INTEGER NOT NULL REFERENCES mv ON DELETE CASCADE,
	present INTEGER NOT NULL,   -- 0: removed, kept until every outbound has seen it
	seq INTEGER NOT NULL,
	PRIMARY KEY (mv, attribute, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX mv_link_target ON mv_link (target);
CREATE INDEX mv_link_seq ON mv_link (seq);
-- rows that are to be purged
CREATE INDEX mv_link_gone ON mv_link (seq) WHERE present = 0;

-- connector space objects
CREATE TABLE cs (
	id INTEGER PRIMARY KEY,
	connector INTEGER NOT NULL REFERENCES connector,
	class TEXT NOT NULL,        -- 'user', 'group'; '' for a placeholder
	kind INTEGER NOT NULL,      -- enum cs_kind: staging, export, placeholder
	dn TEXT NOT NULL,
	dn_key TEXT,                -- folded dn; NULL while transient (another object took the dn)
	anchor TEXT,                -- NULL: not yet given by the directory
	imported BLOB,              -- what the last import showed; NULL: never imported or gone
	wanted BLOB,                -- what outbound rules want; NULL: never computed
	want INTEGER NOT NULL DEFAULT 0,  -- enum cs_want: rules say nothing, present, absent
	state INTEGER NOT NULL DEFAULT 0, -- enum export_state
	blocked INTEGER NOT NULL DEFAULT 0, -- blockOnPremisesSync: isCloudManaged is true
	export_all INTEGER NOT NULL DEFAULT 0, -- send every owned attribute (take-over after roll-back)
	deleted INTEGER NOT NULL DEFAULT 0, -- the directory no longer has it; inbound has not seen that yet
	mv INTEGER REFERENCES mv,
	join_rule TEXT,             -- name of the rule that joined or projected it
	seq INTEGER NOT NULL,       -- last change that inbound must see
	links INTEGER NOT NULL DEFAULT 0, -- digest of which references flow where; outbound
	delete_after INTEGER NOT NULL DEFAULT 0 -- soft delete: unix time; 0: is not to be deleted
) STRICT;
CREATE UNIQUE INDEX cs_anchor ON cs (connector, anchor) WHERE anchor IS NOT NULL;
CREATE UNIQUE INDEX cs_dn ON cs (connector, dn_key) WHERE dn_key IS NOT NULL;
CREATE INDEX cs_mv ON cs (mv, connector) WHERE mv IS NOT NULL;
CREATE INDEX cs_seq ON cs (connector, seq);
-- rows that export looks at: pending, sending, exported, failed (an IN would build its list each time)
CREATE INDEX cs_state ON cs (connector, state) WHERE (state BETWEEN 1 AND 3 OR state = 5);
CREATE INDEX cs_delete_after ON cs (connector, delete_after) WHERE delete_after > 0;
CREATE INDEX cs_blocked ON cs (connector, class) WHERE blocked = 1;

-- references of connector space objects, one row each
CREATE TABLE cs_link (
	cs INTEGER NOT NULL REFERENCES cs ON DELETE CASCADE,
	attribute INTEGER NOT NULL,
	target INTEGER NOT NULL REFERENCES cs,
	imported INTEGER NOT NULL,  -- the directory has it
	wanted INTEGER NOT NULL,    -- outbound rules want it
	state INTEGER NOT NULL,     -- enum export_state
	seen INTEGER NOT NULL DEFAULT 0, -- the full import that last delivered it one by one
	seq INTEGER NOT NULL,
	PRIMARY KEY (cs, attribute, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX cs_link_target ON cs_link (target);
CREATE INDEX cs_link_seq ON cs_link (seq);
CREATE INDEX cs_link_gone ON cs_link (seq) WHERE imported = 0 AND wanted = 0;
CREATE INDEX cs_link_state ON cs_link (state, cs) WHERE (state BETWEEN 1 AND 3 OR state = 5);

-- look-up of connector space objects by wanted values that must be unique in the directory. A row may
-- be out of date: the reader compares the value itself.
CREATE TABLE cs_key (
	connector INTEGER NOT NULL,
	hash INTEGER NOT NULL,      -- of the attribute's name and the folded value
	cs INTEGER NOT NULL,
	PRIMARY KEY (connector, hash, cs)
) STRICT, WITHOUT ROWID;

-- containers of a directory (OUs ...), so that the DNs of what is below follow a rename
CREATE TABLE container (
	connector INTEGER NOT NULL REFERENCES connector,
	anchor TEXT NOT NULL,       -- objectGUID
	dn TEXT NOT NULL,
	dn_key TEXT NOT NULL,       -- folded dn
	seen INTEGER NOT NULL,      -- the run that last delivered it
	PRIMARY KEY (connector, anchor)
) STRICT, WITHOUT ROWID;

-- errors kept on their objects until an operation of the same phase succeeds
CREATE TABLE cs_error (
	cs INTEGER NOT NULL REFERENCES cs ON DELETE CASCADE,
	phase INTEGER NOT NULL,     -- enum error_phase: import, sync, export
	type TEXT NOT NULL,         -- 'AttributeValueMustBeUnique'
	text TEXT NOT NULL,
	first INTEGER NOT NULL,     -- unix time
	last INTEGER NOT NULL,
	count INTEGER NOT NULL,
	retry_at INTEGER NOT NULL,  -- export: not before this time
	PRIMARY KEY (cs, phase)
) STRICT, WITHOUT ROWID;

-- runs (one sync cycle each) and their steps
CREATE TABLE run (
	id INTEGER PRIMARY KEY,
	policy TEXT NOT NULL,       -- 'delta', 'initial', or a run profile's name
	started INTEGER NOT NULL,   -- unix time
	ended INTEGER,              -- NULL: running, or killed
	result TEXT                 -- a step-result value; NULL while running
) STRICT;

CREATE TABLE run_step (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	number INTEGER NOT NULL,    -- from 1
	connector INTEGER REFERENCES connector,
	type TEXT NOT NULL,         -- 'full-import', 'delta-sync', 'export' ...
	started INTEGER NOT NULL,
	ended INTEGER,
	result TEXT,
	counters TEXT,              -- JSON object: counter name -> number
	error TEXT,                 -- for people
	PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

-- events on their way to the journal: written with the change they tell of, deleted when delivered
CREATE TABLE outbox (
	id INTEGER PRIMARY KEY,
	record TEXT NOT NULL        -- JSON, see base/record.h
) STRICT;
