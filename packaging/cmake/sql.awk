# Turns schema/store.sql, schema/upgrade/*.sql and schema/queries.sql into C.
#   awk -v mode=header  queries.sql            enum query { Q_CS_GET, ... };
#   awk -v mode=source  queries.sql            the statements' names and texts
#   awk -v mode=schema -v name=store_schema store.sql   the file as one string of that name
# A statement begins with "-- name: NAME" and ends where the next begins; other comments go.
function quote(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\\n\"" }
/^-- name: / {
	name = $3
	if (name !~ /^[a-z][a-z0-9_]*$/ || name in seen) {
		printf "%s:%d: bad or duplicate statement name '%s'\n", FILENAME, FNR, name > "/dev/stderr"
		exit failed = 1
	}
	seen[name] = 1; names[++n] = name; text[n] = ""
	next
}
{
	sub(/[ \t]*--.*$/, "")
	if ($0 ~ /^[ \t]*$/) next
	if (mode == "schema") { schema = schema "\n\t" quote($0); next }
	if (!n) { printf "%s:%d: text before the first name\n", FILENAME, FNR > "/dev/stderr"; exit failed = 1 }
	text[n] = text[n] "\n\t " quote($0)
}
END {
	if (failed) exit 1
	if (mode == "header") {
		print "/* generated from schema/queries.sql */\n#pragma once\nenum query {"
		for (i = 1; i <= n; i++) print "\tQ_" toupper(names[i]) ","
		print "\tQ_COUNT\n};"
	} else if (mode == "source") {
		print "/* generated from schema/queries.sql */"
		print "const char *const query_names[] = {"
		for (i = 1; i <= n; i++) print "\t\"" names[i] "\","
		print "};\nconst char *const query_texts[] = {"
		for (i = 1; i <= n; i++) print "\t" text[i] ","
		print "};"
	} else {
		print "/* generated from schema/ */\nstatic const char " name "[] = \"\"" schema ";"
	}
}
