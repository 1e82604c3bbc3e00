# Turns schema/store.sql, schema/upgrade/*.sql and schema/queries.sql into C.
#   awk -v mode=header  HEADERS queries.sql    enum query { Q_CS_GET, ... };
#   awk -v mode=source  HEADERS queries.sql    the statements' names and texts
#   awk -v mode=schema -v name=store_schema store.sql   the file as one string of that name
# A statement begins with "-- name: NAME" and ends where the next begins; other comments go.
#
# $NAME in a statement becomes the number of the enumerator NAME. The numbers come from the X-macros
# of HEADERS (*.h, before the SQL), which have this form:
#   #define COLOURS(X) \
#           X(RED, "red") \
#           X(BLUE, "blue")
#   enum colour {
#   #define X(name, word) COLOUR_##name,
# A number of its own stands behind the name: X(RED, 4, "red"). '$NAME', in quotes, becomes the
# enumerator's word, as a text of SQL: 'red'.
# "-- define: NAME text" gives a name to a list of them. An unknown name ends the build.
function quote(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\\n\"" }
function fail(text) { printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"; failed = 1; exit 1 }
function numbers(s,    out, word, quoted) {
	out = ""
	while (match(s, /\$[A-Za-z_][A-Za-z0-9_]*/)) {
		word = substr(s, RSTART + 1, RLENGTH - 1)
		if (!(word in number)) fail("no enumerator has the name " word)
		quoted = RSTART > 1 && substr(s, RSTART - 1, 1) == "'"
		if (quoted && !(word in words)) fail("the enumerator has no word: " word)
		out = out substr(s, 1, RSTART - 1) (quoted ? words[word] : number[word])
		s = substr(s, RSTART + RLENGTH)
	}
	return out s
}
FILENAME ~ /\.h$/ {
	if ($0 ~ /^#define [A-Z_]+\(X\)/) { rows = 0; inside = 1 }
	if ($0 ~ /^[ \t]*#define X\(.*##/) {
		prefix = $0
		sub(/##.*$/, "", prefix); sub(/^.*[ \t\[]/, "", prefix)
		for (i = 0; i < rows; i++) {
			number[prefix row[i]] = own[i] == "" ? i : own[i]
			if (said[i] != "") words[prefix row[i]] = said[i]
		}
		rows = 0
	}
	if (inside && match($0, /^[ \t]*X\([A-Z0-9_]+/)) {
		word = substr($0, RSTART, RLENGTH)
		sub(/^[ \t]*X\(/, "", word)
		own[rows] = match($0, /^[ \t]*X\([A-Z0-9_]+, [0-9]+,/) ? substr($0, RSTART, RLENGTH) : ""
		gsub(/^.*\([A-Z0-9_]+, |,$/, "", own[rows])
		said[rows] = match($0, /^[ \t]*X\([A-Z0-9_]+, ([0-9]+, )?"[^"]*"/) ? substr($0, RSTART, RLENGTH) : ""
		gsub(/^[^"]*"|"$/, "", said[rows])
		row[rows++] = word
	}
	if ($0 !~ /\\$/) inside = 0
	next
}
/^-- define: / {
	word = $3
	if (word in number) fail("there is a $" word " already")
	sub(/^-- define: [^ ]+ /, "")
	number[word] = numbers($0)
	next
}
/^-- name: / {
	name = $3
	if (name !~ /^[a-z][a-z0-9_]*$/ || name in seen) {
		fail("bad or duplicate statement name '" name "'")
	}
	seen[name] = 1; names[++n] = name; text[n] = ""
	next
}
{
	sub(/[ \t]*--.*$/, "")
	if ($0 ~ /^[ \t]*$/) next
	if (mode == "schema") { schema = schema "\n\t" quote($0); next }
	if (!n) fail("text before the first name")
	text[n] = text[n] "\n\t " quote(numbers($0))
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
