-- Names an enumerator that there is not: the generator refuses it.

-- name: good
SELECT 1 FROM cs WHERE kind <> $CS_PLACEHOLDER AND state = $EXPORT_STATE_FAILED
	AND kind = $CS_NOBODY
