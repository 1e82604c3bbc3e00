-- Every statement of the store, by name. lib/store fetches them by enum query. $NAME is the number
-- of the enumerator in lib/store/cs.h, error.h or lib/report/error_type.h, or what is defined here;
-- '$NAME' is its word: packaging/cmake/sql.awk.

-- what the next export sends
-- define: WHOLE ($AUTHORITY_ALL | $AUTHORITY_ON_PREMISES)
-- define: EXPORT_DUE $EXPORT_STATE_PENDING, $EXPORT_STATE_SENDING, $EXPORT_STATE_FAILED

-- name: begin
BEGIN IMMEDIATE
-- name: commit
COMMIT
-- name: rollback
ROLLBACK
-- name: schema_size
SELECT count(*) FROM sqlite_schema

-- name: meta_get
SELECT value FROM meta WHERE name = ?1
-- name: meta_set
INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2
-- name: attribute_list
SELECT id, name FROM attribute ORDER BY id
-- name: attribute_add
INSERT INTO attribute (id, name) VALUES (?1, ?2)

-- name: connector_find
SELECT id, name, type, cursor, inbound_seq, link_seq, outbound_seq, rules_digest,
	full_import_required, full_sync_required, import_full_running, last_import
FROM connector WHERE name = ?1
-- name: connector_list
SELECT id, name, type, cursor, inbound_seq, link_seq, outbound_seq, rules_digest,
	full_import_required, full_sync_required, import_full_running, last_import
FROM connector ORDER BY id
-- name: connector_insert
INSERT INTO connector (name, type) VALUES (?1, ?2)
-- name: connector_update
UPDATE connector SET cursor = ?2, inbound_seq = ?3, link_seq = ?4, outbound_seq = ?5,
	rules_digest = ?6, full_import_required = ?7, full_sync_required = ?8,
	import_full_running = ?9, last_import = ?10
WHERE id = ?1

-- name: run_insert
INSERT INTO run (policy, started) VALUES (?1, ?2)
-- name: run_end
UPDATE run SET ended = ?2, result = ?3 WHERE id = ?1
-- name: run_end_stale
UPDATE run SET ended = ?1, result = ?2 WHERE ended IS NULL
-- name: run_list
SELECT id, policy, started, ended, result FROM run ORDER BY id DESC LIMIT ?1
-- name: run_get
SELECT id, policy, started, ended, result FROM run
WHERE id = CASE ?1 WHEN 0 THEN (SELECT max(id) FROM run) ELSE ?1 END
-- name: run_purge
DELETE FROM run WHERE ended IS NOT NULL AND ended < ?1
-- name: step_insert
INSERT INTO run_step (run, number, connector, type, started) VALUES (?1, ?2, ?3, ?4, ?5)
-- name: step_update
UPDATE run_step SET ended = ?3, result = ?4, counters = ?5, error = ?6
WHERE run = ?1 AND number = ?2
-- name: step_list
SELECT s.run, s.number, s.connector, c.name, s.type, s.started, s.ended, s.result, s.counters,
	s.error
FROM run_step s LEFT JOIN connector c ON c.id = s.connector WHERE s.run = ?1 ORDER BY s.number

-- name: error_put
INSERT INTO cs_error (cs, phase, connector, type, text, first, last, count, retry_at)
VALUES (?1, ?2, coalesce(?7, (SELECT connector FROM cs WHERE id = ?1)), ?3, ?4, ?5, ?5, 1, ?6)
ON CONFLICT (cs, phase, connector) DO UPDATE SET type = ?3, text = ?4, last = ?5,
	first = CASE type WHEN ?3 THEN first ELSE ?5 END,
	count = CASE type WHEN ?3 THEN count ELSE 0 END + 1, retry_at = ?6
RETURNING count
-- name: error_retry
UPDATE cs_error SET retry_at = 0 WHERE cs = ?1 AND phase = ?2
-- name: error_get
SELECT e.cs, e.phase, e.type, e.text, e.first, e.last, e.count, e.retry_at, cs.dn, c.name, t.name,
	t.type
FROM cs_error e JOIN cs ON cs.id = e.cs JOIN connector c ON c.id = cs.connector
	JOIN connector t ON t.id = e.connector
WHERE e.cs = ?1 AND e.phase = ?2
-- name: error_ids
SELECT cs FROM cs_error WHERE phase = ?1
-- name: error_page
SELECT cs FROM cs_error WHERE connector = ?1 AND phase = ?2 AND cs > ?3 ORDER BY cs LIMIT ?4
-- name: error_count
SELECT sum(n) FROM cs_error_tally WHERE connector = ?1 AND phase = ?2
-- name: error_count_export
SELECT count(*) FROM cs_error WHERE connector = ?1 AND phase = $ERROR_EXPORT
	AND retry_at > 0 AND type <> '$ERROR_TYPE_NOT_REIMPORTED'
-- name: error_clear
DELETE FROM cs_error WHERE cs = ?1 AND phase = ?2 AND connector = coalesce(?3, connector)
-- name: error_clear_but
DELETE FROM cs_error WHERE cs = ?1 AND phase = ?2 AND type <> ?3
-- name: error_clear_all
DELETE FROM cs_error WHERE cs = ?1
-- name: error_list
SELECT e.cs, e.phase, e.type, e.text, e.first, e.last, e.count, e.retry_at, cs.dn, c.name, t.name,
	t.type
FROM cs_error e JOIN cs ON cs.id = e.cs JOIN connector c ON c.id = cs.connector
	JOIN connector t ON t.id = e.connector
ORDER BY e.cs, e.phase, e.connector LIMIT ?1

-- name: wait_any
SELECT 1 FROM cs_wait LIMIT 1
-- name: wait_list
SELECT attribute, hash FROM cs_wait WHERE cs = ?1 ORDER BY attribute, hash
-- name: wait_add
INSERT OR IGNORE INTO cs_wait (cs, attribute, hash) VALUES (?1, ?2, ?3)
-- name: wait_clear
DELETE FROM cs_wait WHERE cs = ?1
-- name: wait_find
SELECT cs FROM cs_wait WHERE attribute = ?1 AND hash = ?2
-- name: cs_touch
UPDATE cs SET seq = ?2 WHERE id = ?1
-- name: cs_has_changed
SELECT 1 FROM cs WHERE connector = ?1 AND seq > ?2 LIMIT 1

-- name: refused_put
INSERT OR REPLACE INTO cs_refused (cs, attribute, value) VALUES (?1, ?2, ?3)
-- name: refused_get
SELECT value FROM cs_refused WHERE cs = ?1 AND attribute = ?2
-- name: refused_clear
DELETE FROM cs_refused WHERE cs = ?1

-- name: authority_put
INSERT OR REPLACE INTO cs_authority (cs, since) VALUES (?1, ?2)
-- name: authority_get
SELECT since FROM cs_authority WHERE cs = ?1
-- name: skip_add
INSERT INTO soa_skip (at, run, connector, class, dn, anchor, source_dn, name, blocked, operation,
	attributes)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
-- name: skip_purge
DELETE FROM soa_skip WHERE id <= (SELECT max(id) FROM soa_skip) - ?1
-- name: skip_list
SELECT id, at, run, connector, class, dn, anchor, source_dn, name, blocked, operation, attributes
FROM soa_skip WHERE connector = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3
-- name: skip_count
SELECT count(*) FROM soa_skip WHERE anchor = ?1 AND at >= ?2
-- name: job_add
INSERT INTO soa_job (connector, authority, managed, uid, started) VALUES (?1, ?2, ?3, ?4, ?5)
-- name: job_open
SELECT id, connector, authority, managed, uid, started FROM soa_job WHERE ended IS NULL ORDER BY id
-- name: job_end
UPDATE soa_job SET ended = ?2 WHERE id = ?1
-- name: job_purge
DELETE FROM soa_job WHERE ended < ?1
-- name: item_add
INSERT INTO soa_item (job, number, cs, anchor, class, dn, state, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
-- name: item_set
UPDATE soa_item SET state = ?3, at = ?4, error = ?5 WHERE job = ?1 AND number = ?2
-- name: item_open
SELECT job, number, cs, anchor, class, dn, state, at, error FROM soa_item
	INDEXED BY soa_item_open
WHERE job = ?1 AND state = $SOA_ITEM_SENDING ORDER BY number

-- name: outbox_add
INSERT INTO outbox (record) VALUES (?1)
-- name: outbox_list
SELECT id, record FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2
-- name: outbox_delete
DELETE FROM outbox WHERE id <= ?1

-- name: cs_get
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, imported, wanted, want, state,
	blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	acknowledged
FROM cs WHERE id = ?1
-- name: cs_find_anchor
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, imported, wanted, want, state,
	blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	acknowledged
FROM cs WHERE connector = ?1 AND anchor = ?2
-- name: cs_find_dn
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, imported, wanted, want, state,
	blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	acknowledged
FROM cs WHERE connector = ?1 AND dn_key = ?2
-- name: cs_find_aside
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, imported, wanted, want, state,
	blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	acknowledged
FROM cs INDEXED BY cs_aside WHERE dn_key IS NULL AND connector = ?1 AND dn = ?2 AND class = ?3
	AND want = $WANT_ABSENT AND state <> $EXPORT_STATE_EXPORTED AND mv IS NULL LIMIT 1
-- name: cs_id_by_dn
SELECT id FROM cs WHERE connector = ?1 AND dn_key = ?2
-- name: cs_id_by_anchor
SELECT id FROM cs WHERE connector = ?1 AND anchor = ?2
-- name: cs_insert
INSERT INTO cs (connector, class, kind, dn, dn_key, anchor, imported, wanted, want, state, blocked,
	export_all, deleted, mv, join_rule, seq, links, delete_after, acknowledged)
VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
-- name: cs_update
UPDATE cs SET class = ?3, kind = ?4, dn = ?5, dn_key = ?6, anchor = ?7, imported = ?8, wanted = ?9,
	want = ?10, state = ?11, blocked = ?12, export_all = ?13, deleted = ?14, mv = ?15,
	join_rule = ?16, seq = ?17, links = ?18, delete_after = ?19, acknowledged = ?20
WHERE id = ?1 AND connector = ?2
-- name: cs_set_state
UPDATE cs SET state = ?2,
	export_all = CASE ?2 WHEN $EXPORT_STATE_CONFIRMED THEN 0 ELSE export_all END
WHERE id = ?1
-- name: cs_set_exported
UPDATE cs SET anchor = ?2, state = ?3, export_all = 0, acknowledged = ?4 WHERE id = ?1
-- name: cs_set_acknowledged
UPDATE cs SET state = ?2, acknowledged = ?3 WHERE id = ?1
-- name: cs_mv_of
SELECT mv FROM cs WHERE id = ?1
-- name: cs_joined_in
SELECT id, class, want, blocked FROM cs WHERE mv = ?1 AND connector = ?2 ORDER BY id LIMIT 1
-- name: cs_set_join
UPDATE cs SET mv = ?2, join_rule = ?3 WHERE id = ?1
-- name: cs_set_transient
UPDATE cs SET dn_key = NULL WHERE id = ?1
-- name: cs_ids_below
SELECT id FROM cs WHERE connector = ?1 AND dn_key IS NOT NULL AND substr(dn_key, -length(?2)) = ?2
-- name: cs_ids_transient
SELECT id FROM cs WHERE connector = ?1 AND dn_key IS NULL
-- name: cs_is_imported
SELECT imported IS NOT NULL AND deleted = 0 FROM cs WHERE connector = ?1 AND anchor = ?2
-- name: cs_set_anchor
UPDATE cs SET anchor = ?2 WHERE id = ?1
-- name: container_get
SELECT dn FROM container WHERE connector = ?1 AND anchor = ?2
-- name: container_put
INSERT INTO container (connector, anchor, dn, dn_key, seen) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (connector, anchor) DO UPDATE SET dn = ?3, dn_key = ?4, seen = ?5
-- name: container_delete
DELETE FROM container WHERE connector = ?1 AND anchor = ?2
-- name: container_delete_unseen
DELETE FROM container WHERE connector = ?1 AND seen <> ?2
-- name: container_below
SELECT anchor, dn FROM container
WHERE connector = ?1 AND (dn_key = ?2 OR substr(dn_key, -length(?2) - 1) = ',' || ?2)
-- name: dn_key_cs_list
SELECT id, connector, anchor, dn, dn_key FROM cs WHERE dn_key IS NOT NULL
-- name: dn_key_container_list
SELECT 0, connector, anchor, dn, dn_key FROM container
-- name: dn_key_cs_set
UPDATE cs SET dn_key = ?2 WHERE id = ?1
-- name: dn_key_container_set
UPDATE container SET dn_key = ?3 WHERE connector = ?1 AND anchor = ?2
-- name: dn_key_full_import
UPDATE connector SET full_import_required = 1 WHERE id = ?1
-- name: cs_delete
DELETE FROM cs WHERE id = ?1
-- name: cs_page_changed
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, imported, wanted, want, state,
	blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	acknowledged
FROM cs WHERE connector = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3
-- name: cs_page_all
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, substr(imported, 1, 1), NULL, want,
	state, blocked, export_all, deleted, mv, join_rule, seq, links, delete_after, NULL
FROM cs WHERE id > ?2 AND +connector = ?1 AND kind <> $CS_PLACEHOLDER ORDER BY id LIMIT ?3
-- name: cs_page_joined
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, imported, wanted, want, state,
	blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	acknowledged
FROM cs WHERE mv = ?1 ORDER BY connector, id
-- name: cs_page_sources
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, imported, NULL, want, state,
	blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	acknowledged
FROM cs WHERE mv = ?1 AND imported IS NOT NULL ORDER BY connector, id
-- name: cs_page_joined_to
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor,
	CASE connector WHEN ?2 THEN imported END, CASE connector WHEN ?2 THEN wanted END, want,
	state, blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	CASE connector WHEN ?2 THEN acknowledged END
FROM cs WHERE mv = ?1 ORDER BY connector, id
-- name: cs_page_state
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, imported, wanted, want, state,
	blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	acknowledged
FROM cs INDEXED BY cs_state
WHERE (state BETWEEN $EXPORT_STATE_PENDING AND $EXPORT_STATE_EXPORTED
		OR state = $EXPORT_STATE_FAILED) AND connector = ?1 AND state = ?2 AND id > ?3
ORDER BY id LIMIT ?4
-- name: cs_page_state_known
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, imported, wanted, want, state,
	blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	acknowledged
FROM cs INDEXED BY cs_state
WHERE (state BETWEEN $EXPORT_STATE_PENDING AND $EXPORT_STATE_EXPORTED
		OR state = $EXPORT_STATE_FAILED) AND connector = ?1 AND state = ?2 AND id > ?3
	AND imported IS NOT NULL ORDER BY id LIMIT ?4
-- name: cs_page_imported_ids
SELECT id FROM cs WHERE id > ?2 AND +connector = ?1 AND imported IS NOT NULL AND deleted = 0
ORDER BY id LIMIT ?3
-- name: cs_page_imported_class_ids
SELECT id FROM cs WHERE id > ?3 AND +connector = ?1 AND class = ?2 AND imported IS NOT NULL
	AND deleted = 0
ORDER BY id LIMIT ?4
-- name: cs_page_blocked_ids
SELECT id FROM cs WHERE blocked <> 0 AND connector = ?1 AND class = ?2 AND id > ?3
	AND (blocked & ?5) <> 0
ORDER BY id LIMIT ?4
-- name: cs_page_expired
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, imported, wanted, want, state,
	blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	acknowledged
FROM cs WHERE delete_after > 0 AND connector = ?1 AND delete_after <= ?2
ORDER BY delete_after LIMIT ?3
-- name: cs_search
SELECT id, connector, class, kind, dn, dn_key IS NULL, anchor, imported, wanted, want, state,
	blocked, export_all, deleted, mv, join_rule, seq, links, delete_after,
	acknowledged
FROM cs WHERE (?1 = 0 OR connector = ?1) AND kind <> $CS_PLACEHOLDER
	AND (instr(dn_key, ?2) > 0 OR instr(lower(anchor), ?2) > 0)
ORDER BY id LIMIT ?3
-- name: cs_count
SELECT sum(n), sum(n) FILTER (WHERE kind = $CS_PLACEHOLDER), sum(n) FILTER (WHERE joined = 1),
	sum(n) FILTER (WHERE joined = 0 AND kind <> $CS_PLACEHOLDER),
	sum(n) FILTER (WHERE (blocked & $WHOLE) <> 0),
	sum(n) FILTER (WHERE present = 1)
FROM cs_tally WHERE connector = ?1
-- name: cs_count_states
SELECT sum(n) FILTER (WHERE state IN ($EXPORT_DUE) AND want = $WANT_PRESENT AND anchored = 0),
	sum(n) FILTER (WHERE state IN ($EXPORT_DUE) AND want IN ($WANT_PRESENT, $WANT_ATTRIBUTES)
		AND anchored = 1),
	sum(n) FILTER (WHERE state IN ($EXPORT_DUE) AND want = $WANT_ABSENT),
	sum(n) FILTER (WHERE state = $EXPORT_STATE_EXPORTED),
	sum(n) FILTER (WHERE state = $EXPORT_STATE_FAILED)
FROM cs_tally WHERE connector = ?1
-- name: cs_count_classes
SELECT class, sum(n), sum(n) FILTER (WHERE joined = 1), sum(n) FILTER (WHERE (blocked & $WHOLE) <> 0),
	sum(n) FILTER (WHERE state IN ($EXPORT_DUE)),
	sum(n) FILTER (WHERE state = $EXPORT_STATE_EXPORTED)
FROM cs_tally WHERE connector = ?1 AND kind <> $CS_PLACEHOLDER
GROUP BY class HAVING sum(n) > 0 ORDER BY class
-- name: cs_count_deletes
SELECT class FROM cs INDEXED BY cs_state
WHERE (state BETWEEN $EXPORT_STATE_PENDING AND $EXPORT_STATE_EXPORTED
		OR state = $EXPORT_STATE_FAILED) AND state <> $EXPORT_STATE_EXPORTED
	AND connector = ?1 AND want = $WANT_ABSENT
-- name: cs_count_imported_class
SELECT sum(n) FROM cs_tally WHERE connector = ?1 AND class = ?2 AND present = 1
-- name: cs_count_want
SELECT sum(n) FROM cs_tally WHERE connector = ?1 AND want = ?2
-- name: cs_count_imported
SELECT sum(n) FROM cs_tally WHERE connector = ?1 AND present = 1

-- name: tally_cs
INSERT INTO cs_tally (connector, class, kind, want, state, blocked, joined, anchored, present, n)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT DO UPDATE SET n = n + excluded.n
-- name: tally_error
INSERT INTO cs_error_tally (connector, phase, n) VALUES (?1, ?2, ?3)
ON CONFLICT DO UPDATE SET n = n + excluded.n
-- name: tally_cs_clear
UPDATE cs_tally SET n = 0
-- name: tally_cs_count
INSERT INTO cs_tally (connector, class, kind, want, state, blocked, joined, anchored, present, n)
SELECT connector, class, kind, want, state, blocked, mv IS NOT NULL, anchor IS NOT NULL,
	imported IS NOT NULL AND deleted = 0, count(*)
FROM cs GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
ON CONFLICT DO UPDATE SET n = excluded.n
-- name: tally_error_clear
UPDATE cs_error_tally SET n = 0
-- name: tally_error_count
INSERT INTO cs_error_tally (connector, phase, n)
SELECT connector, phase, count(*) FROM cs_error GROUP BY 1, 2
ON CONFLICT DO UPDATE SET n = excluded.n

-- name: cs_key_add
INSERT OR IGNORE INTO cs_key (connector, hash, cs) VALUES (?1, ?2, ?3)
-- name: cs_key_delete
DELETE FROM cs_key WHERE connector = ?1 AND hash = ?2 AND cs = ?3
-- name: cs_key_find
SELECT cs FROM cs_key WHERE connector = ?1 AND hash = ?2 AND cs <> ?3 LIMIT ?4

-- name: link_list
SELECT cs, attribute, target, imported, wanted, state, seen, seq
FROM cs_link WHERE cs = ?1 AND attribute = ?2 ORDER BY target
-- name: link_list_all
SELECT cs, attribute, target, imported, wanted, state, seen, seq
FROM cs_link WHERE cs = ?1 ORDER BY attribute, target
-- name: link_list_target
SELECT cs, attribute, target, imported, wanted, state, seen, seq
FROM cs_link WHERE target = ?1 ORDER BY cs, attribute
-- name: link_count
SELECT count(*) FROM cs_link WHERE cs = ?1 AND attribute = ?2 AND imported = 1
-- name: link_targets_mv
SELECT t.mv FROM cs_link l CROSS JOIN cs t
WHERE l.cs = ?1 AND l.attribute = ?2 AND l.imported = 1 AND t.id = l.target AND t.mv IS NOT NULL
-- name: link_counts
SELECT attribute, count(*) FROM cs_link WHERE cs = ?1 AND imported = 1 GROUP BY attribute
-- name: link_get
SELECT cs, attribute, target, imported, wanted, state, seen, seq
FROM cs_link WHERE cs = ?1 AND attribute = ?2 AND target = ?3
-- name: link_put
INSERT INTO cs_link (cs, attribute, target, imported, wanted, state, seen, seq)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (cs, attribute, target) DO UPDATE SET imported = ?4, wanted = ?5, state = ?6,
	seen = ?7, seq = ?8
-- name: link_set_state
UPDATE cs_link SET state = ?4 WHERE cs = ?1 AND attribute = ?2 AND target = ?3
-- name: link_delete
DELETE FROM cs_link WHERE cs = ?1 AND attribute = ?2 AND target = ?3
-- name: link_page_changed
SELECT l.cs, l.attribute, l.target, l.imported, l.wanted, l.state, l.seen, l.seq
FROM cs_link l CROSS JOIN cs WHERE l.seq > ?2 AND cs.id = l.cs AND cs.connector = ?1
ORDER BY l.seq LIMIT ?3
-- name: link_touch
UPDATE cs_link SET seq = ?4 WHERE cs = ?1 AND attribute = ?2 AND target = ?3
-- name: link_is_target
SELECT 1 FROM cs_link WHERE target = ?1 LIMIT 1
-- name: link_page_unseen
SELECT l.cs, l.attribute, l.target, l.imported, l.wanted, l.state, l.seen, l.seq
FROM cs_link l CROSS JOIN cs
WHERE l.cs > ?3 AND l.imported = 1 AND l.seen <> ?2 AND cs.id = l.cs AND cs.connector = ?1
ORDER BY l.cs LIMIT ?4
-- name: link_purge
DELETE FROM cs_link INDEXED BY cs_link_gone WHERE seq <= ?2 AND imported = 0 AND wanted = 0
	AND state IN ($EXPORT_STATE_NONE, $EXPORT_STATE_CONFIRMED)
	AND cs IN (SELECT id FROM cs WHERE connector = ?1 AND id = cs_link.cs)
-- name: link_page_export
SELECT l.cs, l.attribute, l.target, l.imported, l.wanted, l.state, l.seen, l.seq,
	s.class, s.dn, s.anchor, t.class, t.anchor, s.blocked, t.dn
FROM cs_link l INDEXED BY cs_link_state CROSS JOIN cs s CROSS JOIN cs t
WHERE (l.state BETWEEN $EXPORT_STATE_PENDING AND $EXPORT_STATE_EXPORTED
		OR l.state = $EXPORT_STATE_FAILED) AND l.state = ?2 AND l.cs >= ?3
	AND (l.cs, l.attribute, l.target) > (?3, ?4, ?5)
	AND s.id = l.cs AND s.connector = ?1 AND (s.blocked & $WHOLE) = 0
	AND s.want = $WANT_PRESENT
	AND s.anchor IS NOT NULL AND t.id = l.target AND t.anchor IS NOT NULL
	AND NOT (t.want = $WANT_ABSENT AND t.state = $EXPORT_STATE_EXPORTED)
ORDER BY l.cs, l.attribute, l.target LIMIT ?6
-- name: link_page_sources
SELECT DISTINCT l.cs FROM cs_link l INDEXED BY cs_link_state CROSS JOIN cs s
WHERE (l.state BETWEEN $EXPORT_STATE_PENDING AND $EXPORT_STATE_EXPORTED
		OR l.state = $EXPORT_STATE_FAILED) AND l.state = ?2 AND l.cs > ?3 AND s.id = l.cs
	AND s.connector = ?1 AND (s.blocked & $WHOLE) = 0 AND s.want = $WANT_PRESENT
	AND s.state NOT IN ($EXPORT_DUE)
ORDER BY l.cs LIMIT ?4
-- name: link_count_removals
SELECT s.class, s.blocked, l.attribute, count(*), 0
FROM cs_link l INDEXED BY cs_link_state CROSS JOIN cs s
WHERE (l.state BETWEEN $EXPORT_STATE_PENDING AND $EXPORT_STATE_EXPORTED
		OR l.state = $EXPORT_STATE_FAILED) AND l.state <> $EXPORT_STATE_EXPORTED
	AND l.wanted = 0 AND l.imported = 1 AND s.id = l.cs
	AND s.connector = ?1 AND s.want = $WANT_PRESENT AND (s.blocked & $WHOLE) = 0
GROUP BY s.class, s.blocked, l.attribute
-- name: link_count_removals_of
SELECT s.class, s.blocked, l.attribute,
	count(*) FILTER (WHERE l.wanted = 0 AND l.state IN ($EXPORT_DUE)), count(*)
FROM cs_link l CROSS JOIN cs s WHERE l.cs = ?1 AND l.imported = 1 AND s.id = l.cs
GROUP BY l.attribute
-- name: link_count_imported
SELECT count(*) FROM cs_link l CROSS JOIN cs s
WHERE l.imported = 1 AND s.id = l.cs AND s.connector = ?1

-- name: mv_get
SELECT id, class, image, deleted, seq, created, times FROM mv WHERE id = ?1
-- name: mv_insert
INSERT INTO mv (class, image, deleted, seq, created, times) VALUES (?2, ?3, ?4, ?5, ?6, ?7)
-- name: mv_update
UPDATE mv SET class = ?2, image = ?3, deleted = ?4, seq = ?5, created = ?6, times = ?7 WHERE id = ?1
-- name: mv_touch
UPDATE mv SET seq = ?2 WHERE id = ?1
-- name: mv_delete
DELETE FROM mv WHERE id = ?1
-- name: mv_page_changed
SELECT id, class, image, deleted, seq, created, times FROM mv WHERE seq > ?1 ORDER BY seq LIMIT ?2
-- name: mv_page_all
SELECT id, class, image, deleted, seq, created, times FROM mv WHERE id > ?1 ORDER BY id LIMIT ?2
-- name: mv_key_clear
DELETE FROM mv_key WHERE mv = ?1
-- name: mv_key_add
INSERT OR IGNORE INTO mv_key (attribute, hash, mv) VALUES (?1, ?2, ?3)
-- name: mv_key_find
SELECT mv FROM mv_key WHERE attribute = ?1 AND hash = ?2

-- name: mv_link_list
SELECT mv, attribute, target, present, seq FROM mv_link WHERE mv = ?1 AND attribute = ?2
ORDER BY target
-- name: mv_link_list_all
SELECT mv, attribute, target, present, seq FROM mv_link WHERE mv = ?1 ORDER BY attribute, target
-- name: mv_link_list_target
SELECT mv, attribute, target, present, seq FROM mv_link WHERE target = ?1
-- name: mv_link_count
SELECT count(*) FROM mv_link WHERE mv = ?1 AND attribute = ?2 AND present = 1
-- name: mv_link_get
SELECT mv, attribute, target, present, seq FROM mv_link
WHERE mv = ?1 AND attribute = ?2 AND target = ?3
-- name: mv_link_put
INSERT INTO mv_link (mv, attribute, target, present, seq) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (mv, attribute, target) DO UPDATE SET present = ?4, seq = ?5
-- name: mv_link_page_changed
SELECT mv, attribute, target, present, seq FROM mv_link WHERE seq > ?1 ORDER BY seq LIMIT ?2
-- name: mv_link_purge
DELETE FROM mv_link INDEXED BY mv_link_gone WHERE seq <= ?1 AND present = 0
